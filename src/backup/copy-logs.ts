import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** Those of the databases quote statements as they came: secrets are taken out of the desk's own only. */
const OF_DATABASES = /^(postgres|temporal)\./;
const LOG = /\.(log|jsonl)(\.[\w-]+)?$/;
const LEVEL = 1;

/** The desk's logs as they stand, rotated ones too, each compressed. Nothing is made where there is none. */
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
    // Rotated away meanwhile: it is there under its next name.
    await rm(to, { force: true });
  }
}
