import { messageOf } from '../../domain/message-of.js';
import { incidentId } from '../../notify/incident-notice.js';
import { type Reported, reportIncident } from '../../temporal/incidents/report-incident.js';
import { type Caller, notDone, type OperationContext, type OperationResult } from '../operation.js';
import { recordAudit } from '../record-audit.js';

export interface OpenIncidentRequest {
  /** One line; the same title again belongs to the same incident while it lasts. */
  readonly title: string;
  readonly detail: string;
  /** The same report again, after an answer was lost. A new one is drawn where none is given. */
  readonly commandId?: string;
}

export interface IncidentOpened extends OperationResult {
  /** The incident that has it, for whoever wants to answer; null where none took it. */
  readonly incident: string | null;
}

export const TITLE_LENGTH_MAX = 120;
const DETAIL_LENGTH_MAX = 500;
const SUBJECT_LENGTH_MAX = 60;
const PRINTABLE = /^\P{Cc}*$/u;

/** A person or a program reports something. */
export async function openIncident(
  context: OperationContext,
  caller: Caller,
  request: OpenIncidentRequest,
): Promise<IncidentOpened> {
  const unfit = whyUnfit(request);
  if (unfit !== null) return notOpened(`${unfit} Nothing was opened.`);
  const { title, detail, commandId } = request;
  try {
    const reported = await reportIncident(context, {
      kind: 'reported',
      subject: subjectOf(title),
      key: commandId ?? context.newId(),
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
      incident: idOf(reported),
      problems: audit === null ? [] : [audit],
    };
  } catch (error) {
    const why = messageOf(error);
    return notOpened(
      `The incident was not opened: ${why}. The desk stays as it is. Report it again, or press stop.`,
    );
  }
}

const notOpened = (detail: string): IncidentOpened => ({ ...notDone(detail), incident: null });

function idOf({ workflowId, firstRunId }: Reported): string | null {
  return workflowId === null || firstRunId === null ? null : incidentId({ workflowId, firstRunId });
}

function whyUnfit({ title, detail }: OpenIncidentRequest): string | null {
  if (title.length > TITLE_LENGTH_MAX)
    return `Title: expected at most ${TITLE_LENGTH_MAX} characters, found ${title.length}.`;
  if (subjectOf(title) === '') return 'An incident needs a title with letters or digits.';
  if (!PRINTABLE.test(title)) return 'Title: expected one line without control characters.';
  if (detail.length > DETAIL_LENGTH_MAX)
    return `Detail: expected at most ${DETAIL_LENGTH_MAX} characters, found ${detail.length}.`;
  return null;
}

function subjectOf(title: string): string {
  const words = title.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '-');
  return words.replaceAll(/^-|-$/g, '').slice(0, SUBJECT_LENGTH_MAX);
}
