/**
 * A restore of the database that was agreed to while the desk runs: ordered of the supervisor, carried out by the process
 * that started the desk once everything has ended, and answered to whoever asked once it runs again. Only the newest is kept.
 */
import { join } from 'node:path';
import { readJson } from './read-json.js';
import { restoreFolder } from './restore-mark.js';
import { writeJson } from './write-json.js';

export interface BackupChoice {
  readonly backupId: string;
  /** Newer backups that are damaged; the newest first. */
  readonly passedOver: readonly { readonly id: string; readonly why: string }[];
}

export interface RestoreOutcome {
  readonly restored: boolean;
  /** What was put in place and what is kept, or why nothing was; for people. */
  readonly says: string;
}

export interface RestoreOrder extends BackupChoice {
  /** The same for the same agreement: it is carried out once. */
  readonly key: string;
  /** Who agreed. */
  readonly by: string;
  /** Null: not carried out yet. */
  readonly outcome: RestoreOutcome | null;
}

const orderFile = (home: string): string => join(restoreFolder(home), 'order.json');

/** Null: none was ever given here. */
export const readRestoreOrder = (home: string): RestoreOrder | null => readJson(orderFile(home));

export function writeRestoreOrder(home: string, order: RestoreOrder): void {
  writeJson(orderFile(home), order);
}

/** At every start: whoever has started the desk by another way than the order's must not have it carried out later. */
export function closeRestoreOrder(home: string): void {
  const order = readRestoreOrder(home);
  if (order === null || order.outcome !== null) return;
  const says = `the restore of backup ${order.backupId} was cut off or given up, and the desk was started again by somebody: the next look says what is there`;
  writeRestoreOrder(home, { ...order, outcome: { restored: false, says } });
}
