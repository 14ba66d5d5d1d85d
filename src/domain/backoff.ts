/** Growing pauses between retries. Pure: the caller does the waiting, by its own clock. */
export interface Backoff {
  /** The pause after the first failure, in milliseconds; it doubles with each further one. */
  readonly firstMs: number;
  readonly mostMs: number;
}

/** After this many doublings a 1 ms pause is twelve days. */
const DOUBLINGS_MAX = 30;

/** The pause after this many failures in a row; 0 without a failure. */
export function backoffMs(failures: number, { firstMs, mostMs }: Backoff): number {
  return failures <= 0 ? 0 : Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, DOUBLINGS_MAX));
}

/**
 * A random part of that pause ("full jitter"), for a server that many clients retry at once. `random`: in [0,
 * 1).
 */
export function jitteredMs(failures: number, backoff: Backoff, random: () => number): number {
  return Math.floor(random() * backoffMs(failures, backoff));
}
