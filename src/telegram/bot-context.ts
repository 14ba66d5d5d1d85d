/** What every command and every tap can use. */
import type { Bot, Context } from 'grammy';
import type { Desk } from '../desk/schema.js';
import { messageOf } from '../domain/message-of.js';
import { hasRole, type RolesNeeded } from '../domain/roles.js';
import type { RowMaker } from '../home/row-makers.js';
import type { OperationResult } from '../operations/operation.js';
import type { Operations } from '../operations/operations.js';
import type { OnForged } from '../store/access-rows.js';
import { type AuditEntry, appendAudit } from '../store/audit.js';
import type { Pool } from '../store/pool.js';
import type { KnownPeople, KnownPerson } from './people.js';
import type { SendLane } from './sending/send-lane.js';

export interface BotContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly operations: Operations;
  readonly people: KnownPeople;
  /** Makes and checks the rows that link people. */
  readonly maker: RowMaker;
  readonly onForged: OnForged;
  readonly lane: SendLane;
  /** Commands that ask for results or charts, one after the other. */
  readonly results: Turns;
  /** The desk's own chat. */
  readonly chatId: string | null;
  readonly log: BotLog;
  readonly nowMs: () => number;
  /** The address at which a person can read a run; null if no Temporal UI is behind our sign-in. */
  readonly runAddress: (workflowId: string) => string | null;
}

export function runOf({ runAddress }: BotContext, { workflowId }: OperationResult): string | null {
  return workflowId === null ? null : runAddress(workflowId);
}

export type TelegramBot = Bot<Context>;

/** Null if the person has one of the roles; otherwise the text to answer. */
export function missingRole(person: KnownPerson, needed: RolesNeeded): string | null {
  if (hasRole(person, needed)) return null;
  return `${person.name} may not do this: it takes the role ${needed.join(' or ')} on this desk.`;
}

/** Where the bot logs. No text ever contains the token. */
export type BotLog = (level: 'info' | 'warn' | 'error', text: string) => void;

/** Runs heavy work one piece at a time, so that it never takes much of what others need. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve();
  #inLine = 0;

  /** `most`: how many may wait, including the one that runs. */
  constructor(private readonly most: number) {}

  /** Null: too many wait, and this will not be done. */
  take(work: () => Promise<void>): Promise<void> | null {
    if (this.#inLine >= this.most) return null;
    this.#inLine += 1;
    const done = this.#tail.then(work).finally(() => {
      this.#inLine -= 1;
    });
    this.#tail = done.catch(() => undefined);
    return done;
  }
}

/** Never rejects: a request does not wait for its record. */
export async function recordChatAudit(
  { pool, desk, log }: Pick<BotContext, 'pool' | 'desk' | 'log'>,
  entry: Omit<AuditEntry, 'desk' | 'via'>,
): Promise<void> {
  await appendAudit(pool, { desk: desk.desk, via: 'telegram', ...entry }).catch((error: unknown) => {
    log('warn', `an audit entry was not written: ${messageOf(error)}`);
  });
}
