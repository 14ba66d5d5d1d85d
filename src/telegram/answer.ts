/** Answers to what a person asked: sent at once, retried a few times, and not stored. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NoticeButton } from '../contracts/notice.js';
import type { OperationResult } from '../operations/operation.js';
import type { BotContext } from './bot-context.js';
import type { SendOutcome } from './sending/send-outcome.js';

const TRIES = 4;
const AGAIN_MS = 1_000;
const TEXT_LENGTH_MAX = 4_000;
/** Telegram's limit for the caption of a picture, in characters. */
const CAPTION_LENGTH_MAX = 1_024;

type Answering = Pick<BotContext, 'lane' | 'log'>;

/**
 * True once Telegram has it. An answer whose fate is unknown is not repeated: the effect itself is reported as a
 * notice.
 */
export function answer(
  context: Answering,
  chatId: number | string,
  text: string,
  buttons: readonly NoticeButton[] = [],
): Promise<boolean> {
  const message = { chatId: String(chatId), text: text.slice(0, TEXT_LENGTH_MAX), buttons };
  return deliver(context, () => context.lane.send(message));
}

/** As `answer`, with a PNG above the text. */
export function answerPicture(
  context: Answering,
  chatId: number | string,
  picture: { readonly png: Buffer; readonly name: string; readonly caption: string },
): Promise<boolean> {
  const caption = picture.caption.slice(0, CAPTION_LENGTH_MAX);
  return deliver(context, () => context.lane.sendPicture({ ...picture, caption, chatId: String(chatId) }));
}

async function deliver({ log }: Answering, send: () => Promise<SendOutcome>): Promise<boolean> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const outcome = await send();
    if (outcome.kind === 'sent') return true;
    if (outcome.kind !== 'later') {
      log('warn', `an answer was not delivered: ${outcome.reason}`);
      return false;
    }
    await sleep(Math.max(outcome.afterMs, AGAIN_MS));
  }
  return false;
}

/**
 * A resumption that was accepted and continues by itself once a second person has decided or a check is clean again.
 */
export function waitingText(what: string, { detail }: OperationResult): string {
  return `⏳ ${what}: not yet. It ${detail}.`;
}

/** `run`: the address at which a person can read it. */
export const runLines = (run: string | null): readonly string[] => (run === null ? [] : [`Its run: ${run}`]);

export function outcomeText(what: string, outcome: OperationResult, run: string | null): string {
  const proven = outcome.ok && outcome.proven;
  return [
    proven ? `✅ ${what}: proven.` : `❌ ${what}: NOT proven.`,
    outcome.detail,
    ...outcome.problems.map((problem) => `! ${problem}`),
    ...(proven ? [] : ['Look at /status.']),
    ...runLines(run),
  ].join('\n');
}
