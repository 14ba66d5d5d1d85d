import { type BackupTag, backupLabel } from '../../contracts/backup.js';
import { backupWorkflowId } from '../../contracts/queues.js';
import type { Caller, OperationContext } from '../operation.js';
import { type BackupOperationResult, runBackupWorkflow } from './backup-run.js';

export interface TakeBackupRequest {
  /** Reads everything back afterwards. Only a backup that was counts as one. */
  readonly verify: boolean;
  /** Null, as where nothing is said: an everyday one. */
  readonly tag?: BackupTag | null;
  /** Sends it to the storage of the desk file, too. */
  readonly offsite?: boolean;
  readonly patienceMs: number;
}

/** Proven: every step passed. One that runs already is waited for. */
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
