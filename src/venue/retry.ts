/**
 * Retries with growing pauses and full jitter. Only for what may safely be repeated (readings): an order whose
 * outcome is unknown is looked up, never sent again. No library: the pause and its randomness are given, so that a
 * simulated venue fails and recovers in simulated time.
 */
import { type Backoff, jitteredMs } from '../domain/backoff.js';

export interface RetryOptions extends Backoff {
  /** The number of tries, the first included. */
  readonly triesMax: number;
  /** A random number in [0, 1). */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Returns the first result that is good enough, or the last one. */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  again: (result: T) => boolean,
  options: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await work(attempt - 1);
    if (!again(result) || attempt >= options.triesMax) return result;
    await options.sleep(jitteredMs(attempt, options, options.random));
  }
}
