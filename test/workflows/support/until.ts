import { setTimeout as sleep } from 'node:timers/promises';
import { pauseMs } from '../../support/pause.js';

/** The first value that is not false, null or undefined; throws after `patienceMs`. */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  patienceMs = 120_000,
): Promise<NonNullable<T>> {
  const beganMs = performance.now();
  for (;;) {
    const found = await look();
    if (found) return found as NonNullable<T>;
    const waitedMs = performance.now() - beganMs;
    if (waitedMs > patienceMs) throw new Error(`waited ${patienceMs} ms for: ${what}`);
    await sleep(pauseMs(waitedMs));
  }
}
