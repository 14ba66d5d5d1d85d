/** What every command and every tap can use, what a command is, and how both answer. */

import type { Bot, Context } from 'grammy';
import type { Message } from 'grammy/types';
import type { NoticeButton } from '../contracts/notice.js';
import type { Desk } from '../desk/schema.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import { messageOf } from '../domain/message-of.js';
import { hasRole, type RolesNeeded } from '../domain/people-roles.js';
import type { OperationResult } from '../operations/operation.js';
import type { Operations } from '../operations/operations.js';
import type { OnForged, RowMaker } from '../store/access-rows.js';
import { type AuditEntry, appendAudit } from '../store/audit.js';
import type { Pool } from '../store/pool.js';
import type { KnownPeople, KnownPerson } from './known-people.js';
import type { Place, SendLane } from './sending/send-lane.js';
import type { SendOutcome } from './sending/send-outcome.js';

export interface BotContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly operations: Operations;
  readonly people: KnownPeople;
  /** Makes and checks the rows that link people. */
  readonly maker: RowMaker;
  readonly onForged: OnForged;
  readonly lane: SendLane;
  /** Runs the commands that ask for results or charts, one at a time. */
  readonly results: Turns;
  /** The desk's own chat. */
  readonly chatId: string | null;
  readonly log: BotLog;
  readonly nowMs: () => number;
  /** The address at which a person can read a run; null if no Temporal UI is behind our sign-in. */
  readonly runAddress: (workflowId: string) => string | null;
}

export function runOf(
  { runAddress }: Pick<BotContext, 'runAddress'>,
  { workflowId }: OperationResult,
): string | null {
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

/** Runs heavy tasks one at a time, so that enough is left for others. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve();
  #inLine = 0;

  /** `most`: how many may wait, including the running one. */
  constructor(private readonly most: number) {}

  /** Null: too many are waiting, so this is not done. */
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

/** Never rejects: a request doesn't depend on its audit entry. */
export async function recordChatAudit(
  { pool, desk, log }: Pick<BotContext, 'pool' | 'desk' | 'log'>,
  entry: Omit<AuditEntry, 'desk' | 'via'>,
): Promise<void> {
  await appendAudit(pool, { desk: desk.desk, via: 'telegram', ...entry }).catch((error: unknown) => {
    log('warn', `an audit entry was not written: ${messageOf(error)}`);
  });
}

export interface ChatCommand {
  readonly name: string;
  /** In Telegram's own menu of commands. */
  readonly description: string;
  /** Its line in the answer to /help. */
  readonly help: string;
  readonly run: (context: BotContext, person: KnownPerson, message: CommandMessage) => Promise<void>;
}

interface CommandMessage {
  readonly place: Place;
  readonly updateId: number;
  /** When Telegram received it, or its newest text, in wall milliseconds. */
  readonly sentMs: number;
  /** The text after the command. */
  readonly argument: string;
}

export function commandMessage(ctx: Context): CommandMessage | null {
  const { message = ctx.editedMessage, match, update } = ctx;
  if (!message) return null;
  return {
    place: placeOf(message),
    updateId: update.update_id,
    sentMs: (message.edit_date ?? message.date) * 1_000,
    argument: typeof match === 'string' ? match.trim() : '',
  };
}

/** A thread of replies in a group without topics is none of its own. */
export function placeOf({
  chat,
  is_topic_message: isInTopic,
  message_thread_id: topicId,
}: Pick<Message, 'chat' | 'is_topic_message' | 'message_thread_id'>): Place {
  return { chatId: chat.id, ...(isInTopic === true ? { topicId } : {}) };
}

/**
 * For a command that draws or reads much of the ledger: one at a time, whoever asks, so that votes and
 * resumptions get a connection to Postgres and alerts don't wait behind a row of pictures.
 */
export function inTurn(command: ChatCommand): ChatCommand {
  return {
    ...command,
    run: async (context, person, message) => {
      const turn = context.results.take(() => command.run(context, person, message));
      if (turn !== null) return turn;
      const text = `/${command.name} was not done: others of /profit, /daily, /trades and /chart wait before it. Ask again in a minute.`;
      await answer(context, message.place, text);
    },
  };
}

/** How long ago a command that had to wait was sent; null if it came at once. */
export function sentAgo(sentMs: number, nowMs: number): string | null {
  const minutes = Math.floor((nowMs - sentMs) / MINUTE_MS);
  if (minutes < 1) return null;
  return `sent ${minutes === 1 ? 'a minute' : `${minutes} minutes`} ago`;
}

const TRIES = 4;
const AGAIN_MS = 1_000;
/** Of a topic that was closed or deleted since. */
const TOPIC_GONE = /thread not found|TOPIC_/i;

type Answering = Pick<BotContext, 'lane' | 'log'>;

/**
 * Answers a person's request: sent at once, retried a few times, and not stored. True once Telegram has it.
 * An answer with an unknown outcome is not repeated: the effect itself is reported as a notice. `ending` is not cut where the
 * text is too long.
 */
export function answer(
  context: Answering,
  place: Place,
  text: string,
  buttons: readonly NoticeButton[] = [],
  ending = '',
): Promise<boolean> {
  return deliver(context, place, (to) => context.lane.send({ ...to, text, ending, buttons }));
}

/** As `answer`, with a PNG above the text. */
export function answerPicture(
  context: Answering,
  place: Place,
  picture: { readonly png: Buffer; readonly name: string; readonly caption: string },
): Promise<boolean> {
  return deliver(context, place, (to) => context.lane.sendPicture({ ...picture, ...to }));
}

async function deliver(
  { lane, log }: Answering,
  { chatId, topicId }: Place,
  send: (to: Place & { readonly chatId: string }) => Promise<SendOutcome>,
): Promise<boolean> {
  let to = { chatId: String(chatId), topicId };
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const outcome = await send(to);
    if (outcome.kind === 'sent') return true;
    if (outcome.kind === 'refused' && to.topicId !== undefined && TOPIC_GONE.test(outcome.reason)) {
      // Rather elsewhere in the group than nowhere.
      to = { ...to, topicId: undefined };
      continue;
    }
    if (outcome.kind !== 'later') {
      log('warn', `an answer was not delivered: ${outcome.reason}`);
      return false;
    }
    // Telegram may name minutes: an end of the bot does not wait for them.
    if (!(await lane.rest(Math.max(outcome.afterMs, AGAIN_MS)))) return false;
  }
  return false;
}

/** For a decision that counts, and takes effect once a second person has decided or a check is clean again. */
export function waitingText(what: string, { detail }: OperationResult): string {
  return `⏳ ${what}: not yet. ${detail}`;
}

/** `run`: the address at which a person can read it. */
export const runLines = (run: string | null): readonly string[] => (run === null ? [] : [`Its run: ${run}`]);

/** If false, it was refused and nothing was begun. */
const isUnderWay = ({ ok, workflowId }: OperationResult): boolean => ok || workflowId !== null;

/** Names the desk: of several with one bot, another one may have read the command than was meant. */
export function outcomeText(
  context: { readonly desk: Pick<Desk, 'desk'> } & Pick<BotContext, 'runAddress'>,
  what: string,
  outcome: OperationResult,
): string {
  const proven = outcome.ok && outcome.proven;
  return [
    proven ? `✅ ${what}: proven.` : `❌ ${what}: ${isUnderWay(outcome) ? 'NOT proven' : 'not done'}.`,
    `${context.desk.desk}: ${outcome.detail}`,
    ...outcome.problems.map((problem) => `! ${problem}`),
    ...(proven ? [] : ['Look at /status.']),
    ...runLines(runOf(context, outcome)),
  ].join('\n');
}
