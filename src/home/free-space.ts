/**
 * Free space where FERMATA_HOME lies, and the space reserved there that is freed when the disk is full, so
 * journal and databases can end cleanly.
 */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { grouped } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';

/** With less, no desk is started or armed, and people are told. */
export const FREE_MB_MIN = 256;

/** Another folder would be a desk without a past, which knows nothing of what this one holds. */
export const REMOUNT =
  'make that disk writable again (`dmesg` says why it is not); only a desk that holds nothing may begin in another FERMATA_HOME';

const MEGABYTE = 1024 * 1024;
export const wholeMegabytes = (bytes: number): number => Math.floor(bytes / MEGABYTE);

export interface DiskRoom {
  /** Null: not known. */
  readonly freeMb: number | null;
  /** Null while there is room. */
  readonly problem: string | null;
}

/** A desk that is not armed on a full disk should not be found so only when somebody resumes it. */
const NEARLY_FULL_MB = 4 * FREE_MB_MIN;

export async function diskRoom(home: string, free: FreeBytes): Promise<DiskRoom> {
  const freeMb = await free(home).then(wholeMegabytes, messageOf);
  if (typeof freeMb === 'string')
    return { freeMb: null, problem: `✗ how much of it is free is not known: ${freeMb}` };
  if (freeMb >= NEARLY_FULL_MB) return { freeMb, problem: null };
  const left = `${grouped(String(freeMb))} MB free where ${home} lies: free some space now`;
  if (freeMb >= FREE_MB_MIN)
    return {
      freeMb,
      problem: `! nearly full, ${left}; below ${FREE_MB_MIN} MB the desk neither starts nor is armed`,
    };
  return {
    freeMb,
    problem: `✗ full, ${left}; the desk neither starts nor is armed below ${FREE_MB_MIN} MB, and halts once its journal can’t be written`,
  };
}

const BALLAST_BYTES = 64 * MEGABYTE;
/** Below this much free space the ballast is freed. */
const FREE_BYTES_LOW = 32 * MEGABYTE;
const CHUNK_BYTES = MEGABYTE;
const EVERY_MS = 10_000;

/** Space that this user's files may still take on the disk of a folder. */
export type FreeBytes = (folder: string) => Promise<number>;

export const freeBytes: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statfs(nearestFolder(folder));
  return bavail * bsize;
};

/** The nearest existing folder: a home does not exist before the first start. */
export function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Written in full, not sparse. A no-op if there is hardly room for it. */
export async function ensureBallast(
  path: string,
  directory: string,
  free: FreeBytes = freeBytes,
): Promise<void> {
  if (existsSync(path) && statSync(path).size === BALLAST_BYTES) return;
  await rm(path, { force: true });
  if ((await free(directory)) < 4 * BALLAST_BYTES) return;
  const file = await open(path, 'w', 0o600);
  try {
    // Not zeros: a compressing file system would reserve nothing.
    const chunk = Buffer.alloc(CHUNK_BYTES, 'fermata keeps this space back for a full disk. ');
    for (let written = 0; written < BALLAST_BYTES; written += CHUNK_BYTES) await file.write(chunk);
  } finally {
    await file.close();
  }
}

const ROOM_EVERY_MS = 250;

export interface RoomGuard {
  /** Aborted, with the reason for a person, once the desk's own room would be taken. */
  readonly signal: AbortSignal;
  close(): void;
}

/**
 * For what writes much into a folder while the desk trades: a desk whose journal can't be written halts. Where the folder
 * lies on another disk than `home`, it may fill that disk.
 */
export async function guardRoom(
  folder: string,
  home: string,
  free: FreeBytes = freeBytes,
): Promise<RoomGuard> {
  const ending = new AbortController();
  const look = async (): Promise<void> => {
    const freeMb = wholeMegabytes(await free(folder));
    if (freeMb >= FREE_MB_MIN) return;
    const why = `only ${freeMb} MB are left where ${folder} lies, and the desk needs ${FREE_MB_MIN} MB there`;
    ending.abort(new Error(why));
  };
  const isDesks = statSync(folder).dev === statSync(home).dev;
  if (isDesks) await look();
  const timer = isDesks ? setInterval(() => void look().catch(() => undefined), ROOM_EVERY_MS) : undefined;
  return { signal: ending.signal, close: () => clearInterval(timer) };
}

/** What a process writes before it is ready fits into it. */
const TRIED_BYTES = MEGABYTE;

/** Tries it by writing: a disk that can only be read has free space, too. Null: it can be written to. */
export function whyNotWritable(folder: string): string | null {
  const tried = join(folder, 'write-probe');
  try {
    writeFileSync(tried, Buffer.alloc(TRIED_BYTES, 1), { mode: 0o600 });
    return null;
  } catch (error) {
    return messageOf(error);
  } finally {
    if (existsSync(tried) && statSync(tried).isFile()) rmSync(tried);
  }
}

interface DiskWatch {
  close(): void;
}

/** Frees the ballast when the disk is full, and makes it again once there is room: the next full disk needs it too. */
export function watchDisk(
  path: string,
  directory: string,
  onFull: (freeMb: number) => void,
  free: FreeBytes = freeBytes,
): DiskWatch {
  let isLooking = false;
  const look = async (): Promise<void> => {
    const found = await free(directory).catch(() => null);
    if (found === null) return;
    if (found >= FREE_BYTES_LOW) {
      // A disk that fills up meanwhile is looked at again.
      await ensureBallast(path, directory, free).catch(() => undefined);
      return;
    }
    if (!existsSync(path)) return;
    // Report the disk even if the ballast can't be deleted (read-only, broken).
    await rm(path, { force: true }).catch(() => undefined);
    onFull(Math.round(found / 1024 / 1024));
  };
  const timer = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    await look().finally(() => {
      isLooking = false;
    });
  }, EVERY_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
