/**
 * Shipped actions that finish within their step; repeating one does no harm. To add one, add a file and a
 * line.
 */
import type { CheckOutcome } from '../../contracts/routine.js';
import type { StepPart } from '../../desk/step-parts.js';
import type { ReportContext } from '../../reports/report.js';
import { removeOldBackups, removeOldLogs, vacuum } from './make-room.js';
import { tradingJournal } from './trading-journal.js';

export const ACTIONS: ReadonlyMap<string, StepPart<ReportContext, CheckOutcome>> = new Map([
  ['trading-journal', tradingJournal],
  ['vacuum', vacuum],
  ['remove-old-logs', removeOldLogs],
  ['remove-old-backups', removeOldBackups],
]);
