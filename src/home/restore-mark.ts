/**
 * A restore changes nothing of the desk until everything is ready beside it; from then on this mark lies in FERMATA_HOME
 * until all of it is in its place. A start in between would begin with half of each.
 */
import { join } from 'node:path';
import { readJson } from './read-json.js';

export interface RestoreMark {
  readonly backupId: string;
  readonly desk: string;
  /** Of the database that is ready beside the desk's. */
  readonly database: string;
  /** What of `staged` the backup holds: names of files and folders. */
  readonly has: readonly string[];
  /** The accounts stay where they are: the ledger catches up from their journal. */
  readonly databaseOnly?: boolean;
  /** Nothing of Temporal is moved. */
  readonly keepsTemporal: boolean;
  /** What was there goes here: a folder, and a database. */
  readonly keptIn: string;
  readonly keptDatabase: string;
}

/** Where a restore gets everything ready. */
export const restoreFolder = (home: string): string => join(home, 'restore');
export const restoreMarkFile = (home: string): string => join(restoreFolder(home), 'switch.json');

/** Null: no restore was cut off while it put things in their places. */
export const readRestoreMark = (home: string): RestoreMark | null => readJson(restoreMarkFile(home));
