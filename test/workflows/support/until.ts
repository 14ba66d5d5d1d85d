import { setTimeout as sleep } from 'node:timers/promises';

/** The first value that is not false, null or undefined; throws after `patienceMs`. */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  patienceMs = 120_000,
): Promise<NonNullable<T>> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found) return found as NonNullable<T>;
    if (performance.now() > untilMs) throw new Error(`waited ${patienceMs} ms for: ${what}`);
    await sleep(20);
  }
}
