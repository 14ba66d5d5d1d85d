/** Growing pauses between the tries of what keeps failing. Pure: who waits, and by which clock, is the caller's. */
export interface Backoff {
  /** The pause after the first failure, in milliseconds; it doubles with each further one. */
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Past this many doublings a pause of a millisecond is twelve days. */
const DOUBLINGS_MAX = 30;

/** The pause after this many failures in a row; none without a failure. */
export function backoffMs(failures: number, { firstMs, mostMs }: Backoff): number {
  return failures <= 0 ? 0 : Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, DOUBLINGS_MAX));
}

/**
 * Any part of that pause ("full jitter"), for a server that many ask again at once. `random`: a random number in [0, 1).
 */
export function jitteredMs(failures: number, backoff: Backoff, random: () => number): number {
  return Math.floor(random() * backoffMs(failures, backoff));
}
