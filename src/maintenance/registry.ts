/** Every upkeep that a desk file can name as an `action`. */
import type { Maintenance } from './maintenance.js';
import { removeOldBackups } from './remove-old-backups.js';
import { removeOldLogs } from './remove-old-logs.js';
import { vacuum } from './vacuum.js';

export const MAINTENANCE: ReadonlyMap<string, Maintenance> = new Map([
  ['vacuum', vacuum],
  ['remove-old-logs', removeOldLogs],
  ['remove-old-backups', removeOldBackups],
]);
