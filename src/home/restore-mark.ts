/**
 * A restore changes nothing of the desk until everything is prepared alongside it. From then on, this mark
 * stays in FERMATA_HOME until everything is in place. A start in between would begin with half of each.
 */
import { join } from 'node:path';
import { readJson, writeJson } from './json-file.js';

export interface RestoreMark {
  readonly backupId: string;
  readonly desk: string;
  /** Name of the prepared database, next to the desk's own. */
  readonly database: string;
  /** Names of those files and folders in `staged` that the backup holds. */
  readonly has: readonly string[];
  /** The accounts stay where they are: the ledger catches up from their journal. */
  readonly databaseOnly?: boolean;
  /** Nothing of Temporal's is moved. */
  readonly keepsTemporal: boolean;
  /** Where the replaced parts are kept: a folder, and a database. */
  readonly keptIn: string;
  readonly keptDatabase: string;
}

/** Where a restore prepares everything. */
export const restoreFolder = (home: string): string => join(home, 'restore');
export const restoreMarkFile = (home: string): string => join(restoreFolder(home), 'switch.json');

/** Null: no restore was interrupted while it put things in place. */
export const readRestoreMark = (home: string): RestoreMark | null => readJson(restoreMarkFile(home));

export interface BackupChoice {
  readonly backupId: string;
  /** Newer backups that are damaged, newest first. */
  readonly passedOver: readonly { readonly id: string; readonly why: string }[];
}

export interface RestoreOutcome {
  readonly restored: boolean;
  /** What was put in place and what was kept, or why nothing was; for people. */
  readonly says: string;
}

export interface RestoreOrder extends BackupChoice {
  /** The same for the same approval, which is carried out only once. */
  readonly key: string;
  /** Who approved. */
  readonly by: string;
  /** Null: not carried out yet. */
  readonly outcome: RestoreOutcome | null;
}

const orderFile = (home: string): string => join(restoreFolder(home), 'order.json');

/**
 * A restore of the database that was approved while the desk runs: ordered from the supervisor, carried out
 * by the process that started the desk once everything has ended, and answered once the desk runs again. Only
 * the newest order is kept. Null: none was ever ordered here.
 */
export const readRestoreOrder = (home: string): RestoreOrder | null => readJson(orderFile(home));

export function writeRestoreOrder(home: string, order: RestoreOrder): void {
  writeJson(orderFile(home), order);
}

/**
 * Called at every start: if something other than the order started the desk, the order must not be carried
 * out later.
 */
export function closeRestoreOrder(home: string): void {
  const order = readRestoreOrder(home);
  if (order === null || order.outcome !== null) return;
  const says = `the restore of backup ${order.backupId} was cut off or given up, and the desk was started again by somebody: the next check says what is there`;
  writeRestoreOrder(home, { ...order, outcome: { restored: false, says } });
}

const restoredRowsFile = (home: string): string => join(restoreFolder(home), 'restored-rows.json');

/**
 * Which rows that give a person access came with the newest restore: on a machine without the key that they
 * were made by they look forged, and are not. Kept outside Postgres, where nobody adds a row of his own.
 */
export const writeRestoredRows = (home: string, keys: readonly string[]): void =>
  writeJson(restoredRowsFile(home), keys);

export function isRestoredRow(home: string, key: string): boolean {
  try {
    return (readJson<readonly string[]>(restoredRowsFile(home)) ?? []).includes(key);
  } catch {
    // The alarm of a forgery must not end on a damaged file.
    return false;
  }
}
