/**
 * Makes Temporal's "Cancel" a request to the procedure instead of its end. Workflow code and its handlers never see a
 * cancelled scope (`interceptors.ts`); each workflow type decides what it does with the request.
 */
import { CancellationScope } from '@temporalio/workflow';

let requested = false;
const listeners: (() => void)[] = [];

/** Whether somebody has pressed "Cancel" on this run. */
export function isCancelRequested(): boolean {
  return requested;
}

/** Calls `act` once when cancellation is requested, or at once if it was requested before. */
export function onCancelRequest(act: () => void): void {
  if (requested) act();
  else listeners.push(act);
}

/**
 * Resolves with the result of `work`, or with null if cancellation is requested first; `work` is not awaited
 * after that.
 */
export async function untilCancelRequest<T extends object>(work: Promise<T>): Promise<T | null> {
  const asked = new Promise<null>((resolve) => onCancelRequest(() => resolve(null)));
  // Nobody awaits `work` after a cancel request; it reports its own failure.
  work.catch(() => {});
  return Promise.race([work, asked]);
}

/** For an operation that may stop half way: a request cancels it, and it rejects. */
export function cancellable<T>(work: () => Promise<T>): Promise<T> {
  return CancellationScope.cancellable(() => {
    const scope = CancellationScope.current();
    onCancelRequest(() => scope.cancel());
    return work();
  });
}

/** Called once per run, inside the non-cancellable scope. */
export function followCancelRequests({ cancelRequested }: CancellationScope): void {
  cancelRequested.catch(() => {
    requested = true;
    for (const act of listeners.splice(0)) act();
  });
}

export const CANCEL_ASKED = 'somebody pressed "Cancel" in Temporal';
