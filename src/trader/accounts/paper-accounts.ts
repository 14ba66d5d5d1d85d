/**
 * Each price source has a paper account of its own: a position bought at one market's prices is worth nothing
 * at another's. One account is in use; the others are set aside, unchanged, until their prices are back.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPaperAccount, PAPER_ACCOUNT } from '../../domain/account-name.js';
import type { DeskPaths } from '../../home/runtime.js';
import type { Journal } from '../journal/journal.js';
import { readJournal } from '../journal/read-journal.js';
import { syncDirectory } from '../journal/segments.js';

type AccountPaths = Pick<DeskPaths, 'root' | 'account' | 'restingAccounts' | 'rulesFrom'>;

export interface AccountInUse {
  readonly journal: Journal;
  /** Null: the same account as at the last start, or a change that an earlier start began was completed. */
  readonly changedFrom: string | null;
}

/** Where the account in use goes if its journal is gone, and with it its name. */
const NAMELESS = 'journal-gone';

/**
 * Returns the journal of `account`: the open one, or, in its place, one that was set aside or a new one. If
 * the process ends in between, the next start completes the change. A real-money account stays where it is;
 * the engine refuses it. `open`: opens the journal that is in use then; `wasTraded`: of an account with a past.
 */
export async function useAccount(
  journal: Journal,
  account: string,
  paths: AccountPaths,
  open: (wasTraded: boolean) => Promise<Journal>,
): Promise<AccountInUse> {
  const current = accountOf(journal);
  const resting = join(paths.restingAccounts, folderOf(account));
  if (current === null ? !existsSync(resting) : current === account || !isPaperAccount(current)) {
    return { journal, changedFrom: null };
  }
  await journal.close();
  mkdirSync(paths.restingAccounts, { recursive: true, mode: 0o700 });
  if (journal.lastSequence === 0) rmSync(paths.account, { recursive: true });
  else layToRest(current ?? NAMELESS, journal.incarnation, paths);
  const rested = existsSync(resting);
  if (rested) renameSync(resting, paths.account);
  syncDirectory(paths.restingAccounts);
  syncDirectory(paths.root);
  return { journal: await open(rested), changedFrom: current };
}

/** Names of the accounts that are set aside. */
export function restingAccounts({ restingAccounts: folder }: Pick<DeskPaths, 'restingAccounts'>): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/**
 * Path, from the folder of accounts set aside, to the one whose stops and limits the traded account has yet to
 * take over. Null: there is none, or that account is the traded one again.
 */
export function rulesToTakeOverFrom({
  restingAccounts: folder,
  rulesFrom,
}: Pick<DeskPaths, 'restingAccounts' | 'rulesFrom'>): string | null {
  if (!existsSync(rulesFrom)) return null;
  const from = readFileSync(rulesFrom, 'utf8');
  return existsSync(join(folder, from, 'journal')) ? from : null;
}

function layToRest(account: string, incarnation: string, paths: AccountPaths): void {
  const folder = folderOf(account);
  const taken = existsSync(join(paths.restingAccounts, folder));
  const name = taken ? `${folder}-${incarnation}` : folder;
  // Rules of an earlier account not taken over yet stay: nobody has armed this account since.
  if (rulesToTakeOverFrom(paths) === null) writeFileSync(paths.rulesFrom, name, { mode: 0o600, flush: true });
  renameSync(paths.account, join(paths.restingAccounts, name));
}

/** Of its first configuration. Null: nothing is recorded yet, except that the journal before is gone. */
export function accountOf({ lastSequence, directory }: Journal): string | null {
  return lastSequence === 0 ? null : accountIn(directory);
}

/** Of a journal that nobody needs to have opened. Null: there is none, or it has not begun. */
export function accountIn(journalDirectory: string): string | null {
  if (!existsSync(journalDirectory)) return null;
  for (const { record } of readJournal(journalDirectory)) {
    if (record.type === 'config') return record.account ?? PAPER_ACCOUNT;
  }
  return null;
}

function folderOf(account: string): string {
  return account.slice(account.indexOf('/') + 1).replaceAll(/[^\w.-]/g, '-');
}
