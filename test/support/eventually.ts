import { vi } from 'vitest';

/** Asks again until it neither throws nor rejects, for as long as a busy machine may need. */
export function eventually<T>(ask: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(ask, { timeout: 90_000, interval: 20 });
}
