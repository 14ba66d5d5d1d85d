import { useEffect, useState } from 'preact/hooks';
import { asProblem, type Problem } from './problem.js';

export interface Polled<T> {
  readonly value: T | null;
  /** Why the newest look failed; the value is then an older one. */
  readonly problem: Problem | null;
}

/** Loads now, every `intervalMs` while the page is seen, and whenever `key` changes. */
export function usePolled<T>(load: () => Promise<T>, intervalMs: number, key: string | number): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({ value: null, problem: null });
  useEffect(() => {
    let over = false;
    const look = async (): Promise<void> => {
      try {
        const value = await load();
        if (!over) setPolled({ value, problem: null });
      } catch (error) {
        if (!over) setPolled((before) => ({ value: before.value, problem: asProblem(error) }));
      }
    };
    void look();
    const timer = setInterval(() => document.visibilityState === 'visible' && void look(), intervalMs);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [key, intervalMs]);
  return polled;
}
