/**
 * `backup:<desk>`: makes one backup, reads it back byte by byte, deletes the oldest ones, then sends a copy off the
 * machine if the desk file asks for it. One backup at a time; what a kill leaves behind never counts as a backup.
 */
import {
  type ActivityInterfaceFor,
  condition,
  defineQuery,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  BACKUP_MESSAGES,
  type BackupActivities,
  type BackupInput,
  type BackupResult,
  type DrillInput,
} from '../../contracts/backup.js';
import type { OperationsActivities } from '../../contracts/operations-activities.js';
import { operationsQueue } from '../../contracts/queues.js';
import type { StepResult } from '../../contracts/routine.js';
import { causeOf } from '../../domain/message-of.js';
import { CANCEL_ASKED, cancellable, isCancelRequested, tellCancelled } from '../cancellation.js';
import { EvidenceTrail, runIdentity } from '../evidence-trail.js';
import { showPhase, showVerdict } from '../show.js';
import { recordCalls } from './operations-calls.js';
import { lineOf, recordResult } from './routine/step.js';

const resultQuery = defineQuery<BackupResult | null>(BACKUP_MESSAGES.result);
const ROUTINE = 'backup';

export async function backup(input: BackupInput): Promise<BackupResult> {
  const calls = backupCalls(input.desk);
  const { records, trail, steps, startedMs, ended } = beginRun(input);
  const done = (step: StepResult, beganMs: number, kind: 'check' | 'action', reference: string | null) => {
    steps.push(step);
    recordResult(step, beganMs, { ...input, routine: ROUTINE, attemptGroup: 0, trail, kind, reference });
    showPhase(step.title, steps.map(lineOf));
    return step.verdict === 'pass';
  };

  let backupId: string | null = null;
  try {
    const { tag = null } = input;
    const taken = await cancellable(() =>
      calls.takeBackup({ desk: input.desk, takenMs: startedMs, ...(tag === null ? {} : { tag }) }),
    );
    backupId = taken.backupId;
    const isWhole = done(taken.step, startedMs, 'action', backupId);
    if (backupId !== null && input.verify) {
      const verifyMs = Date.now();
      const reference = { desk: input.desk, backupId };
      const verified = await cancellable(() => calls.verifyBackup(reference));
      const isVerified = done(verified, verifyMs, 'check', backupId);
      const rule = { keep: input.keep, days: input.keepDays ?? null };
      // Older backups stay while this one is incomplete.
      if (isVerified && isWhole) {
        const pruneMs = Date.now();
        done(await calls.pruneBackups({ desk: input.desk, ...rule }), pruneMs, 'action', null);
      }
      if (isVerified && input.offsite === true) {
        const sendMs = Date.now();
        done(await sendAway({ ...reference, ...rule }), sendMs, 'action', backupId);
      }
    }
  } catch (error) {
    const failed = { key: 'ended', title: 'Backup ended early', expected: 'every step to end' } as const;
    const left = leftBy(backupId, steps);
    const observed = isCancelRequested() ? `${CANCEL_ASKED}: ${left}` : causeOf(error);
    done({ ...failed, verdict: 'fail', observed }, startedMs, 'action', backupId);
    if (isCancelRequested()) tellCancelled(trail, records, cancelledBackup(input.desk, left));
  }
  const failed = steps.find(({ verdict }) => verdict === 'fail');
  const notPassed = failed ?? steps.find(({ verdict }) => verdict !== 'pass');
  const verdict = failed ? 'fail' : (notPassed?.verdict ?? 'pass');
  const result = ended({ verdict, backupId, detail: (notPassed ?? steps[0])?.observed ?? '', steps });
  showVerdict(verdict);
  await condition(() => trail.settled);
  return result;
}

/** A failure to send the copy leaves the local backup valid. */
async function sendAway(request: Parameters<BackupActivities['sendBackup']>[0]): Promise<StepResult> {
  try {
    return await cancellable(() => sendingCalls(request.desk).sendBackup(request));
  } catch (error) {
    const observed = isCancelRequested() ? `${CANCEL_ASKED}: no copy of it is away` : causeOf(error);
    return {
      key: 'send',
      title: 'Sent away from this machine',
      verdict: 'fail',
      observed,
      expected: 'a copy that reads back as it was sent',
    };
  }
}

/** What is on the disk is listed, restored and drilled: nobody must be told that it is nothing. */
function leftBy(backupId: string | null, steps: readonly StepResult[]): string {
  if (backupId === null) return 'it was not verified and counts as no backup';
  const isVerified = steps.some(({ key, verdict }) => key === 'verify' && verdict === 'pass');
  return isVerified
    ? `backup ${backupId} is there and was verified; what was to follow was left out`
    : `backup ${backupId} is there, but was not verified`;
}

const cancelledBackup = (desk: string, left: string) =>
  ({
    desk,
    what: 'the backup',
    severity: 'warning',
    text: `It ended early: ${left}. Older ones stay. Read back what is there: fermata backups --verify; or take another: fermata backup --verify.`,
  }) as const;

const DRILL_ROUTINE = 'restore-drill';

/**
 * `drill:<desk>`: a backup counts only once it has been restored. Restores the newest backup (or the requested one) on
 * a scratch server and proves it step by step; then removes that server.
 */
export async function restoreDrill(input: DrillInput): Promise<BackupResult> {
  const { records, trail, steps, startedMs, ended } = beginRun(input);
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
    routine: DRILL_ROUTINE,
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
  const result = ended({ verdict, backupId, detail, steps });
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

/** What either run records as it goes on. `ended`: from then on, a query is answered with that result. */
function beginRun({ desk, evidenceMs }: Pick<BackupInput, 'desk' | 'evidenceMs'>) {
  let result: BackupResult | null = null;
  setHandler(resultQuery, () => result);
  const records = recordCalls(desk, evidenceMs);
  const ended = (of: BackupResult): BackupResult => {
    result = of;
    return of;
  };
  return {
    ...{ records, ended },
    trail: new EvidenceTrail(desk, records),
    steps: [] as StepResult[],
    startedMs: Date.now(),
  };
}

/** Reads and writes a whole database: this takes hours for a large one, with heartbeats throughout. */
function backupCalls(desk: string): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '4 hours',
    scheduleToCloseTimeout: '8 hours',
    heartbeatTimeout: '20 seconds',
    retry: { maximumAttempts: 5, initialInterval: '1 second', maximumInterval: '30 seconds' },
  });
}

/** Retries unreachable storage less and less often; after about two hours the step has failed. */
function sendingCalls(desk: string): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '4 hours',
    scheduleToCloseTimeout: '6 hours',
    heartbeatTimeout: '20 seconds',
    retry: { maximumAttempts: 30, initialInterval: '1 second', maximumInterval: '5 minutes' },
  });
}
