/** What a test file has changed through vitest is put back behind it: the next one may be in the same process. */
import { afterAll, vi } from 'vitest';

export function putBack(): void {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
}

// Behind the file's own hooks, which may still need it.
afterAll(putBack);
