/** Replays the journal, which brings the engine to where the journal ends. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { EngineRecord } from '../engine/record.js';
import type { Journal } from './journal/journal.js';
import { readJournal } from './journal/read-journal.js';

/** Records between two turns of the event loop: the control socket answers even during a long replay. */
const RECORDS_PER_TURN = 2000;

/**
 * Returns the number of records. Throws `JournalCorrupt`, or the engine's error for a record that contradicts the
 * state.
 */
export async function replayJournal(
  journal: Journal,
  apply: (record: EngineRecord, wallMs: number) => void,
): Promise<number> {
  let count = 0;
  for (const { record, wallMs } of readJournal(journal.directory)) {
    apply(record, wallMs);
    count += 1;
    if (count % RECORDS_PER_TURN === 0) await yieldToEventLoop();
  }
  if (count !== journal.lastSequence) {
    throw new Error(`the journal has ${count} records, its end says ${journal.lastSequence}`);
  }
  return count;
}
