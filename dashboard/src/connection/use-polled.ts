import { useEffect, useState } from 'preact/hooks';
import { asProblem, NO_ANSWER_YET, type Problem } from './problem.js';

export interface Polled<T> {
  readonly value: T | null;
  /** The key that `value` was loaded for; differs from the current key until that request is answered. */
  readonly of: string | number | null;
  /** Why the newest request failed; then the value is an older one. */
  readonly problem: Problem | null;
}

/** After a failure the next request comes sooner than the regular interval. */
const RETRY_MS = 4_000;
/** A request is given up much later: a busy machine may still answer it. */
const SLOW_MS = 10_000;

/** Calls `isSlow` once if there is no answer after a while, and waits on. */
export async function unlessSlow<T>(asked: Promise<T>, isSlow: () => void): Promise<T> {
  const timer = setTimeout(isSlow, SLOW_MS);
  try {
    return await asked;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Loads now, every `intervalMs` milliseconds while the page is visible (with `unseen` always), and whenever `key`
 * changes.
 */
export function usePolled<T>(
  load: () => Promise<T>,
  intervalMs: number,
  key: string | number,
  { unseen = false }: { readonly unseen?: boolean } = {},
): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({ value: null, of: null, problem: null });
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      let waitMs = intervalMs;
      const isSlow = (): void => {
        if (!over) setPolled((before) => ({ ...before, problem: NO_ANSWER_YET }));
      };
      try {
        const value = await unlessSlow(load(), isSlow);
        if (!over) setPolled({ value, of: key, problem: null });
      } catch (error) {
        waitMs = Math.min(intervalMs, RETRY_MS);
        if (!over) setPolled((before) => ({ ...before, problem: asProblem(error) }));
      }
      if (!over) later(waitMs);
    };
    const later = (waitMs: number): void => {
      timer = setTimeout(
        () => (unseen || document.visibilityState === 'visible' ? void look() : later(waitMs)),
        waitMs,
      );
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [key, intervalMs]);
  return polled;
}
