/**
 * Layout of backups: FERMATA_HOME/backups/<id>, outside every data directory. A backup gets its name only
 * once it is complete; an interrupted one is called `.partial-…`, and the next backup removes it.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileLock, tryLockFile } from '../home/file-lock.js';

export const MANIFEST_FILE = 'manifest.json';
/** SHA-256 of the manifest, the only file that the manifest itself can't vouch for. */
export const MANIFEST_HASH_FILE = 'manifest.sha256';
export const DATABASE_FILE = 'database.dump';
export const JOURNAL_FOLDER = 'journal';
export const PAPER_BOOK_FOLDER = 'paper-book';
/** Contains one folder per account set aside, each with a journal and a paper book as above. */
export const SET_ASIDE_FOLDER = 'resting-accounts';
export const RULES_FROM_FILE = 'rules-from';
export const MARKET_POSITION_FILE = 'market-position.json';
export const DESK_FILE = 'desk.yaml';
/** The rest of what makes up the desk in its folder: its own code, and artefacts. */
export const OWN_FOLDER = 'desk';
/** The desk's own logs, each compressed. */
export const LOGS_FOLDER = 'logs';

const BACKUP_ID = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}Z$/;
const PARTIAL = /^\.partial-\d+-[0-9a-f]+$/;

export const backupsFolder = (home: string): string => join(home, 'backups');

/** Sorts by time, and is a valid file name everywhere. */
export const backupIdAt = (wallMs: number): string => new Date(wallMs).toISOString().replace(/[:.]/g, '-');

export const isBackupId = (text: string): boolean => BACKUP_ID.test(text);

/** The process id is for people: a lock shows whether somebody is still writing there (`holdFolder`). */
export const partialName = (): string => `.partial-${process.pid}-${randomBytes(4).toString('hex')}`;

/** Ids of complete backups, oldest first. Empty if there is no folder yet. */
export async function listBackupIds(home: string): Promise<readonly string[]> {
  return (await namesIn(backupsFolder(home))).filter(isBackupId).sort();
}

/** Removes what killed processes left, never what a living one is writing. */
export async function removeLeftovers(home: string): Promise<void> {
  const folder = backupsFolder(home);
  for (const name of await namesIn(folder)) if (PARTIAL.test(name)) await removeIfLeft(join(folder, name));
}

/** A folder for an incomplete backup, next to the complete ones. */
export async function openPartial(home: string): Promise<HeldFolder> {
  return holdFolder(join(backupsFolder(home), partialName()));
}

const HOLD = '.held';

interface HeldFolder {
  /** Empty at first. */
  readonly content: string;
  /** Also removes everything that is still in it. */
  remove(): Promise<void>;
}

/**
 * Makes a folder that counts as a leftover once this process has ended. A lock decides that, not the process
 * id: in a restarted container another process has the same id, and so may two containers at once.
 */
export async function holdFolder(path: string): Promise<HeldFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const lock = tryHold(path);
  if (lock === null) throw new Error(`${path} was taken for a left one and removed. Try again`);
  const content = join(path, 'content');
  await mkdir(content, { mode: 0o700 });
  const remove = async (): Promise<void> => {
    await rm(path, { recursive: true, force: true });
    lock.release();
  };
  return { content, remove };
}

/** Null: a living process holds the folder, or another one has just removed it. */
function tryHold(path: string): FileLock | null {
  try {
    return tryLockFile(join(path, HOLD));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Removes the folder unless a living process holds it. `end` first ends whatever may still use it. */
export async function removeIfLeft(path: string, end = async (): Promise<void> => undefined): Promise<void> {
  const lock = tryHold(path);
  if (lock === null) return;
  try {
    await end();
    await rm(path, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}

/** Makes the folder a backup: everything in it is synced to disk before it gets its name. */
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
