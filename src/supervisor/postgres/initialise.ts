import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { plainEnvironment } from '../../home/plain-environment.js';
import { asOrdinaryUser, type PostgresBinaries } from './binaries.js';

const run = promisify(execFile);
const INITDB_TIMEOUT_MS = 60_000;

/**
 * Creates the cluster once, in a temporary folder that is renamed when complete, so that a killed start leaves nothing
 * that looks like a cluster.
 */
export async function initialiseCluster(
  binaries: PostgresBinaries,
  directory: string,
  user: string,
  password: string,
): Promise<void> {
  if (existsSync(join(directory, 'PG_VERSION'))) return;
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  const fresh = `${directory}.new-${randomUUID().slice(0, 8)}`;
  const passwordFile = `${fresh}.pw`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  const { command, args } = asOrdinaryUser(binaries.initdb, [
    `--pgdata=${fresh}`,
    `--username=${user}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // So that a page corrupted on disk is detected when it is read.
    '--data-checksums',
    '--no-locale',
    '--no-instructions',
  ]);
  try {
    await run(command, [...args], {
      timeout: INITDB_TIMEOUT_MS,
      env: { ...plainEnvironment(), LC_ALL: 'C' },
    });
    // Only an empty folder can be here: an existing cluster was found above.
    await rm(directory, { recursive: true, force: true });
    await rename(fresh, directory);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    const text =
      (error as { stderr?: string }).stderr?.trim().split('\n').slice(-3).join(' ') ?? String(error);
    throw new Error(`The database could not be created in ${directory}: ${text}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}
