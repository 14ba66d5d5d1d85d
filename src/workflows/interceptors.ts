/**
 * Wraps every workflow of every bundle, so that no type can forget it. Procedure, signals and updates run in a scope
 * that nothing cancels: a cancelled activity, timer or child would lose halts, evidence and notices half way. Only our
 * own workers' answers to activities are accepted. A start with a meaningless input is refused. The worker hears when a
 * run begins and when it ends.
 */
import {
  CancellationScope,
  proxySinks,
  setDefaultSignalHandler,
  type WorkflowInterceptorsFactory,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunSinks } from '../contracts/run-sinks.js';
import { FERMATA_ROUTINE } from '../contracts/search-attributes.js';
import { bindAnswers } from './bound-answers.js';
import { followCancelRequests } from './cancellation.js';
import { onUnknownSignal } from './unknown-signals.js';
import { isUnreadableStart, refuseStart } from './unreadable-starts.js';

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
