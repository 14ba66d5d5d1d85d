/**
 * Around every workflow of every bundle, so that no type can forget it: procedure, signals and updates run in a scope
 * that nothing cancels. A cancelled activity, timer or child would lose halts, evidence and notices half way. Answers of
 * activities are taken from our own workers only.
 */
import {
  CancellationScope,
  setDefaultSignalHandler,
  type WorkflowInterceptorsFactory,
} from '@temporalio/workflow';
import { bindAnswers } from './bound-answers.js';
import { followCancelRequests } from './cancellation.js';
import { onUnknownSignal } from './unknown-signals.js';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [bindAnswers],
  inbound: [
    {
      execute: (input, next) => {
        const root = CancellationScope.current();
        return CancellationScope.nonCancellable(() => {
          followCancelRequests(root);
          const ended = next(input);
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
