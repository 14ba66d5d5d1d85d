/**
 * Around every workflow of every bundle, so that no type can forget it: procedure, signals and updates run in a scope
 * that nothing cancels. A cancelled activity, timer or child would lose halts, evidence and notices half way. Answers of
 * activities are taken from our own workers only. A start that means nothing is refused. The worker hears that a run has
 * begun, and that it has ended.
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
          // After the workflow's own handlers: signals that came before them are theirs.
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
