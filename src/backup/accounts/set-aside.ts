/**
 * Accounts in a backup: copies the trader's journal while the trader runs (only whole records that are on
 * disk; nothing in the journal is locked or changed), reads its end and the state after a replay, and
 * checks the accounts that were set aside.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { someOf } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { applyRecord } from '../../engine/apply-record.js';
import { cashUnits } from '../../engine/books.js';
import type { EngineRecord } from '../../engine/record.js';
import { createState, type EngineState } from '../../engine/state.js';
import { CHAIN_START, HEADER_BYTES } from '../../trader/journal/format.js';
import { readJournal, scanSegment } from '../../trader/journal/read-journal.js';
import { refuseDamagedEnd } from '../../trader/journal/repair.js';
import { listSegments, readSegmentHeader, type Segment } from '../../trader/journal/segments.js';
import { readBook } from '../../venue/paper/book-file.js';
import { JOURNAL_FOLDER, PAPER_BOOK_FOLDER, SET_ASIDE_FOLDER, syncFile } from '../backup-folder.js';
import type { AccountSetAside, Manifest } from '../manifest.js';

type AccountReading = Pick<AccountSetAside, 'account' | 'journal' | 'holds'>;

/** Throws `JournalCorrupt`, or RangeError if a record contradicts an earlier one. */
export async function readAccount(journalDirectory: string): Promise<AccountReading> {
  const state = createState();
  const journal = await digestJournal(journalDirectory, (record) => applyRecord(state, record));
  return { account: state.config?.account ?? '', journal, holds: holdsOf(state) };
}

/**
 * Only figures that later versions compute in the same way: their drills also restore backups of this
 * version.
 */
function holdsOf(state: EngineState): AccountSetAside['holds'] {
  const { config, counters, live, halts, positions } = state;
  return {
    fills: counters.fills,
    openOrders: live.reduce((sum, orders) => sum + orders.length, 0),
    halts: halts.length,
    cash: Number(cashUnits(state)),
    positions: positions.flatMap(({ quantityLots }, index) =>
      quantityLots === 0 ? [] : [{ symbol: config?.symbols[index] ?? '', quantityLots }],
    ),
  };
}

/** Path in a backup of the journal of an account set aside. */
export const setAsideJournal = (folder: string, { name }: Pick<AccountSetAside, 'name'>): string =>
  join(folder, SET_ASIDE_FOLDER, name, JOURNAL_FOLDER);

/** One sentence for each account that differs from the manifest or is not listed there. Empty: all match. */
export async function setAsideProblems(
  folder: string,
  { restingAccounts, files }: Manifest,
): Promise<string[]> {
  const kept = restingAccounts?.kept ?? [];
  const listed = new Set(kept.map(({ name }) => name));
  const here = files.flatMap(({ path }) =>
    path.startsWith(`${SET_ASIDE_FOLDER}/`) ? path.split('/')[1] : [],
  );
  const problems = [...new Set(here)].flatMap((name) =>
    name === undefined || listed.has(name) ? [] : [`account set aside ${name} is not in the manifest's list`],
  );
  for (const account of kept) {
    const why = await problemOf(folder, account).catch(messageOf);
    if (why !== null) problems.push(`account set aside ${account.name}: ${why}`);
  }
  return problems;
}

async function problemOf(folder: string, account: AccountSetAside): Promise<string | null> {
  const directory = setAsideJournal(folder, account);
  if (!existsSync(directory)) return 'its journal is missing';
  readBook(join(folder, SET_ASIDE_FOLDER, account.name, PAPER_BOOK_FOLDER));
  const { lastSequence, chain } = await digestJournal(directory);
  const { journal } = account;
  if (lastSequence === journal.lastSequence && chain === journal.chain) return null;
  return `its journal ends at ${lastSequence}, the manifest says ${journal.lastSequence}`;
}

/** Describes a backup's accounts set aside: how many, their size, and which ones are left out. */
export function setAsideText({
  restingAccounts,
  files,
}: Pick<Manifest, 'restingAccounts' | 'files'>): string {
  if (restingAccounts === null) return 'accounts set aside are not part of it (an earlier version took it)';
  const { kept, leftOut } = restingAccounts;
  const own = files.filter(({ path }) => path.startsWith(`${SET_ASIDE_FOLDER}/`));
  const bytes = own.reduce((sum, file) => sum + file.bytes, 0);
  const held =
    kept.length === 0
      ? 'no account set aside'
      : `${kept.length} account${kept.length === 1 ? '' : 's'} set aside (${bytes} bytes)`;
  if (leftOut.length === 0) return held;
  return `${held}, without ${someOf(leftOut.map(({ name, why }) => `${name}: ${why}`))}`;
}

export type JournalDigest = NonNullable<Manifest['journal']>;

/** Entries read before this process yields to other work. */
const ENTRIES_PER_TURN = 2_000;

/**
 * Null: there is no journal yet. Throws `JournalCorrupt` if the journal is damaged. An incomplete frame at
 * its end may still be in the writing: the copy ends before it.
 */
export async function copyJournal(
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<JournalDigest | null> {
  const segments = existsSync(from) ? listSegments(from) : [];
  if (segments.length === 0) return null;
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const segment of segments) {
    signal?.throwIfAborted();
    await copyFile(segment.path, join(to, segment.name));
  }
  const last = segments.at(-1) as Segment;
  const copied = { ...last, path: join(to, last.name) };
  refuseDamagedEnd(to);
  await truncate(copied.path, endOfWholeRecords(copied));
  // A backup must not contain records that the journal could still lose: this sync makes the copied ones
  // durable there.
  await syncFile(last.path);
  return digestJournal(to);
}

function endOfWholeRecords(segment: Segment): number {
  const scan = scanSegment(segment, readSegmentHeader(segment).format);
  for (;;) {
    const step = scan.next();
    if (step.done === true) return Math.max(step.value.offset, HEADER_BYTES);
  }
}

/** Reads every entry and checks the hash chain. Throws `JournalCorrupt`. */
export async function digestJournal(
  directory: string,
  onRecord: (record: EngineRecord) => void = () => {},
): Promise<JournalDigest> {
  let digest = { incarnation: '', lastSequence: 0, chain: CHAIN_START };
  for (const { incarnation, sequence, chain, record } of readJournal(directory)) {
    digest = { incarnation, lastSequence: sequence, chain };
    onRecord(record);
    if (sequence % ENTRIES_PER_TURN === 0) await nextTurn();
  }
  return { ...digest, segments: listSegments(directory).length };
}
