/** Asks again and again for what nobody announces. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface PollTimes {
  /** Time limit from now on, in milliseconds; 0: ask once. */
  readonly withinMs: number;
  readonly everyMs: number;
}

/** The first answer that `isEnough`, or the last one before the time is over: the caller judges it. */
export async function pollUntil<T>(
  ask: () => T | Promise<T>,
  isEnough: (answer: T) => boolean,
  { withinMs, everyMs }: PollTimes,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isEnough(answer) || performance.now() >= deadline) return answer;
    await sleep(everyMs);
  }
}
