/**
 * A restore of the database that was approved while the desk runs: ordered from the supervisor, carried out by the
 * process that started the desk once everything has ended, and answered once the desk runs again. Only the newest
 * order is kept.
 */
import { join } from 'node:path';
import { readJson } from './read-json.js';
import { restoreFolder } from './restore-mark.js';
import { writeJson } from './write-json.js';

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

/** Null: none was ever ordered here. */
export const readRestoreOrder = (home: string): RestoreOrder | null => readJson(orderFile(home));

export function writeRestoreOrder(home: string, order: RestoreOrder): void {
  writeJson(orderFile(home), order);
}

/**
 * Called at every start: if the desk was started in another way than by the order, the order must not be carried out
 * later.
 */
export function closeRestoreOrder(home: string): void {
  const order = readRestoreOrder(home);
  if (order === null || order.outcome !== null) return;
  const says = `the restore of backup ${order.backupId} was cut off or given up, and the desk was started again by somebody: the next look says what is there`;
  writeRestoreOrder(home, { ...order, outcome: { restored: false, says } });
}
