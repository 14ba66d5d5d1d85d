/** Writes to Postgres that accompany an operation: nobody who stops a desk waits for them. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Nobody waits longer than this; the write may still complete afterwards. */
const WRITE_MS = 1_000;

/** The message after that time. Postgres may have written all the same. */
export const NO_ANSWER = `Postgres gave no answer within ${WRITE_MS} ms`;

/** Null if there is no answer in time. */
export function writeInTime<T>(writing: Promise<T>): Promise<T | null> {
  // If this process was suspended, an answer that arrived meanwhile is read only in the turn after its timers.
  const late = sleep(WRITE_MS)
    .then(() => nextTurn())
    .then(() => null);
  return Promise.race([writing, late]);
}
