/** An action of the desk's own folder. Only what the desk file says is done: what a run was started with came through Temporal. */
import { isDeepStrictEqual } from 'node:util';
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { RunOwnAction } from '../../checks/own-actions.js';
import type { RunIdentity } from '../../contracts/evidence.js';
import { FAILURE_NAMES } from '../../contracts/failure-names.js';
import type { ActionRequest, CheckOutcome } from '../../contracts/routine.js';
import { stepLists } from '../../desk/desk-steps.js';
import type { Desk } from '../../desk/schema.js';
import { cancelledOrEnding } from '../worker-ends.js';
import { boundedOutcome } from './bounded-text.js';

const BEAT_MS = 2_000;

export async function runAction(
  desk: Desk,
  carryOut: RunOwnAction | undefined,
  activity: Context,
  { workflowId, firstRunId }: RunIdentity,
  { stepKey, attemptGroup, action, with: given, timeoutSeconds }: ActionRequest,
): Promise<CheckOutcome> {
  const isInDeskFile = stepLists(desk).some(({ steps }) =>
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
  if (carryOut === undefined)
    throw ApplicationFailure.nonRetryable(`there is no action "${action}"`, FAILURE_NAMES.unknownCheck);
  const beat = setInterval(() => activity.heartbeat(), BEAT_MS);
  try {
    const outcome = await carryOut({
      key: [workflowId, firstRunId, stepKey, attemptGroup].join(':'),
      action,
      given,
      limitMs: timeoutSeconds * 1_000,
      ending: cancelledOrEnding(activity),
    });
    return boundedOutcome(outcome);
  } finally {
    clearInterval(beat);
  }
}
