import { BadFrame, FutureFrame } from './format.js';
import { JournalCorrupt, JournalTooNew } from './journal-error.js';

/** Turns what a reader of frames threw into an error about the journal. */
export function frameFault(error: unknown, segment: string, offset: number): unknown {
  if (error instanceof FutureFrame) return new JournalTooNew(segment, `byte ${offset}: ${error.message}`);
  return error instanceof BadFrame ? new JournalCorrupt(segment, offset, error.message) : error;
}
