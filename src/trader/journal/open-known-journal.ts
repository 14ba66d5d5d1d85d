/** Opens a desk's journal as the trader does: one that was set back to the past begins anew. */
import type { DeskPaths } from '../../home/runtime.js';
import type { Log } from '../log.js';
import { beginAnew, finishBeginningAnew } from './begin-anew.js';
import type { Journal } from './journal.js';
import { entriesMissing, keepJournalEnd } from './journal-ends.js';
import { openJournal } from './open-journal.js';

export type JournalPlace = Pick<DeskPaths, 'journal' | 'journalEnds'>;

/** Throws as `openJournal`. */
export async function openKnownJournal(
  { journal: directory, journalEnds }: JournalPlace,
  wallMs: number,
  log: Log,
): Promise<Journal> {
  finishBeginningAnew(directory);
  const { journal: opened, created, torn } = await openJournal({ directory });
  if (torn !== null) log('warn', `the last write before the crash was cut off: ${torn.why}`, { torn });
  const missing = entriesMissing(journalEnds, opened);
  const journal = missing === 0 ? opened : await beginAnew(opened, missing, wallMs);
  log('info', `journal ${journal.incarnation}`, { created, missing, lastSequence: journal.lastSequence });
  keepJournalEnd(journalEnds, journal);
  return journal;
}
