/** Retries work that needs a process which may just be restarting. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Whether this error means that the process is away. */
  readonly isAway: (error: unknown) => boolean;
  /** Time limit from now on, in milliseconds; 0: try once. */
  readonly withinMs: number;
  readonly everyMs: number;
  /** If aborted, rejects with an AbortError. */
  readonly signal?: AbortSignal;
}

/** Tries until the process is back; otherwise rejects with the last error. */
export async function untilBack<T>(
  work: () => Promise<T>,
  { isAway, withinMs, everyMs, signal }: Patience,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error) || performance.now() > deadline) throw error;
    }
    await sleep(everyMs, undefined, { signal });
  }
}
