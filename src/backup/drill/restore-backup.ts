import { join } from 'node:path';
import { Client } from 'pg';
import { DATABASE_FILE } from '../backup-folder.js';
import type { TableFigures } from '../manifest.js';
import { type PgConnection, runPgProgram } from '../pg-programs.js';
import { readTableFigures, TEXT_SETTINGS } from '../table-figures.js';
import type { VerifiedBackup } from '../verify-backup.js';

const JOBS = 2;

/** Into an empty database. The first thing that can't be restored ends it. */
export async function restoreBackup(
  backup: VerifiedBackup,
  connection: PgConnection,
  signal?: AbortSignal,
): Promise<void> {
  const dump = join(backup.folder, DATABASE_FILE);
  const args = ['--exit-on-error', `--jobs=${JOBS}`, `--dbname=${connection.database}`, dump];
  await runPgProgram('pg_restore', connection, args, signal);
}

export async function readRestoredFigures(connection: PgConnection): Promise<readonly TableFigures[]> {
  const client = new Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const setting of TEXT_SETTINGS) await client.query(setting);
    return await readTableFigures(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
