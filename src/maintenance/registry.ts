/** Every upkeep that a desk file can name as an `action`. */
import type { Maintenance } from './maintenance.js';
import { removeOldBackups, removeOldLogs, vacuum } from './make-room.js';

export const MAINTENANCE: ReadonlyMap<string, Maintenance> = new Map([
  ['vacuum', vacuum],
  ['remove-old-logs', removeOldLogs],
  ['remove-old-backups', removeOldBackups],
]);
