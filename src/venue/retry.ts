/**
 * Trying again with exponential backoff and full jitter. Only for what may safely be asked twice (readings): an order
 * whose outcome is unknown is looked up, never sent again.
 */
export interface RetryOptions {
  /** Tries in all, the first included. */
  readonly triesMax: number;
  /** Longest pause before the second try; it doubles with each. */
  readonly baseMs: number;
  readonly capMs: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Between nothing and `baseMs × 2^failures`, at most `capMs`. */
export function backoffMs(
  failures: number,
  options: Pick<RetryOptions, 'baseMs' | 'capMs' | 'random'>,
): number {
  const ceilingMs = Math.min(options.capMs, options.baseMs * 2 ** Math.min(failures, 30));
  return Math.floor(options.random() * ceilingMs);
}

/** The first result that is good enough, or the last one. */
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
