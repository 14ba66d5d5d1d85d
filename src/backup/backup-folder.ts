/**
 * Layout of backups: FERMATA_HOME/backups/<id>, outside every data directory. A backup gets its name only when it is
 * complete; an interrupted one is called `.partial-…` and is removed by the next.
 */
import { randomBytes } from 'node:crypto';
import { chmod, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../supervisor/process-table.js';

export const MANIFEST_FILE = 'manifest.json';
/** SHA-256 of the manifest: the only file that the manifest itself can't vouch for. */
export const MANIFEST_HASH_FILE = 'manifest.sha256';
export const DATABASE_FILE = 'database.dump';
export const JOURNAL_FOLDER = 'journal';
export const PAPER_BOOK_FOLDER = 'paper-book';
/** Contains one folder for each unused paper account, with a journal and a paper book as above. */
export const SET_ASIDE_FOLDER = 'resting-accounts';
export const RULES_FROM_FILE = 'rules-from';
export const MARKET_POSITION_FILE = 'market-position.json';
export const DESK_FILE = 'desk.yaml';
/** The desk's own logs, each compressed. */
export const LOGS_FOLDER = 'logs';

const BACKUP_ID = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}Z$/;
const PARTIAL = /^\.partial-(\d+)-[0-9a-f]+$/;

export const backupsFolder = (home: string): string => join(home, 'backups');

/** Sorts by time, and is a valid file name everywhere. */
export const backupIdAt = (wallMs: number): string => new Date(wallMs).toISOString().replace(/[:.]/g, '-');

export const isBackupId = (text: string): boolean => BACKUP_ID.test(text);

/** The process id shows later whether somebody is still writing there. */
export const partialName = (): string => `.partial-${process.pid}-${randomBytes(4).toString('hex')}`;

/** Ids of complete backups, oldest first; none if there is no folder yet. */
export async function listBackupIds(home: string): Promise<readonly string[]> {
  return (await namesIn(backupsFolder(home))).filter(isBackupId).sort();
}

/** Removes what killed processes left; never what a living one is writing. */
export async function removeLeftovers(home: string): Promise<readonly string[]> {
  const folder = backupsFolder(home);
  const dead = (await namesIn(folder)).filter((name) => {
    const pid = Number(PARTIAL.exec(name)?.[1] ?? 0);
    return pid > 0 && pid !== process.pid && !isAlive(pid);
  });
  for (const name of dead) await rm(join(folder, name), { recursive: true, force: true });
  return dead;
}

/** Makes it a backup: everything in it is synced to disk before it gets its name. */
export async function publish(partial: string, home: string, id: string): Promise<string> {
  const folder = join(backupsFolder(home), id);
  await syncTree(partial);
  await rename(partial, folder);
  await syncDirectory(backupsFolder(home));
  return folder;
}

export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else {
      await chmod(path, 0o600);
      await syncFile(path);
    }
  }
  await syncDirectory(folder);
}

export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

const syncDirectory = syncFile;

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
