/** What an action that comes with Fermata does: a workflow of its own, one at a time. */
import { ChildWorkflowCancellationType, executeChild, ParentClosePolicy } from '@temporalio/workflow';
import { type BackupInput, type BackupResult, backupLabel, drillLabel } from '../../../contracts/backup.js';
import { backupWorkflowId, drillWorkflowId, operationsQueue } from '../../../contracts/queues.js';
import { SHIPPED_ACTIONS, type ShippedAction } from '../../../contracts/routine.js';
import { CANCEL_ASKED, untilCancelRequest } from '../../cancellation.js';
import type { backup } from '../backup/backup.js';
import type { restoreDrill } from '../backup/restore-drill.js';
import type { StepContext, StepOutcome } from './step.js';

const KEPT_DEFAULT = 14;
const EVIDENCE_MS = 3_600_000;

const ACTIONS: Readonly<Record<ShippedAction, (context: StepContext) => Promise<StepOutcome>>> = {
  backup: (context) => {
    const workflowId = backupWorkflowId(context.desk);
    const args: Parameters<typeof backup> = [
      { ...common(context), verify: true, keep: context.backupsKept ?? KEPT_DEFAULT },
    ];
    const label = backupLabel(context.desk);
    const running = executeChild<typeof backup>('backup', { ...child(context, workflowId, label), args });
    return outcomeOf(workflowId, running, context);
  },
  'restore-drill': (context) => {
    const workflowId = drillWorkflowId(context.desk);
    const args: Parameters<typeof restoreDrill> = [{ ...common(context), backupId: null }];
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

export async function runAction(action: ShippedAction, context: StepContext): Promise<StepOutcome> {
  try {
    return await ACTIONS[action](context);
  } catch (error) {
    if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
    return { verdict: 'not_run', observed: 'one runs already', expected: 'one at a time' };
  }
}

function common({ desk, simulated, marketMs }: StepContext): Omit<BackupInput, 'verify' | 'keep'> {
  return { desk, simulated, marketMs, person: null, evidenceMs: EVIDENCE_MS };
}

function child({ desk }: StepContext, workflowId: string, label: ReturnType<typeof backupLabel>) {
  return {
    workflowId,
    taskQueue: operationsQueue(desk),
    ...label,
    // What was begun is ended properly, whatever becomes of the routine.
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
