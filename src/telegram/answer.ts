/** Answers to what a person asked: sent at once, tried a few times, and not kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NoticeButton } from '../contracts/notice.js';
import type { BotContext } from './bot-context.js';

const TRIES = 4;
const AGAIN_MS = 1_000;
const TEXT_LENGTH_MAX = 4_000;

/** True once Telegram has it. An answer of unknown fate is not repeated: the effect itself is told as a notice. */
export async function answer(
  { lane, log }: Pick<BotContext, 'lane' | 'log'>,
  chatId: number | string,
  text: string,
  buttons: readonly NoticeButton[] = [],
): Promise<boolean> {
  const message = { chatId: String(chatId), text: text.slice(0, TEXT_LENGTH_MAX), buttons };
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const outcome = await lane.send(message);
    if (outcome.kind === 'sent') return true;
    if (outcome.kind !== 'later') {
      log('warn', `an answer was not delivered: ${outcome.reason}`);
      return false;
    }
    await sleep(Math.max(outcome.afterMs, AGAIN_MS));
  }
  return false;
}
