/**
 * Temporal's "Cancel" as a request to a procedure, not as the end of what it does: workflow code and its handlers never
 * see a cancelled scope (`interceptors.ts`), and each type of workflow says here what it makes of the request.
 */
import { CancellationScope } from '@temporalio/workflow';

let requested = false;
const listeners: (() => void)[] = [];

/** Somebody has pressed "Cancel" on this run. */
export function isCancelRequested(): boolean {
  return requested;
}

/** `act` is called once; at once where it was asked for before. */
export function onCancelRequest(act: () => void): void {
  if (requested) act();
  else listeners.push(act);
}

/** What `work` gives; null where it is asked to cancel first: then nobody waits for it any longer. */
export async function untilCancelRequest<T extends object>(work: Promise<T>): Promise<T | null> {
  const asked = new Promise<null>((resolve) => onCancelRequest(() => resolve(null)));
  // Of what is no longer waited for, a failure is told by itself.
  work.catch(() => {});
  return Promise.race([work, asked]);
}

/** For what may end half way: `work` is cancelled on request, and rejects then. */
export function cancellable<T>(work: () => Promise<T>): Promise<T> {
  return CancellationScope.cancellable(() => {
    const scope = CancellationScope.current();
    onCancelRequest(() => scope.cancel());
    return work();
  });
}

/** Called once a run, inside the scope that nothing cancels. */
export function followCancelRequests({ cancelRequested }: CancellationScope): void {
  cancelRequested.catch(() => {
    requested = true;
    for (const act of listeners.splice(0)) act();
  });
}

export const CANCEL_ASKED = 'somebody pressed "Cancel" in Temporal';
