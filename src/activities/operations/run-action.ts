/** Upkeep, or an action of the desk's own folder. Only what the desk file says is done: what a run was started with came through Temporal. */
import { isDeepStrictEqual } from 'node:util';
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { RunOwnAction } from '../../checks/own-actions.js';
import type { RunIdentity } from '../../contracts/evidence.js';
import { FAILURE_NAMES } from '../../contracts/failure-names.js';
import type { ActionRequest, CheckOutcome } from '../../contracts/routine.js';
import { stepLists } from '../../desk/desk-steps.js';
import type { MaintenanceContext } from '../../maintenance/maintenance.js';
import { MAINTENANCE } from '../../maintenance/registry.js';
import { cancelledOrEnding } from '../worker-ends.js';
import { boundedOutcome } from './bounded-text.js';

const BEAT_MS = 2_000;

export async function runAction(
  context: MaintenanceContext,
  carryOut: RunOwnAction | undefined,
  activity: Context,
  { workflowId, firstRunId }: RunIdentity,
  { stepKey, attemptGroup, action, with: given, timeoutSeconds }: ActionRequest,
): Promise<CheckOutcome> {
  const isInDeskFile = stepLists(context.desk).some(({ steps }) =>
    steps.some(
      (step) =>
        step.action === action &&
        step.timeoutSeconds === timeoutSeconds &&
        isDeepStrictEqual(step.with, given),
    ),
  );
  if (!isInDeskFile) {
    const observed = 'the desk file has no such step now; nothing was begun';
    return { verdict: 'not_run', observed, expected: 'a step of the desk file' };
  }
  const limitMs = timeoutSeconds * 1_000;
  const key = [workflowId, firstRunId, stepKey, attemptGroup].join(':');
  const upkeep = MAINTENANCE.get(action);
  const begin =
    upkeep === undefined
      ? carryOut && (() => carryOut({ key, action, given, limitMs, ending: cancelledOrEnding(activity) }))
      : () => upkeep({ ...context, stepMs: limitMs }, given);
  if (begin === undefined)
    throw ApplicationFailure.nonRetryable(`there is no action "${action}"`, FAILURE_NAMES.unknownCheck);
  const beat = setInterval(() => activity.heartbeat(), BEAT_MS);
  try {
    return boundedOutcome(await begin());
  } finally {
    clearInterval(beat);
  }
}
