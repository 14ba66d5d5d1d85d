import { messageOf } from '../../domain/message-of.js';
import { type Caller, notDone, type OperationContext, type OperationResult } from '../operation.js';
import { recordAudit } from '../record-audit.js';
import { reportIncident } from './report-incident.js';

export interface OpenIncidentRequest {
  /** One line; the same title again belongs to the same incident while it lasts. */
  readonly title: string;
  readonly detail: string;
}

const SUBJECT_LENGTH_MAX = 60;

/** A person or a program reports something. */
export async function openIncident(
  context: OperationContext,
  caller: Caller,
  { title, detail }: OpenIncidentRequest,
): Promise<OperationResult> {
  const subject = subjectOf(title);
  if (subject === '') return notDone('An incident needs a title with letters or digits. Nothing was opened.');
  try {
    const reported = await reportIncident(context, {
      kind: 'reported',
      subject,
      key: context.newId(),
      source: `${caller.person} (${caller.via})`,
      title,
      detail,
    });
    const what = reported.opened
      ? `The incident "${title}" is open.`
      : `Added to the incident "${title}" that lasts.`;
    const audit = await recordAudit(context, caller, {
      action: 'openIncident',
      parameters: { title, detail },
      outcome: what,
    });
    return {
      ok: true,
      proven: true,
      detail: what,
      haltId: null,
      workflowId: reported.workflowId,
      problems: audit === null ? [] : [audit],
    };
  } catch (error) {
    const why = messageOf(error);
    return notDone(
      `The incident was not opened: ${why}. The desk stays as it is. Report it again, or press stop.`,
    );
  }
}

function subjectOf(title: string): string {
  const words = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return words.replaceAll(/^-|-$/g, '').slice(0, SUBJECT_LENGTH_MAX);
}
