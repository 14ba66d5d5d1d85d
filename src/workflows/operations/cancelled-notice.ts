/** Tells people that somebody pressed "Cancel", and what happened as a result. */
import { type ActivityInterfaceFor, workflowInfo } from '@temporalio/workflow';
import type { NoticeSeverity, WokenTopic } from '../../contracts/notice.js';
import type { OperationsActivities } from '../../contracts/operations-activities.js';
import { CANCEL_ASKED } from '../cancellation.js';
import type { EvidenceTrail } from '../evidence-trail.js';

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
