/**
 * Polls Telegram for what people wrote. Stops are carried out before their update is confirmed and before
 * anything else in the same batch; the rest is started in order and not awaited, so that nothing ever delays
 * a stop.
 */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, GrammyError } from 'grammy';
import type { Update } from 'grammy/types';
import { type FileLock, lockFileOf, tryLockFile, waitForLock } from '../../home/file-lock.js';
import { homePaths } from '../../home/runtime.js';
import type { BotLog } from '../bot-context.js';
import { grammySignal, networkCode } from '../sending/send-outcome.js';

interface PollContext {
  readonly api: Api;
  /** Before the first poll; retried until it succeeds. */
  readonly prepare: (stopping: AbortSignal) => Promise<void>;
  readonly log: BotLog;
  /** Resolves when the update has been handled; never rejects. */
  readonly handle: (update: Update) => Promise<void>;
  readonly isStop: (update: Update) => boolean;
  /** From somebody who is linked to a person of the desk. */
  readonly isLinked: (update: Update) => boolean;
  /** The approval that this is a vote on; null for anything else. */
  readonly voteOn: (update: Update) => string | null;
  /** Where reading continues after a start; 0 if not known. */
  readonly loadOffset: () => Promise<number>;
  /** Called after each response from Telegram. */
  readonly polled: (offset: number) => Promise<void>;
  readonly problem: (text: string) => Promise<void>;
  /** Who else reads the updates of this bot, in words; null: nobody does. */
  readonly readElsewhere: (why: string | null) => void;
  readonly pollSeconds: number;
  /** Pause after a failure, in milliseconds. */
  readonly retryMs: number;
}

const UPDATES_AT_ONCE = 100;
/** How long Telegram may exceed the poll's own time. */
const POLL_GRACE_MS = 10_000;
/** A stop that takes longer goes on, and so does reading. */
const STOP_WAIT_MS = 10_000;
/** So many updates of strangers are dealt with at once; what they write beyond that is left out. */
const STRANGERS_AT_ONCE = 64;
/** So many of one person: whoever writes much waits for himself, and nobody else does. */
const OF_PERSON_AT_ONCE = 16;
/** A person must replace a rejected token (401): the pause is longer by this factor. */
const HARD_RETRY_FACTOR = 5;

export async function pollForEver(context: PollContext, stopping: AbortSignal): Promise<void> {
  let offset = await context.loadOffset().catch(() => 0);
  const lines = new Lines();
  let failing: string | null = null;
  let prepared = false;
  while (!stopping.aborted) {
    try {
      if (!prepared) await context.prepare(stopping);
      prepared = true;
      const updates = await getUpdates(context, offset, stopping);
      if (failing !== null) context.log('info', 'Telegram answers again');
      failing = null;
      context.readElsewhere(null);
      await dealWith(context, updates, lines);
      // Even if this is lower: after a quiet week, or with another bot, Telegram's count starts anywhere.
      const last = updates.at(-1);
      if (last !== undefined) offset = last.update_id + 1;
      void context.polled(offset).catch(() => undefined);
    } catch (error) {
      if (stopping.aborted) break;
      const { text, pauseMs, isElsewhere = false } = problemOf(error, context.retryMs);
      if (isElsewhere) context.readElsewhere(text);
      if (text !== failing) {
        context.log('error', text);
        void context.problem(text).catch(() => undefined);
      }
      failing = text;
      await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
  await lines.settled();
}

function getUpdates(
  { api, pollSeconds }: PollContext,
  offset: number,
  stopping: AbortSignal,
): Promise<Update[]> {
  const late = AbortSignal.timeout(pollSeconds * 1_000 + POLL_GRACE_MS);
  return api.getUpdates(
    {
      offset,
      limit: UPDATES_AT_ONCE,
      timeout: pollSeconds,
      allowed_updates: ['message', 'edited_message', 'callback_query'],
    },
    grammySignal(AbortSignal.any([late, stopping])),
  );
}

/** Telegram sends none of these again: whatever a linked person wrote is dealt with. */
async function dealWith(context: PollContext, updates: readonly Update[], lines: Lines): Promise<void> {
  const { handle, isStop, isLinked, voteOn, log } = context;
  const stops = updates.filter(isStop).map(handle);
  if (stops.length > 0) await Promise.race([Promise.all(stops), sleep(STOP_WAIT_MS)]);
  const strangers: Update[] = [];
  for (const update of updates) {
    if (isStop(update)) continue;
    const approval = voteOn(update);
    if (!isLinked(update)) strangers.push(update);
    // One after the other: which vote comes first decides.
    else if (approval !== null) lines.add(`approval:${approval}`, 1, () => handle(update));
    else lines.add(`person:${senderOf(update)}`, OF_PERSON_AT_ONCE, () => handle(update));
  }
  const places = Math.max(0, STRANGERS_AT_ONCE - lines.length('strangers'));
  for (const update of strangers.slice(0, places))
    lines.add('strangers', STRANGERS_AT_ONCE, () => handle(update));
  const leftOut = strangers.length - places;
  if (leftOut > 0) log('warn', `too much is asked at once: ${leftOut} updates of strangers were left out`);
}

export const senderOf = ({
  message,
  edited_message: edited,
  callback_query: tap,
}: Update): number | undefined => (message ?? edited ?? tap)?.from?.id;

interface Line {
  underWay: number;
  readonly waiting: (() => Promise<void>)[];
}

/** Each line does its work in order, so much of it at once; no line waits for another one. */
class Lines {
  readonly #lines = new Map<string, Line>();
  readonly #all = new Set<Promise<void>>();

  /** `work` never rejects. */
  add(name: string, atOnce: number, work: () => Promise<void>): void {
    const line = this.#lines.get(name) ?? { underWay: 0, waiting: [] };
    this.#lines.set(name, line);
    line.waiting.push(work);
    if (line.underWay >= atOnce) return;
    const done = this.#workOff(name, line).finally(() => this.#all.delete(done));
    this.#all.add(done);
  }

  /** What is under way there, and what waits. */
  length(name: string): number {
    const line = this.#lines.get(name);
    return line === undefined ? 0 : line.underWay + line.waiting.length;
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#all);
  }

  async #workOff(name: string, line: Line): Promise<void> {
    line.underWay += 1;
    for (let work = line.waiting.shift(); work !== undefined; work = line.waiting.shift()) await work();
    line.underWay -= 1;
    if (line.underWay === 0) this.#lines.delete(name);
  }
}

function problemOf(
  error: unknown,
  retryMs: number,
): { text: string; pauseMs: number; isElsewhere?: boolean } {
  if (!(error instanceof GrammyError))
    return { text: `Telegram was not reached (${networkCode(error)})`, pauseMs: retryMs };
  const { error_code: code, parameters } = error;
  if (code === 409)
    return {
      text:
        'another program reads the updates of this bot (409): commands and buttons may go there. ' +
        'Alerts are still sent. End the other program, or give this desk a bot of its own',
      pauseMs: retryMs,
      isElsewhere: true,
    };
  if (code === 401)
    return {
      text: 'Telegram does not accept the token (401): no alert is sent. Check TELEGRAM_BOT_TOKEN',
      pauseMs: retryMs * HARD_RETRY_FACTOR,
    };
  const after = parameters.retry_after;
  return {
    text: `Telegram answers with ${code}`,
    pauseMs: after === undefined ? retryMs : after * 1_000,
  };
}

/** Telegram gives each update to only one reader. */
const SHARED_BOT =
  'another desk of this installation reads the updates of this bot: commands and buttons go there. ' +
  'Alerts are still sent. Give this desk a bot of its own (notify.telegram.tokenEnv)';

/**
 * Resolves once no other desk here polls with this token, which is usually at once; null if `stopping` came
 * first. `say` receives the reason for waiting.
 */
export async function turnOfBot(
  home: string,
  token: string,
  say: (why: string) => void,
  stopping: AbortSignal,
): Promise<FileLock | null> {
  const { run } = homePaths(home).servers;
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const file = lockFileOf(run, 'bot', [token]);
  const lock = tryLockFile(file);
  if (lock !== null) return lock;
  say(SHARED_BOT);
  return waitForLock(file, stopping);
}
