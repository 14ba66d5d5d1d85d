/** Runs an action that ships with Fermata: a separate workflow, one at a time. */
import {
  ChildWorkflowCancellationType,
  executeChild,
  ParentClosePolicy,
  patched,
  sleep,
} from '@temporalio/workflow';
import {
  BACKUP_TAGS,
  type BackupInput,
  type BackupResult,
  backupLabel,
  drillLabel,
} from '../../../contracts/backup.js';
import { backupWorkflowId, drillWorkflowId, operationsQueue } from '../../../contracts/queues.js';
import { type RoutineStep, SHIPPED_ACTIONS, type ShippedAction } from '../../../contracts/routine.js';
import { CANCEL_ASKED, untilCancelRequest } from '../../cancellation.js';
import { paced } from '../../paced.js';
import type { backup, restoreDrill } from '../backup.js';
import type { StepContext, StepOutcome } from './step.js';

const KEPT_DEFAULT = 14;
const EVIDENCE_MS = 3_600_000;

/** Runs that began before this patch leave the step out if such an action is running already. */
const WAITS = 'an-action-waits-for-the-one-that-runs';
const WAIT_MS_FIRST = 1_000;
const WAIT_MS_EACH = 60_000;
const WAIT_MS_MAX = 2 * 3_600_000;
const DONE = {};

type Given = RoutineStep['with'];

const ACTIONS: Readonly<Record<ShippedAction, (given: Given, context: StepContext) => Promise<StepOutcome>>> =
  {
    backup: (given, context) => {
      const workflowId = backupWorkflowId(context.desk);
      const args: Parameters<typeof backup> = [
        {
          ...common(context),
          verify: true,
          keep: context.backupsKept ?? KEPT_DEFAULT,
          keepDays: context.backupDays ?? null,
          tag: BACKUP_TAGS.find((tag) => tag === given.tag) ?? null,
          offsite: given.s3 === true,
        },
      ];
      const label = backupLabel(context.desk);
      const running = executeChild<typeof backup>('backup', { ...child(context, workflowId, label), args });
      return outcomeOf(workflowId, running, context);
    },
    'restore-drill': (given, context) => {
      const workflowId = drillWorkflowId(context.desk);
      const args: Parameters<typeof restoreDrill> = [
        { ...common(context), backupId: null, lastMonth: given.lastMonth === true },
      ];
      const label = drillLabel(context.desk);
      const running = executeChild<typeof restoreDrill>('restoreDrill', {
        ...child(context, workflowId, label),
        args,
      });
      return outcomeOf(workflowId, running, context);
    },
  };

export const isShipped = (action: string): action is ShippedAction =>
  SHIPPED_ACTIONS.some((one) => one === action);

/** One at a time: two routines may ask for a backup in the same minute, and each gets its own. */
export async function runAction(
  action: ShippedAction,
  given: Given,
  context: StepContext,
): Promise<StepOutcome> {
  const { untilOver = untilCancelRequest } = context;
  const untilMs = Date.now() + WAIT_MS_MAX;
  for (let waitMs = WAIT_MS_FIRST; ; waitMs = Math.min(2 * waitMs, WAIT_MS_EACH)) {
    try {
      return await ACTIONS[action](given, context);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
      const isOver =
        !patched(WAITS) ||
        Date.now() >= untilMs ||
        (await untilOver(sleep(Math.min(paced(waitMs), untilMs - Date.now())).then(() => DONE))) === null;
      if (isOver) return { verdict: 'not_run', observed: 'one runs already', expected: 'one at a time' };
    }
  }
}

function common({
  desk,
  simulated,
  marketMs,
}: StepContext): Omit<BackupInput, 'verify' | 'keep' | 'keepDays' | 'tag' | 'offsite'> {
  return { desk, simulated, marketMs, person: null, evidenceMs: EVIDENCE_MS };
}

function child({ desk }: StepContext, workflowId: string, label: ReturnType<typeof backupLabel>) {
  return {
    workflowId,
    taskQueue: operationsQueue(desk),
    ...label,
    // An action that has begun runs to its end, whatever happens to the routine.
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.ABANDON,
  };
}

async function outcomeOf(
  workflowId: string,
  running: Promise<BackupResult>,
  { untilOver = untilCancelRequest, cancelledBy = CANCEL_ASKED }: StepContext,
): Promise<StepOutcome> {
  const expected = 'every step of it to pass';
  const result = await untilOver(running);
  if (result === null)
    return {
      verdict: 'not_run',
      observed: `${cancelledBy}; ${workflowId} goes on by itself`,
      expected,
      reference: workflowId,
    };
  const { verdict, backupId, detail } = result;
  return {
    verdict,
    observed: backupId === null ? detail : `${backupId}: ${detail}`,
    expected,
    reference: workflowId,
  };
}
