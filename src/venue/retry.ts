/**
 * Retries with exponential backoff and full jitter. Only for what may safely be repeated (readings): an order whose
 * outcome is unknown is looked up, never sent again. No library: the pause and its randomness are given, so that a
 * simulated venue fails and recovers in simulated time.
 */
export interface RetryOptions {
  /** The number of tries, the first included. */
  readonly triesMax: number;
  /** The longest pause before the second try, in milliseconds; it doubles with each further try. */
  readonly baseMs: number;
  readonly capMs: number;
  /** A random number in [0, 1). */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A random pause in milliseconds, from 0 to `baseMs × 2^failures`, at most `capMs`. */
export function backoffMs(
  failures: number,
  options: Pick<RetryOptions, 'baseMs' | 'capMs' | 'random'>,
): number {
  const ceilingMs = Math.min(options.capMs, options.baseMs * 2 ** Math.min(failures, 30));
  return Math.floor(options.random() * ceilingMs);
}

/** Returns the first result that is good enough, or the last one. */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  again: (result: T) => boolean,
  options: RetryOptions,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await work(attempt);
    if (!again(result) || attempt + 1 >= options.triesMax) return result;
    await options.sleep(backoffMs(attempt, options));
  }
}
