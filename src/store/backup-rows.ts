/** The backups that were taken and verified, and the restores that were tried. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DrillRow } from '../contracts/backup.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

interface BackupRow {
  readonly desk: string;
  /** Name of its folder. */
  readonly id: string;
  readonly folder: string;
  readonly takenMs: number;
  readonly verifiedMs: number;
  readonly bytes: number;
  /** Rows of all tables together. */
  readonly rows: number;
  readonly manifestSha256: string;
  /** When it was deleted from the disk. Null: not deleted. */
  readonly prunedMs: number | null;
}

/** False once it is gone. A home that was moved since, or put on a new machine, has it among its own. */
export const isStillThere = (home: string, { id, folder }: BackupRow): boolean =>
  existsSync(folder) || existsSync(join(home, basename(dirname(folder)), id));

export async function saveBackup(pool: Queries, backup: Omit<BackupRow, 'prunedMs'>): Promise<void> {
  await pool.query(
    `insert into backup (desk, id, folder, taken, verified, bytes, table_rows, manifest_sha256)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (desk, id) do nothing`,
    [
      backup.desk,
      backup.id,
      backup.folder,
      new Date(backup.takenMs),
      new Date(backup.verifiedMs),
      backup.bytes,
      backup.rows,
      backup.manifestSha256,
    ],
  );
}

export async function markPruned(pool: Queries, desk: string, ids: readonly string[]): Promise<void> {
  await pool.query('update backup set pruned = now() where desk = $1 and id = any($2) and pruned is null', [
    desk,
    ids,
  ]);
}

/** Newest first. */
export async function readBackups(pool: Queries, desk: string, limit = 50): Promise<readonly BackupRow[]> {
  const found = await pool.query<StoredBackup>(
    'select * from backup where desk = $1 order by taken desc limit $2',
    [desk, limit],
  );
  return found.rows.map((row) => ({
    desk: row.desk,
    id: row.id,
    folder: row.folder,
    takenMs: row.taken.getTime(),
    verifiedMs: row.verified.getTime(),
    bytes: Number(row.bytes),
    rows: Number(row.table_rows),
    manifestSha256: row.manifest_sha256,
    prunedMs: row.pruned?.getTime() ?? null,
  }));
}

/** The first outcome of a run counts. */
export async function saveDrill(pool: Queries, drill: DrillRow): Promise<void> {
  await pool.query(
    `insert into restore_drill (desk, workflow_id, first_run_id, backup_id, verdict, detail, finished, took_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (workflow_id, first_run_id) do nothing`,
    [
      drill.desk,
      drill.workflowId,
      drill.firstRunId,
      drill.backupId,
      drill.verdict,
      drill.detail,
      new Date(drill.finishedMs),
      Math.round(drill.tookMs),
    ],
  );
}

/** Newest first. */
export async function readDrills(pool: Queries, desk: string, limit = 50): Promise<readonly DrillRow[]> {
  const found = await pool.query<StoredDrill>(
    'select * from restore_drill where desk = $1 order by finished desc limit $2',
    [desk, limit],
  );
  return found.rows.map((row) => ({
    desk: row.desk,
    workflowId: row.workflow_id,
    firstRunId: row.first_run_id,
    backupId: row.backup_id,
    verdict: row.verdict,
    detail: row.detail,
    finishedMs: row.finished.getTime(),
    tookMs: Number(row.took_ms),
  }));
}

interface StoredBackup {
  readonly desk: string;
  readonly id: string;
  readonly folder: string;
  readonly taken: Date;
  readonly verified: Date;
  readonly bytes: string;
  readonly table_rows: string;
  readonly manifest_sha256: string;
  readonly pruned: Date | null;
}

interface StoredDrill {
  readonly desk: string;
  readonly workflow_id: string;
  readonly first_run_id: string;
  readonly backup_id: string;
  readonly verdict: 'pass' | 'fail';
  readonly detail: string;
  readonly finished: Date;
  readonly took_ms: string;
}
