/** How a test waits for a condition, for as long as a busy machine may need. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pauseMs } from './pause.js';

const PATIENCE_MS = 90_000;

/** Asks again until it neither throws nor rejects. */
export async function eventually<T>(ask: () => T | Promise<T>): Promise<T> {
  const beganMs = performance.now();
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const waitedMs = performance.now() - beganMs;
      if (waitedMs > PATIENCE_MS) throw error;
      await sleep(pauseMs(waitedMs));
    }
  }
}

/** The first answer that is not false, null or undefined. Fails after `patienceMs` with the last answer or error. */
export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  patienceMs = 120_000,
): Promise<Exclude<NonNullable<T>, false>> {
  const beganMs = performance.now();
  for (;;) {
    const askedMs = performance.now();
    let last: unknown;
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false)
        return answer as Exclude<NonNullable<T>, false>;
      last = answer;
    } catch (error) {
      last = error;
    }
    const nowMs = performance.now();
    if (nowMs - beganMs > patienceMs)
      throw new Error(`waited ${patienceMs} ms for: ${what}; last: ${String(last)}`);
    // What asks by a whole command takes a core as long as it asks.
    await sleep(Math.max(pauseMs(nowMs - beganMs), nowMs - askedMs));
  }
}

/** What it comes to. Where it waits for ever, the test fails with what it waited for, and not by its own time limit. */
export async function soon<T>(what: string, coming: Promise<T>, patienceMs = 100_000): Promise<T> {
  const isOver = new AbortController();
  const waited = sleep(patienceMs, undefined, { signal: isOver.signal }).then(() => {
    throw new Error(`waited ${patienceMs} ms for: ${what}`);
  });
  try {
    return await Promise.race([coming, waited]);
  } finally {
    isOver.abort();
    waited.catch(() => undefined);
  }
}

/** Beyond what a busy machine takes. */
const HOLDS_WITHIN_MS = 200_000;
/** For a condition that holds for a moment only, or whose moment is measured. */
export const EXACTLY = { everyMs: 1 };

/** To read a whole view costs as much as what the desk does meanwhile: not more often than need be. */
export async function untilHolds(
  holds: () => boolean,
  { everyMs = 20, withinMs = HOLDS_WITHIN_MS, instead = (): string => '' } = {},
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline)
      throw new Error(`did not hold within ${withinMs} ms ${instead()}`.trim());
    await sleep(everyMs);
  }
}
