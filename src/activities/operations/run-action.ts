/**
 * An action that is not a workflow, shipped with Fermata or from the desk's own folder. Only what the desk file says is
 * done, because a run's input came through Temporal.
 */
import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { ACTIONS } from '../../checks/actions/registry.js';
import type { CheckContext } from '../../checks/check.js';
import type { RunOwnAction } from '../../checks/own-actions.js';
import type { RunIdentity } from '../../contracts/evidence.js';
import { FAILURE_NAMES } from '../../contracts/failure-names.js';
import type { ActionRequest, CheckOutcome } from '../../contracts/routine.js';
import { stepLists } from '../../desk/desk-steps.js';
import { withHeartbeat } from '../with-heartbeat.js';
import { boundedOutcome } from './bounded-text.js';

export async function runAction(
  context: CheckContext,
  carryOut: RunOwnAction | undefined,
  { workflowId, firstRunId }: RunIdentity,
  { stepKey, attemptGroup, action, with: given, timeoutSeconds, marketMs }: ActionRequest,
  nowMs: number,
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
  const ours = ACTIONS.get(action);
  const begin =
    ours === undefined
      ? carryOut && ((ending: AbortSignal) => carryOut({ key, action, given, limitMs, ending }))
      : () => ours({ ...context, stepMs: limitMs, marketMs: marketMs ?? nowMs }, given);
  if (begin === undefined)
    throw ApplicationFailure.nonRetryable(`there is no action "${action}"`, FAILURE_NAMES.unknownCheck);
  return boundedOutcome(await withHeartbeat(async (_say, ending) => begin(ending)));
}
