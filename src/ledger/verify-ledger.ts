/** Proves that the ledger holds exactly what the journal on disk holds, entry by entry. */
import { isDeepStrictEqual } from 'node:util';
import type { EngineRecord, JournalEntry } from '../engine/record.js';
import { type Pool, plainJson } from '../store/pool.js';
import { readJournal } from '../trader/journal/read-journal.js';

const BATCH_ENTRIES = 500;

type LedgerProof =
  | { readonly equal: true; readonly incarnation: string; readonly entries: number }
  /** The last `missing` entries of the journal are not in the ledger yet; everything before them is equal. */
  | { readonly equal: false; readonly behind: true; readonly entries: number; readonly missing: number }
  | { readonly equal: false; readonly behind: false; readonly sequence: number; readonly why: string };

interface EntryRow {
  readonly sequence: string;
  readonly record: EngineRecord;
  readonly chain: string;
}

/**
 * Reads the journal as a stream. Both may grow meanwhile, so the ledger's end is read first: the journal had
 * those entries earlier. Throws JournalCorrupt if the journal itself is damaged.
 */
export async function verifyLedger(pool: Pool, desk: string, journalDirectory: string): Promise<LedgerProof> {
  const incarnation = incarnationOf(journalDirectory);
  const ledgerEnd = await lastSequence(pool, desk, incarnation);
  let journalEnd = 0;
  let entries = 0;
  let missing = 0;
  for (const batch of batches(readJournal(journalDirectory))) {
    const rows = await readRows(pool, desk, incarnation, batch);
    for (const entry of batch) {
      const row = rows.get(entry.sequence);
      if (!row && entry.sequence > ledgerEnd) {
        missing += 1;
        continue;
      }
      const why = difference(entry, row);
      if (why !== null) return { equal: false, behind: false, sequence: entry.sequence, why };
      entries += 1;
    }
    journalEnd = batch.at(-1)?.sequence ?? journalEnd;
  }
  if (ledgerEnd > journalEnd) {
    const why = 'the ledger has it, and the journal does not';
    return { equal: false, behind: false, sequence: ledgerEnd, why };
  }
  return missing > 0
    ? { equal: false, behind: true, entries, missing }
    : { equal: true, incarnation, entries };
}

/** Incarnation of the journal on disk, which always has one. */
function incarnationOf(journalDirectory: string): string {
  for (const { incarnation } of readJournal(journalDirectory)) return incarnation;
  return '';
}

function difference(entry: JournalEntry, row: EntryRow | undefined): string | null {
  if (!row) return 'the ledger lacks it, and has what came after it';
  if (row.chain !== entry.chain) return 'its hash in the ledger is another one';
  return isDeepStrictEqual(row.record, plainJson(entry.record))
    ? null
    : 'its content in the ledger is another one';
}

async function readRows(
  pool: Pool,
  desk: string,
  incarnation: string,
  batch: readonly JournalEntry[],
): Promise<ReadonlyMap<number, EntryRow>> {
  const found = await pool.query<EntryRow>(
    `select sequence, record, chain from journal_entry
      where desk = $1 and incarnation = $2 and sequence between $3 and $4`,
    [desk, incarnation, batch[0]?.sequence, batch.at(-1)?.sequence],
  );
  return new Map(found.rows.map((row) => [Number(row.sequence), row]));
}

async function lastSequence(pool: Pool, desk: string, incarnation: string): Promise<number> {
  const found = await pool.query<{ last: string | null }>(
    'select max(sequence) as last from journal_entry where desk = $1 and incarnation = $2',
    [desk, incarnation],
  );
  return Number(found.rows[0]?.last ?? 0);
}

function* batches(entries: Iterable<JournalEntry>): Generator<readonly JournalEntry[]> {
  let batch: JournalEntry[] = [];
  for (const entry of entries) {
    batch.push(entry);
    if (batch.length < BATCH_ENTRIES) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
