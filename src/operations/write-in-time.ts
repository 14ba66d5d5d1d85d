/** What Postgres is told beside an operation: nobody who stops a desk waits for it. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Longer than this nobody waits; what was to be written may still be written after that. */
const WRITE_MS = 1_000;

/** What to say of Postgres then: it has not said that it wrote nothing. */
export const NO_ANSWER = `Postgres gave no answer within ${WRITE_MS} ms`;

/** Null where there is no answer in time. */
export function writeInTime<T>(writing: Promise<T>): Promise<T | null> {
  // An answer that came while this process stood still is read in the turn after its timers.
  const late = sleep(WRITE_MS)
    .then(() => nextTurn())
    .then(() => null);
  return Promise.race([writing, late]);
}
