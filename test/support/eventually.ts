import { setTimeout as sleep } from 'node:timers/promises';
import { pauseMs } from './pause.js';

const PATIENCE_MS = 90_000;

/** Asks again until it neither throws nor rejects, for as long as a busy machine may need. */
export async function eventually<T>(ask: () => T | Promise<T>): Promise<T> {
  const beganMs = performance.now();
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const waitedMs = performance.now() - beganMs;
      if (waitedMs > PATIENCE_MS) throw error;
      await sleep(pauseMs(waitedMs));
    }
  }
}
