/**
 * `backup:<desk>`: makes one backup, reads it back byte by byte, deletes the oldest ones, then sends a copy off the
 * machine if the desk file asks for it. One backup at a time; what a kill leaves behind never counts as a backup.
 */
import { condition, defineQuery, setHandler } from '@temporalio/workflow';
import {
  BACKUP_MESSAGES,
  type BackupActivities,
  type BackupInput,
  type BackupResult,
} from '../../../contracts/backup.js';
import type { StepResult } from '../../../contracts/routine.js';
import { causeOf } from '../../../domain/cause-of.js';
import { CANCEL_ASKED, cancellable, isCancelRequested } from '../../cancellation.js';
import { EvidenceTrail } from '../../evidence-trail.js';
import { showPhase, showVerdict } from '../../show.js';
import { tellCancelled } from '../cancelled-notice.js';
import { recordCalls } from '../operations-calls.js';
import { lineOf, recordResult } from '../routine/step.js';
import { backupCalls, sendingCalls } from './calls.js';

const resultQuery = defineQuery<BackupResult | null>(BACKUP_MESSAGES.result);
const ROUTINE = 'backup';

export async function backup(input: BackupInput): Promise<BackupResult> {
  const calls = backupCalls(input.desk);
  const records = recordCalls(input.desk, input.evidenceMs);
  const trail = new EvidenceTrail(input.desk, records);
  const steps: StepResult[] = [];
  let result: BackupResult | null = null;
  setHandler(resultQuery, () => result);
  const startedMs = Date.now();
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
    const observed = isCancelRequested()
      ? `${CANCEL_ASKED}: it is not verified and counts as no backup`
      : causeOf(error);
    done({ ...failed, verdict: 'fail', observed }, startedMs, 'action', backupId);
    if (isCancelRequested()) tellCancelled(trail, records, cancelledBackup(input.desk));
  }
  const failed = steps.find(({ verdict }) => verdict === 'fail');
  const notPassed = failed ?? steps.find(({ verdict }) => verdict !== 'pass');
  const verdict = failed ? 'fail' : (notPassed?.verdict ?? 'pass');
  result = { verdict, backupId, detail: (notPassed ?? steps[0])?.observed ?? '', steps };
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

const cancelledBackup = (desk: string) =>
  ({
    desk,
    what: 'the backup',
    severity: 'warning',
    text: 'It ended early and counts as no backup; older ones stay. Take another: fermata backup --verify.',
  }) as const;
