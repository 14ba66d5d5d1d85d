/**
 * `drill:<desk>`: a backup counts only once it has been restored. Restores the newest backup (or the requested one) on
 * a scratch server and proves it step by step; then removes that server.
 */
import { condition, defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';
import { BACKUP_MESSAGES, type BackupResult, type DrillInput } from '../../../contracts/backup.js';
import type { StepResult } from '../../../contracts/routine.js';
import { causeOf } from '../../../domain/cause-of.js';
import { CANCEL_ASKED, cancellable, isCancelRequested } from '../../cancellation.js';
import { EvidenceTrail, runIdentity } from '../../evidence-trail.js';
import { showPhase, showVerdict } from '../../show.js';
import { tellCancelled } from '../cancelled-notice.js';
import { recordCalls } from '../operations-calls.js';
import { lineOf, recordResult } from '../routine/step.js';
import { backupCalls } from './calls.js';

const resultQuery = defineQuery<BackupResult | null>(BACKUP_MESSAGES.result);
const ROUTINE = 'restore-drill';

export async function restoreDrill(input: DrillInput): Promise<BackupResult> {
  const records = recordCalls(input.desk, input.evidenceMs);
  const trail = new EvidenceTrail(input.desk, records);
  const steps: StepResult[] = [];
  let result: BackupResult | null = null;
  setHandler(resultQuery, () => result);
  const startedMs = Date.now();
  let { backupId } = input;
  showPhase('Restoring into a scratch server', []);
  try {
    const calls = backupCalls(input.desk);
    const drill = await cancellable(() =>
      calls.restoreBackup({
        desk: input.desk,
        backupId: input.backupId,
        ...(input.lastMonth === true ? { lastMonth: true } : {}),
      }),
    );
    backupId = drill.backupId;
    steps.push(...drill.steps);
  } catch (error) {
    const ended = { key: 'ended', title: 'Drill ended early', expected: 'every step to end' };
    const observed = isCancelRequested() ? `${CANCEL_ASKED}: nothing was proven` : causeOf(error);
    steps.push({ ...ended, verdict: 'fail', observed });
    if (isCancelRequested()) tellCancelled(trail, records, cancelledDrill(input.desk));
  }
  const trace = {
    ...input,
    routine: ROUTINE,
    attemptGroup: 0,
    trail,
    kind: 'check',
    reference: backupId,
  } as const;
  for (const step of steps) recordResult(step, startedMs, trace);
  const failed = steps.find((step) => step.verdict !== 'pass');
  // There was nothing to restore: nothing is proven, and nothing is wrong.
  const isIdle = steps.every((step) => step.verdict === 'not_run');
  const verdict = steps.length === 0 ? 'fail' : isIdle ? 'not_run' : failed ? 'fail' : 'pass';
  const detail = failed
    ? `${failed.title}: ${failed.observed}`
    : steps.map(({ observed }) => observed).join('; ');
  showPhase(`Restore drill of ${backupId ?? 'no backup'}: ${verdict}`, steps.map(lineOf));
  showVerdict(verdict);
  result = { verdict, backupId, detail, steps };
  const { workflowId, firstRunId } = runIdentity(input.desk);
  if (backupId !== null && verdict !== 'not_run') {
    const finishedMs = Date.now();
    const drill = { desk: input.desk, workflowId, firstRunId, backupId, verdict, detail } as const;
    await records
      .recordDrill({ ...drill, finishedMs, tookMs: finishedMs - workflowInfo().startTime.getTime() })
      .catch(() => {});
  }
  await condition(() => trail.settled);
  return result;
}

const cancelledDrill = (desk: string) =>
  ({
    desk,
    what: 'the restore drill',
    severity: 'warning',
    text: 'It proved nothing; the backups stay as they were. Begin it again: fermata drill.',
  }) as const;
