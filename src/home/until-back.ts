/** Work that needs a process which may just be being started again. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Whether what was thrown says that it is away. */
  readonly isAway: (error: unknown) => boolean;
  /** From now on; 0: once. */
  readonly withinMs: number;
  readonly everyMs: number;
  /** Aborted: rejects with an AbortError. */
  readonly signal?: AbortSignal;
}

/** Tried until it is back; rejects with what was thrown last. */
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
