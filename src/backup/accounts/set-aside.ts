/**
 * Reads an account's journal: its end, and the state after a replay. Checks the accounts set aside in a
 * backup.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { someOf } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { applyRecord } from '../../engine/apply-record.js';
import { cashUnits } from '../../engine/books.js';
import { createState, type EngineState } from '../../engine/state.js';
import { readBook } from '../../venue/paper/book-file.js';
import { JOURNAL_FOLDER, PAPER_BOOK_FOLDER, SET_ASIDE_FOLDER } from '../backup-folder.js';
import { digestJournal } from '../copy-journal.js';
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
    openOrders: live.reduce((sum, orders) => sum + orders.size, 0),
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
