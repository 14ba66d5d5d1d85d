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
      const slow = setTimeout(() => {
        if (!over) setPolled((before) => ({ ...before, problem: NO_ANSWER_YET }));
      }, SLOW_MS);
      try {
        const value = await load();
        if (!over) setPolled({ value, of: key, problem: null });
      } catch (error) {
        waitMs = Math.min(intervalMs, RETRY_MS);
        if (!over) setPolled((before) => ({ ...before, problem: asProblem(error) }));
      } finally {
        clearTimeout(slow);
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
