/** What every command and every tap has at hand. */
import type { Bot, Context } from 'grammy';
import type { Desk } from '../desk/schema.js';
import type { Operations } from '../operations/open-operations.js';
import type { Pool } from '../store/pool.js';
import type { BotLog } from './bot-log.js';
import type { KnownPeople, KnownPerson, PersonRole } from './people.js';
import type { SendLane } from './sending/send-lane.js';

export interface BotContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly operations: Operations;
  readonly people: KnownPeople;
  readonly lane: SendLane;
  /** The desk's own chat. */
  readonly chatId: string | null;
  readonly log: BotLog;
  readonly nowMs: () => number;
}

export type TelegramBot = Bot<Context>;

/** Null where the person may; else what to answer. */
export function missingRole(person: KnownPerson, role: PersonRole): string | null {
  return person.roles.includes(role) ? null : `${person.name} does not have the role ${role} on this desk.`;
}
