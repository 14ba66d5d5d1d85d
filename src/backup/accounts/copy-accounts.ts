/**
 * Copies the account in use and the other paper accounts as of one moment. A trader that starts on other
 * prices moves whole folders: a copy that overlaps such a move is discarded and repeated.
 */
import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../domain/message-of.js';
import type { DeskPaths } from '../../home/runtime.js';
import { restingAccounts } from '../../trader/accounts/paper-accounts.js';
import { JournalCorrupt, JournalTooNew } from '../../trader/journal/journal-error.js';
import { listSegments } from '../../trader/journal/segments.js';
import { BOOK_FILE } from '../../venue/paper/book-file.js';
import * as place from '../backup-folder.js';
import { JOURNAL_FOLDER, PAPER_BOOK_FOLDER } from '../backup-folder.js';
import type { AccountSetAside, AccountsSetAside } from '../manifest.js';
import { copyJournal, type JournalDigest, readAccount } from './set-aside.js';

type AccountPaths = Pick<DeskPaths, 'journal' | 'paperBook' | 'restingAccounts' | 'rulesFrom'>;

interface CopiedAccounts {
  /** Null: the desk has no journal yet. */
  readonly journal: JournalDigest | null;
  readonly resting: AccountsSetAside;
}

export interface CopyOptions {
  readonly limits?: SetAsideLimits;
  readonly signal?: AbortSignal | undefined;
}

const TRIES_MAX = 3;

/**
 * Copies into the folder of a backup. Throws `JournalCorrupt` for the account in use; a damaged account set
 * aside is left out by name.
 */
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
    for (const name of [place.JOURNAL_FOLDER, place.PAPER_BOOK_FOLDER, place.SET_ASIDE_FOLDER])
      await rm(join(folder, name), { recursive: true, force: true });
    await rm(join(folder, place.RULES_FROM_FILE), { force: true });
  }
  throw new Error(
    `the trader took up another paper account ${TRIES_MAX} times while they were copied. No backup was taken; ` +
      'the desk is not touched. Take it again once the trader stays up.',
  );
}

/** Identifies folders by inode: a folder keeps its number when it moves. */
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
  { limits = SET_ASIDE_LIMITS, signal }: CopyOptions,
): Promise<CopiedAccounts> {
  const journal = await copyJournal(paths.journal, join(folder, place.JOURNAL_FOLDER), signal);
  await copyBook(paths.paperBook, join(folder, place.PAPER_BOOK_FOLDER));
  const resting = await copySetAside(
    paths.restingAccounts,
    join(folder, place.SET_ASIDE_FOLDER),
    limits,
    signal,
  );
  // Otherwise a restore would lose a person's stop that the account in use has yet to take over.
  if (existsSync(paths.rulesFrom)) await copyFile(paths.rulesFrom, join(folder, place.RULES_FROM_FILE));
  return { journal, resting };
}

/** Every recording and seed ever tried leaves an account behind: a backup copies only so many. */
const SET_ASIDE_LIMITS = { accountsMax: 100, bytesMax: 512 * 1024 * 1024 } as const;
type SetAsideLimits = { readonly [limit in keyof typeof SET_ASIDE_LIMITS]: number };

/**
 * Copies the accounts set aside. Nobody writes to them, so each is copied as it is. Newest first, up to the
 * limits; each account left out is named with the reason, damaged ones included.
 */
async function copySetAside(
  from: string,
  to: string,
  limits: SetAsideLimits,
  signal?: AbortSignal,
): Promise<AccountsSetAside> {
  const kept: AccountSetAside[] = [];
  const leftOut: AccountsSetAside['leftOut'] = [];
  let bytes = 0;
  for (const found of newestFirst(from)) {
    signal?.throwIfAborted();
    const why = reasonToLeaveOut(found, { accounts: kept.length, bytes }, limits);
    if (why !== null) {
      leftOut.push({ name: found.name, why });
      continue;
    }
    const copied = await copyOne(join(from, found.name), join(to, found.name), found.name);
    if ('why' in copied) leftOut.push(copied);
    else {
      kept.push(copied);
      bytes += found.bytes;
    }
  }
  const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);
  return { kept: kept.sort(byName), leftOut: leftOut.sort(byName) };
}

interface Found {
  readonly name: string;
  /** 0: it has no journal. */
  readonly bytes: number;
  readonly writtenMs: number;
}

function newestFirst(from: string): readonly Found[] {
  return restingAccounts({ restingAccounts: from })
    .map((name) => measure(from, name))
    .sort((one, other) => other.writtenMs - one.writtenMs);
}

function measure(from: string, name: string): Found {
  const journal = join(from, name, JOURNAL_FOLDER);
  const segments = existsSync(journal) ? listSegments(journal).map(({ path }) => statSync(path)) : [];
  if (segments.length === 0) return { name, bytes: 0, writtenMs: 0 };
  const book = statSync(join(from, name, PAPER_BOOK_FOLDER, BOOK_FILE), { throwIfNoEntry: false });
  const bytes = segments.reduce((sum, { size }) => sum + size, book?.size ?? 0);
  return { name, bytes, writtenMs: segments.at(-1)?.mtimeMs ?? 0 };
}

function reasonToLeaveOut(
  { bytes }: Found,
  taken: { readonly accounts: number; readonly bytes: number },
  { accountsMax, bytesMax }: SetAsideLimits,
): string | null {
  if (bytes === 0) return 'it has no journal';
  if (taken.accounts >= accountsMax) return `a backup holds ${accountsMax} accounts set aside at most`;
  if (taken.bytes + bytes <= bytesMax) return null;
  return `with its ${bytes} bytes, accounts set aside would take more than ${bytesMax}`;
}

/** A damaged account could not be restored anyway, and must not prevent the backup of the account in use. */
async function copyOne(
  from: string,
  to: string,
  name: string,
): Promise<AccountSetAside | AccountsSetAside['leftOut'][number]> {
  try {
    const journal = join(to, JOURNAL_FOLDER);
    await copyJournal(join(from, JOURNAL_FOLDER), journal);
    const reading = await readAccount(journal);
    requireWhole(from, to);
    await copyBook(join(from, PAPER_BOOK_FOLDER), join(to, PAPER_BOOK_FOLDER));
    return { name, ...reading };
  } catch (error) {
    const damage = damageOf(error);
    if (damage === null) throw error;
    await rm(to, { recursive: true, force: true });
    const doThis = `restore ${from} from an earlier backup, or move it to another place`;
    return { name, why: `it is damaged (${damage}): ${doThis}`, damaged: true };
  }
}

function damageOf(error: unknown): string | null {
  if (error instanceof JournalCorrupt) return `segment ${error.segment}, byte ${error.offset}: ${error.why}`;
  if (error instanceof JournalTooNew) return `segment ${error.segment}: ${error.why}`;
  return error instanceof RangeError ? messageOf(error) : null;
}

/**
 * Nothing was writing when the account was set aside, so an incomplete end is damage, not an interrupted
 * write.
 */
function requireWhole(from: string, to: string): void {
  const [there, here] = [from, to].map((folder) => listSegments(join(folder, JOURNAL_FOLDER)).at(-1));
  if (there === undefined || here === undefined) return;
  const goodBytes = statSync(here.path).size;
  if (statSync(there.path).size > goodBytes)
    throw new JournalCorrupt(there.name, goodBytes, "what follows can't be read");
}

/**
 * Call it after copying the journal: like a real venue, the book may know more than the journal, never less.
 * Copies only whole lines.
 */
async function copyBook(from: string, to: string): Promise<void> {
  const path = join(from, BOOK_FILE);
  if (!existsSync(path)) return;
  const bytes = await readFile(path);
  await mkdir(to, { mode: 0o700 });
  await writeFile(join(to, BOOK_FILE), bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1), { mode: 0o600 });
}
