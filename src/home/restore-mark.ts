/**
 * A restore changes nothing of the desk until everything is ready beside it; from then on this mark is in
 * FERMATA_HOME until all of it is in place. A start in between would begin with half of each.
 */
import { join } from 'node:path';
import { readJson } from './read-json.js';

export interface RestoreMark {
  readonly backupId: string;
  readonly desk: string;
  /** Name of the prepared database, beside the desk's. */
  readonly database: string;
  /** Names of the files and folders in `staged` that the backup holds. */
  readonly has: readonly string[];
  /** The accounts stay where they are: the ledger catches up from their journal. */
  readonly databaseOnly?: boolean;
  /** Nothing of Temporal is moved. */
  readonly keepsTemporal: boolean;
  /** Where what was there before goes: a folder, and a database. */
  readonly keptIn: string;
  readonly keptDatabase: string;
}

/** Where a restore prepares everything. */
export const restoreFolder = (home: string): string => join(home, 'restore');
export const restoreMarkFile = (home: string): string => join(restoreFolder(home), 'switch.json');

/** Null: no restore was interrupted while it put things in place. */
export const readRestoreMark = (home: string): RestoreMark | null => readJson(restoreMarkFile(home));
