import { type BackupTag, backupLabel } from '../../contracts/backup.js';
import { backupWorkflowId } from '../../contracts/queues.js';
import type { Caller, OperationContext } from '../operation.js';
import { type BackupOperationResult, runBackupWorkflow } from './backup-run.js';

export interface TakeBackupRequest {
  /** Reads everything back afterwards. Only a verified backup counts as one. */
  readonly verify: boolean;
  /** Null or absent: an everyday backup. */
  readonly tag?: BackupTag | null;
  /** Also sends a copy to the storage in the desk file. */
  readonly offsite?: boolean;
  readonly patienceMs: number;
}

/** Proven: every step passed. If one is running already, waits for that one. */
export async function takeBackup(
  context: OperationContext,
  caller: Caller,
  { verify, tag = null, offsite = false, patienceMs }: TakeBackupRequest,
): Promise<BackupOperationResult> {
  const { desk } = context;
  const outcome = await runBackupWorkflow(context, caller, {
    type: 'backup',
    workflowId: backupWorkflowId(desk.desk),
    label: backupLabel(desk.desk),
    patienceMs,
    input: { verify, keep: desk.backup.keep, keepDays: desk.backup.days ?? null, tag, offsite },
  });
  if (!offsite || outcome.result === null || outcome.result.steps.some(({ key }) => key === 'send'))
    return outcome;
  const detail = `${outcome.detail}. It was not sent away: it failed before that, or had begun without being asked to.`;
  return { ...outcome, proven: false, detail };
}
