/**
 * Copies the account in use and the other paper accounts as they were at one moment. A trader that starts on other
 * prices moves whole folders: a copy that overlapped such a move is discarded and repeated.
 */
import { existsSync, statSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeskPaths } from '../../home/runtime.js';
import { restingAccounts } from '../../trader/accounts/paper-accounts.js';
import * as place from '../backup-folder.js';
import { copyJournal, type JournalDigest } from '../copy-journal.js';
import type { RestingAccounts } from '../manifest.js';
import { copyBook } from './copy-book.js';
import { copyResting, RESTING_LIMITS, type RestingLimits } from './copy-resting.js';

export type AccountPaths = Pick<DeskPaths, 'journal' | 'paperBook' | 'restingAccounts' | 'rulesFrom'>;

export interface CopiedAccounts {
  /** Null: the desk has no journal yet. */
  readonly journal: JournalDigest | null;
  readonly resting: RestingAccounts;
}

export interface CopyOptions {
  readonly limits?: RestingLimits;
  readonly signal?: AbortSignal | undefined;
}

const TRIES_MAX = 3;

/** Copies into the folder of a backup. Throws `JournalCorrupt`, or `RestingAccountDamaged` with the account's name. */
export async function copyAccounts(
  paths: AccountPaths,
  folder: string,
  options: CopyOptions = {},
): Promise<CopiedAccounts> {
  for (let tried = 1; tried <= TRIES_MAX; tried += 1) {
    const before = layoutOf(paths);
    const copied = await copyAll(paths, folder, options).catch((error: unknown) => {
      if (layoutOf(paths) === before) throw error;
      return null;
    });
    if (copied !== null && layoutOf(paths) === before) return copied;
    for (const name of [place.JOURNAL_FOLDER, place.PAPER_BOOK_FOLDER, place.RESTING_FOLDER])
      await rm(join(folder, name), { recursive: true, force: true });
    await rm(join(folder, place.RULES_FROM_FILE), { force: true });
  }
  throw new Error(
    `the trader took up another paper account ${TRIES_MAX} times while they were copied. No backup was taken; ` +
      'the desk is not touched. Take it again once the trader stays up.',
  );
}

/** Identifies folders by inode: a folder keeps its number when it is moved. */
function layoutOf({ journal, restingAccounts: resting }: AccountPaths): string {
  const names = restingAccounts({ restingAccounts: resting });
  const journals = [journal, ...names.map((name) => join(resting, name, place.JOURNAL_FOLDER))];
  return journals
    .map((path) => `${path} ${statSync(path, { throwIfNoEntry: false })?.ino ?? 'none'}`)
    .join('\n');
}

async function copyAll(
  paths: AccountPaths,
  folder: string,
  { limits = RESTING_LIMITS, signal }: CopyOptions,
): Promise<CopiedAccounts> {
  const journal = await copyJournal(paths.journal, join(folder, place.JOURNAL_FOLDER));
  await copyBook(paths.paperBook, join(folder, place.PAPER_BOOK_FOLDER));
  const resting = await copyResting(
    paths.restingAccounts,
    join(folder, place.RESTING_FOLDER),
    limits,
    signal,
  );
  // Otherwise a restore would lose a person's stop that the account in use has yet to take over.
  if (existsSync(paths.rulesFrom)) await copyFile(paths.rulesFrom, join(folder, place.RULES_FROM_FILE));
  return { journal, resting };
}
