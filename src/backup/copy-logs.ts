import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** The databases' logs quote statements unredacted; only the desk's own logs are free of secrets. */
const OF_DATABASES = /^(postgres|temporal)\./;
const LOG = /\.(log|jsonl)(\.[\w-]+)?$/;
const LEVEL = 1;

/** Copies the desk's logs, rotated ones too, each compressed. Creates nothing if there are none. */
export async function copyLogs(from: string, to: string): Promise<void> {
  const there = existsSync(from) ? await readdir(from, { withFileTypes: true }) : [];
  const logs = there.filter(
    (entry) => entry.isFile() && LOG.test(entry.name) && !OF_DATABASES.test(entry.name),
  );
  if (logs.length > 0) await mkdir(to, { mode: 0o700 });
  for (const { name } of logs) await copyLog(join(from, name), join(to, `${name}.gz`));
}

async function copyLog(from: string, to: string): Promise<void> {
  try {
    const copy = createWriteStream(to, { mode: 0o600 });
    await pipeline(createReadStream(from), createGzip({ level: LEVEL }), copy);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Rotated meanwhile: it is copied under its next name.
    await rm(to, { force: true });
  }
}
