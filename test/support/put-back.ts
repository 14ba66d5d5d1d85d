/** What a test file has changed through vitest is put back behind it: the next one may be in the same process. */
import { afterAll, vi } from 'vitest';

// Behind the file's own hooks, which may still need it.
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});
