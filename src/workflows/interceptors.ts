/**
 * Wraps every workflow of every bundle, so that no type can forget it. Procedure, signals and updates run in a scope
 * that nothing cancels: a cancelled activity, timer or child would lose halts, evidence and notices half way. Only our
 * own workers' answers to activities are accepted. A start with a meaningless input is refused. The worker hears when a
 * run begins and when it succeeds.
 */
import {
  ApplicationFailure,
  CancellationScope,
  log,
  patched,
  proxySinks,
  scheduleActivity,
  setDefaultSignalHandler,
  sleep,
  uuid4,
  type WorkflowInterceptorsFactory,
  type WorkflowOutboundCallsInterceptor,
  workflowInfo,
} from '@temporalio/workflow';
import { FERMATA_ROUTINE, type RunSinks } from '../contracts/run-label.js';
import { boundActivityId, isAnswerOf } from '../domain/unsealed.js';
import { followCancelRequests } from './cancellation.js';
import { isUnreadableStart, onUnknownSignal, refuseStart } from './strange-requests.js';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [bindAnswers],
  inbound: [
    {
      execute: (input, next) => {
        const root = CancellationScope.current();
        return CancellationScope.nonCancellable(() => {
          followCancelRequests(root);
          sayBegun();
          const ended = isUnreadableStart(input.args) ? refuseStart(input.args) : next(input);
          ended.then(sayEnded, () => undefined);
          // Set after the workflow's own handlers, so that signals that arrived earlier go to those.
          setDefaultSignalHandler(onUnknownSignal);
          return ended;
        });
      },
      handleSignal: (input, next) => CancellationScope.nonCancellable(() => next(input)),
      handleUpdate: (input, next) => CancellationScope.nonCancellable(() => next(input)),
    },
  ],
});

const { runs } = proxySinks<RunSinks>();

function sayBegun(): void {
  const { workflowId, firstExecutionRunId, runId, workflowType, startTime, typedSearchAttributes, unsafe } =
    workflowInfo();
  if (unsafe.isReplayingHistoryEvents) return;
  const routine = typedSearchAttributes.get(FERMATA_ROUTINE) ?? '';
  const startedMs = startTime.getTime();
  runs.begun({ workflowId, firstRunId: firstExecutionRunId, runId, type: workflowType, routine, startedMs });
}

function sayEnded(): void {
  const { workflowId, firstExecutionRunId: firstRunId, unsafe } = workflowInfo();
  if (!unsafe.isReplayingHistoryEvents) runs.ended({ workflowId, firstRunId });
}

/** An impostor that answers every time costs time; after this many forged answers the step fails. */
const FORGED_MAX = 20;
const PAUSE_MS = 500;

/** Whether this run checks answers. Runs that began before `bound-answers` don't, until they end. */
let bound: boolean | null = null;
const forged = new Map<string, number>();

type Schedule = NonNullable<WorkflowOutboundCallsInterceptor['scheduleActivity']>;

/** Gives each activity a random id and accepts only the answer that carries it: docs/SECURITY.md. */
const bindAnswers: { readonly scheduleActivity: Schedule } = {
  // Not async: for runs that began before the patch, one more promise would change the order of their commands.
  scheduleActivity: (input, next) => {
    bound ??= patched('bound-answers');
    return bound ? answered(input, next) : next(input);
  },
};

async function answered(...[input, next]: Parameters<Schedule>): Promise<unknown> {
  const { activityType, args, options } = input;
  const activityId = boundActivityId(uuid4());
  const answer = await next({ ...input, options: { ...options, activityId } });
  if (isAnswerOf(activityType, answer)) {
    forged.delete(activityType);
    return answer.value;
  }
  const times = (forged.get(activityType) ?? 0) + 1;
  forged.set(activityType, times);
  log.warn(`what answered ${activityType} was none of our workers: it is asked again`, { times });
  if (times >= FORGED_MAX) {
    const message = `${activityType} was answered ${times} times by somebody else`;
    throw ApplicationFailure.nonRetryable(message, 'ForgedAnswer');
  }
  await sleep(PAUSE_MS);
  return scheduleActivity(activityType, args, options);
}
