import { drillLabel } from '../../contracts/backup.js';
import { drillWorkflowId } from '../../contracts/queues.js';
import type { Caller, OperationContext } from '../operation.js';
import { type BackupOperationResult, runBackupWorkflow } from './backup-run.js';

export interface DrillRequest {
  /** Null: the newest backup. */
  readonly backupId: string | null;
  readonly patienceMs: number;
}

/** Proven: restored on a scratch server, and everything equal. The desk itself is not touched. */
export function drillRestore(
  context: OperationContext,
  caller: Caller,
  { backupId, patienceMs }: DrillRequest,
): Promise<BackupOperationResult> {
  const { desk } = context;
  return runBackupWorkflow(context, caller, {
    type: 'restoreDrill',
    workflowId: drillWorkflowId(desk.desk),
    label: drillLabel(desk.desk),
    patienceMs,
    input: { backupId },
  });
}
