/** Reserved space that is freed when the disk is full, so journal and databases can end cleanly. */
import { existsSync, statSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';

const BALLAST_BYTES = 64 * 1024 * 1024;
/** Below this much free space the ballast is freed. */
const FREE_BYTES_LOW = 32 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const EVERY_MS = 10_000;

/** Space that this user's files may still take on the disk of a folder. */
export type FreeBytes = (folder: string) => Promise<number>;

export const freeBytes: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

/** Written in full, not sparse. A no-op if there is hardly room for it. */
export async function ensureBallast(path: string, directory: string): Promise<void> {
  if (existsSync(path) && statSync(path).size === BALLAST_BYTES) return;
  await rm(path, { force: true });
  if ((await freeBytes(directory)) < 4 * BALLAST_BYTES) return;
  const file = await open(path, 'w', 0o600);
  try {
    // Not zeros: a compressing file system would reserve nothing.
    const chunk = Buffer.alloc(CHUNK_BYTES, 'fermata keeps this space back for a full disk. ');
    for (let written = 0; written < BALLAST_BYTES; written += CHUNK_BYTES) await file.write(chunk);
  } finally {
    await file.close();
  }
}

interface DiskWatch {
  close(): void;
}

export function watchDisk(path: string, directory: string, onFull: (freeMb: number) => void): DiskWatch {
  const timer = setInterval(async () => {
    const free = await freeBytes(directory).catch(() => Number.POSITIVE_INFINITY);
    if (free >= FREE_BYTES_LOW || !existsSync(path)) return;
    // Report the disk even if the ballast can't be deleted (read-only, broken).
    await rm(path, { force: true }).catch(() => undefined);
    onFull(Math.round(free / 1024 / 1024));
  }, EVERY_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
