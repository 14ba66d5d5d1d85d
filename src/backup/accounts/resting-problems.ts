/** Compares each unused paper account of a backup with its manifest, by name. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../domain/message-of.js';
import { readBook } from '../../venue/paper/book-file.js';
import { JOURNAL_FOLDER, PAPER_BOOK_FOLDER, RESTING_FOLDER } from '../backup-folder.js';
import { digestJournal } from '../copy-journal.js';
import type { Manifest, RestingAccount } from '../manifest.js';

/** Path of its journal in the backup. */
export const restingJournal = (folder: string, { name }: Pick<RestingAccount, 'name'>): string =>
  join(folder, RESTING_FOLDER, name, JOURNAL_FOLDER);

/** One sentence for each account that differs from the manifest or is not listed there; empty if all match. */
export async function restingProblems(
  folder: string,
  { restingAccounts, files }: Manifest,
): Promise<string[]> {
  const kept = restingAccounts?.kept ?? [];
  const listed = new Set(kept.map(({ name }) => name));
  const here = files.flatMap(({ path }) => (path.startsWith(`${RESTING_FOLDER}/`) ? path.split('/')[1] : []));
  const problems = [...new Set(here)].flatMap((name) =>
    name === undefined || listed.has(name) ? [] : [`resting account ${name} is not in the manifest's list`],
  );
  for (const account of kept) {
    const why = await problemOf(folder, account).catch(messageOf);
    if (why !== null) problems.push(`resting account ${account.name}: ${why}`);
  }
  return problems;
}

async function problemOf(folder: string, account: RestingAccount): Promise<string | null> {
  const directory = restingJournal(folder, account);
  if (!existsSync(directory)) return 'its journal is missing';
  readBook(join(folder, RESTING_FOLDER, account.name, PAPER_BOOK_FOLDER));
  const { lastSequence, chain } = await digestJournal(directory);
  const { journal } = account;
  if (lastSequence === journal.lastSequence && chain === journal.chain) return null;
  return `its journal ends at ${lastSequence}, the manifest says ${journal.lastSequence}`;
}
