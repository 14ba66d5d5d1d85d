import { backupLabel } from '../../contracts/backup.js';
import { backupWorkflowId } from '../../contracts/queues.js';
import type { Caller, OperationContext } from '../operation.js';
import { type BackupOperationResult, runBackupWorkflow } from './backup-run.js';

export interface TakeBackupRequest {
  /** Reads everything back afterwards. Only a backup that was counts as one. */
  readonly verify: boolean;
  readonly patienceMs: number;
}

/** Proven: every step passed. One that runs already is waited for. */
export function takeBackup(
  context: OperationContext,
  caller: Caller,
  { verify, patienceMs }: TakeBackupRequest,
): Promise<BackupOperationResult> {
  const { desk } = context;
  return runBackupWorkflow(context, caller, {
    type: 'backup',
    workflowId: backupWorkflowId(desk.desk),
    label: backupLabel(desk.desk),
    patienceMs,
    input: { verify, keep: desk.backup.keep },
  });
}
