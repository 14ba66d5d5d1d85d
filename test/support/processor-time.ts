/**
 * What each test file takes of the processor, in its own process and in those that it began and that have ended, into the
 * file that `npm test` names; what the whole run shares (Postgres, Temporal) is nobody's. Nothing where the system doesn't tell.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { afterAll, expect } from 'vitest';

/** Of `/proc/self/stat`, behind the name: user and system, of the process and of its children that were waited for. */
const [FIRST, BEHIND_LAST] = [11, 15];
const TICKS_A_SECOND = 100;

function seconds(): number | null {
  try {
    const fields = (readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1) ?? '').split(' ');
    return fields.slice(FIRST, BEHIND_LAST).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_A_SECOND;
  } catch {
    return null;
  }
}

const kept = process.env.PROCESSOR_TIMES;
const began = kept === undefined ? null : seconds();
/** The first file of a process has also begun it and loaded what it shares. */
const FOUND = Symbol.for('fermata: a test file was in this process');
const before = began === null || FOUND in process ? began : 0;
Object.defineProperty(process, FOUND, { value: true, configurable: true });
// Behind every other hook of the file: those of the first to ask run last.
afterAll(() => {
  const ended = before === null ? null : seconds();
  if (kept === undefined || before === null || ended === null) return;
  appendFileSync(kept, `${JSON.stringify([ended - before, expect.getState().testPath])}\n`);
});
