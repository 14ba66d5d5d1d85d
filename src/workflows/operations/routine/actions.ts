/** What an action of a routine does: a workflow of its own, one at a time. */
import { executeChild, ParentClosePolicy } from '@temporalio/workflow';
import { backupWorkflowId, drillWorkflowId, operationsQueue } from '../../queues.js';
import type { backup } from '../backup/backup.js';
import { type BackupInput, type BackupResult, backupLabel, drillLabel } from '../backup/contract.js';
import type { restoreDrill } from '../backup/restore-drill.js';
import type { RoutineAction } from './contract.js';
import type { StepContext, StepOutcome } from './run-steps.js';

const KEPT_DEFAULT = 14;
const EVIDENCE_MS = 3_600_000;

const ACTIONS: Readonly<Record<RoutineAction, (context: StepContext) => Promise<StepOutcome>>> = {
  backup: async (context) => {
    const { desk } = context;
    const args: Parameters<typeof backup> = [
      { ...common(context), verify: true, keep: context.backupsKept ?? KEPT_DEFAULT },
    ];
    const workflowId = backupWorkflowId(desk);
    return outcomeOf(
      workflowId,
      await executeChild<typeof backup>('backup', {
        ...child(context, workflowId, backupLabel(desk)),
        args,
      }),
    );
  },
  'restore-drill': async (context) => {
    const args: Parameters<typeof restoreDrill> = [{ ...common(context), backupId: null }];
    const workflowId = drillWorkflowId(context.desk);
    const result = await executeChild<typeof restoreDrill>('restoreDrill', {
      ...child(context, workflowId, drillLabel(context.desk)),
      args,
    });
    return outcomeOf(workflowId, result);
  },
};

export async function runAction(action: RoutineAction, context: StepContext): Promise<StepOutcome> {
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
  };
}

function outcomeOf(workflowId: string, { verdict, backupId, detail }: BackupResult): StepOutcome {
  return {
    verdict,
    observed: backupId === null ? detail : `${backupId}: ${detail}`,
    expected: 'every step of it to pass',
    reference: workflowId,
  };
}
