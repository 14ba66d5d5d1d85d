/**
 * Makes Temporal's "Cancel" a request to the procedure instead of its end, and tells people of it. Workflow
 * code and its handlers never see a cancelled scope (`interceptors.ts`); each workflow type decides what it
 * does with the request.
 */
import { type ActivityInterfaceFor, CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { NoticeSeverity, WokenTopic } from '../contracts/notice.js';
import type { OperationsActivities } from '../contracts/operations-activities.js';
import type { EvidenceTrail } from './evidence-trail.js';

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

interface Cancelled {
  readonly desk: string;
  /** What was cancelled, for example "the backup". */
  readonly what: string;
  readonly severity: NoticeSeverity;
  /** The section of docs/WOKEN.md, if the notice is critical. */
  readonly about?: WokenTopic;
  /** What happened as a result, and what people can do. */
  readonly text: string;
}

/** Sends the notice once per run. The workflow waits for it only at its end. */
export function tellCancelled(
  trail: EvidenceTrail,
  records: Pick<ActivityInterfaceFor<OperationsActivities>, 'notify'>,
  { desk, what, severity, about, text }: Cancelled,
): void {
  const { workflowId, runId } = workflowInfo();
  const told = records.notify.executeWithOptions({ summary: 'Tell people that it was cancelled' }, [
    {
      desk,
      event: 'warning',
      severity,
      ...(about === undefined ? {} : { about }),
      title: `${desk}: somebody cancelled ${what}`,
      text: `${CANCEL_ASKED} on ${workflowId}. ${text}`,
      fingerprint: `cancelled:${workflowId}:${runId}`,
      audience: ['operator', 'approver'],
    },
  ]);
  trail.keep('telling that it was cancelled', told);
}
