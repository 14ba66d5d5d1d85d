import type { BackupOperationResult } from '../operations/backups.js';
import { outcomeLines, withRun } from './act-on-desk.js';
import { EXIT_FAILED, EXIT_OK } from './failure.js';
import { printJson, printLines } from './output.js';
import { stepLine } from './step-line.js';

/** Returns exit code 0 only if every step passed. */
export function showBackup(what: string, outcome: BackupOperationResult, json: boolean): number {
  if (json) printJson(withRun(outcome));
  else printLines([...(outcome.result?.steps ?? []).map(stepLine), ...outcomeLines(what, outcome)]);
  return outcome.proven ? EXIT_OK : EXIT_FAILED;
}
