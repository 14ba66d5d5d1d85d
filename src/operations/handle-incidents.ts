/** Incidents: opening them, looking them up and answering them. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import {
  acknowledgedAlready,
  INCIDENT_MESSAGES,
  type Incident,
  type IncidentAnswer,
  type IncidentProgress,
  type IncidentState,
} from '../contracts/incident.js';
import type { Shape } from '../contracts/json-values.js';
import type { IncidentShown } from '../contracts/published.js';
import { contactsFor } from '../desk/notify-schema.js';
import { kindsToOpen, ownIncidents, titleOfOwn } from '../desk/own-incidents.js';
import { closestName } from '../desk/typed-names.js';
import { causeOf, messageOf } from '../domain/message-of.js';
import { hasRole, MAY_STOP, rolesOf } from '../domain/people-roles.js';
import { plainText } from '../domain/plain-text.js';
import { incidentId } from '../notify/button-notices.js';
import { readEvidence } from '../store/evidence-rows.js';
import { findIncident, readAlerts, readIncidentFiles, readIncidents } from '../store/incident-rows.js';
import { readOpenTasksOf } from '../store/task-rows.js';
import { TemporalUnavailable } from '../temporal/open-temporal.js';
import { fingerprintOf, type Reported, reportIncident } from '../temporal/report-incident.js';
import {
  type Caller,
  type MayBeUnknown,
  notDone,
  type OperationContext,
  outcomeSchema,
} from './operation.js';
import { askForReason, recordAudit, type Unexplained } from './record-audit.js';
import { signAs } from './sign-as.js';

export interface OpenIncidentRequest {
  /** One of the desk's own kinds; default: `reported`. */
  readonly kind?: string;
  /** One line. The title of an open incident adds to that one. May be empty for the desk's own kinds. */
  readonly title: string;
  readonly detail: string;
  /** Repeats a report whose answer was lost. A new id is drawn if none is given. */
  readonly commandId?: string;
}

export const incidentOpenedSchema = outcomeSchema.extend({
  /** Null if no incident took the report. */
  incident: z.string().nullable().describe('Its id, to acknowledge or resolve it'),
});
export type IncidentOpened = Shape<typeof incidentOpenedSchema>;

/** A kind of the desk's own, which people may open by its name. */
export const ownKindSchema = z.object({ kind: z.string(), title: z.string() });
export type OwnKindShown = Shape<typeof ownKindSchema>;

export const ownKinds = ({ desk }: Pick<OperationContext, 'desk'>): readonly OwnKindShown[] =>
  [...ownIncidents(desk)].map(([kind, own]) => ({ kind, title: titleOfOwn(kind, own) }));

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
  const { kind = 'reported', detail, commandId } = request;
  const own = ownIncidents(context.desk).get(kind);
  const title = request.title === '' && own !== undefined ? titleOfOwn(kind, own) : request.title;
  const unfit = unknownKind(context.desk, kind) ?? whyUnfit({ title, detail });
  if (unfit !== null) return notOpened(`${unfit} Nothing was opened.`);
  try {
    const subject = own === undefined ? subjectOf(title) : '';
    const reported = await reportIncident(context, {
      kind,
      subject,
      key: commandId ?? context.newId(),
      source: `${caller.person} (${caller.via})`,
      title,
      // An open incident keeps its title.
      detail: own === undefined || request.title === '' ? detail : [title, detail].filter(Boolean).join(': '),
    });
    const what = reported.opened
      ? `The incident "${title}" is open.`
      : await addedTo(context, reported, fingerprintOf(context.desk.desk, { kind, subject }));
    const audit = await recordAudit(context, caller, {
      action: 'openIncident',
      parameters: { ...(own === undefined ? {} : { kind }), title, detail },
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

/** Names the incident by the title that it was opened with, unless Postgres does not answer. */
async function addedTo({ pool, desk }: Store, reported: Reported, fingerprint: string): Promise<string> {
  const found = await findIncident(pool, desk.desk, idOf(reported) ?? fingerprint).catch(() => null);
  const named = found === null ? '' : ` "${found.title}"`;
  return `Added to the incident${named} that lasts.`;
}

function idOf({ workflowId, firstRunId }: Reported): string | null {
  return workflowId === null || firstRunId === null ? null : incidentId({ workflowId, firstRunId });
}

function unknownKind(desk: OperationContext['desk'], kind: string): string | null {
  const known = kindsToOpen(desk, 'reported');
  if (known.includes(kind)) return null;
  const near = closestName(kind, known);
  const found = `Kind: expected one of ${known.join(', ')}, found ${plainText(kind.slice(0, 60))}.`;
  return near === null ? found : `${found} Write ${near}.`;
}

function whyUnfit({ title, detail }: Pick<OpenIncidentRequest, 'title' | 'detail'>): string | null {
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

type Store = Pick<OperationContext, 'pool' | 'desk'>;

export interface IncidentQuery {
  readonly state?: IncidentState;
  readonly limit?: number;
}

/** Open ones first, then the newest. Rejects while Postgres is down. */
export function listIncidents(
  { pool, desk }: Store,
  options: IncidentQuery = {},
): Promise<readonly Incident[]> {
  return readIncidents(pool, desk.desk, options);
}

/** `incident`: its id or fingerprint. Null if there is none; rejects while Postgres is down. */
export async function readIncident({ pool, desk }: Store, incident: string): Promise<IncidentShown | null> {
  const found = await findIncident(pool, desk.desk, incident);
  if (found === null) return null;
  const { workflowId, firstRunId } = found;
  const [evidence, alerts, files, tasks] = await Promise.all([
    readEvidence(pool, { desk: desk.desk, workflowId, firstRunId }),
    readAlerts(pool, found),
    readIncidentFiles(pool, found),
    readOpenTasksOf(pool, found),
  ]);
  const timeline = evidence
    .map(({ id, finishedMs, name, verdict, observed, expected, person, stepKey }) => ({
      stepKey,
      entry: { atMs: finishedMs, name, verdict, observed, expected, person, evidenceId: id },
    }))
    // Step keys are numbered in the order in which things happened; later entries from elsewhere have a name instead.
    .sort((a, b) => (a.stepKey < b.stepKey ? -1 : 1))
    .map(({ entry }) => entry);
  return { ...found, timeline, alerts, files, tasks, contacts: contactsFor(desk, found.kind) };
}

export interface IncidentAnswerRequest {
  /** The incident's id, or its fingerprint. */
  readonly incident: string;
  /** Empty if none was given. */
  readonly note: string;
}

export const incidentAnsweredSchema = z.object({ ok: z.boolean(), detail: z.string() });
export type IncidentAnswerResult = Shape<typeof incidentAnsweredSchema> & MayBeUnknown;

const UPDATE_MS = 20_000;
const DECISION_VALID_MS = 5 * 60_000;

/** "I have it": people are no longer reminded that nobody has answered. */
export function acknowledgeIncident(
  context: OperationContext,
  caller: Caller,
  request: IncidentAnswerRequest,
): Promise<IncidentAnswerResult> {
  return answerIncident(context, caller, request, 'acknowledge');
}

/** Declares the incident over, whatever its playbook still waits for. */
export function resolveIncident(
  context: OperationContext,
  caller: Caller,
  request: IncidentAnswerRequest,
): Promise<IncidentAnswerResult> {
  return answerIncident(context, caller, request, 'resolve');
}

async function answerIncident(
  context: OperationContext,
  caller: Caller,
  request: IncidentAnswerRequest,
  choice: 'acknowledge' | 'resolve',
): Promise<IncidentAnswerResult> {
  const found = await findIncident(context.pool, context.desk.desk, request.incident).catch(causeOf);
  if (typeof found === 'string')
    return refused(`Postgres does not answer (${found}). Nothing was changed. Answer again later.`);
  if (found === null)
    return {
      ...refused(
        `There is no incident ${JSON.stringify(request.incident)}: the list of incidents names each one.`,
      ),
      reason: 'unknown',
    };
  const why = unfit(context, caller, found);
  const result = why === null ? await send(context, caller, found, request.note, choice) : refused(why);
  const audit = await recordAudit(context, caller, {
    action: `incident:${choice}`,
    parameters: { incident: found.id, fingerprint: found.fingerprint, note: request.note },
    outcome: result.ok ? 'done' : result.detail,
  });
  const problems = audit === null ? [] : [audit];
  // "I have it" needs no explanation; only the person who declares an incident over knows why it is.
  const said =
    choice === 'acknowledge'
      ? { ...result, problems }
      : await askForReason(context, caller, whyOver(found, request.note), { ...result, problems });
  return { ok: said.ok, detail: [said.detail, ...said.problems].join(' ') };
}

const whyOver = ({ id, title }: Incident, reason: string): Unexplained => ({
  did: `declared the incident "${title}" over`,
  commandId: `resolve:${id}`,
  reason,
});

function unfit({ desk }: OperationContext, { person }: Caller, { state, outcome }: Incident): string | null {
  if (!hasRole({ roles: rolesOf(desk.people, person) }, MAY_STOP))
    return `${person} may not answer for this desk: it needs the role ${MAY_STOP.join(' or ')}.`;
  return state === 'resolved' ? `It is over already: ${outcome}.` : null;
}

async function send(
  context: OperationContext,
  caller: Caller,
  incident: Incident,
  note: string,
  choice: 'acknowledge' | 'resolve',
): Promise<IncidentAnswerResult> {
  const decision = signAs(context, caller, {
    decisionId: context.newId(),
    choice,
    subject: incident.firstRunId,
    expiresWallMs: context.nowMs() + DECISION_VALID_MS,
  });
  try {
    const progress = await context.temporal.within(UPDATE_MS, (client) =>
      client.workflow
        .getHandle(incident.workflowId, undefined, { firstExecutionRunId: incident.firstRunId })
        .executeUpdate<IncidentProgress, [IncidentAnswer]>(INCIDENT_MESSAGES[choice], {
          args: [{ decision, note }],
          updateId: decision.decisionId,
        }),
    );
    const what =
      choice === 'acknowledge' ? `${progress.acknowledgedBy} has it` : `${caller.person} declared it over`;
    // It may have ended while the answer was verified.
    if (choice === 'acknowledge' && progress.outcome !== null)
      return refused(`It is over already: ${progress.outcome}.`);
    return { ok: true, detail: `${what}: ${incident.title}.` };
  } catch (error) {
    return whyNotTaken(error, caller, incident);
  }
}

function whyNotTaken(error: unknown, { person }: Caller, { title }: Incident): IncidentAnswerResult {
  if (error instanceof TemporalUnavailable)
    return refused(`Whether the answer counts is not known: ${error.message}. Answer again later.`);
  if (error instanceof WorkflowNotFoundError)
    return refused(
      'Its run has ended, so nobody waits for an answer: the list of incidents says how it ended.',
    );
  const why = causeOf(error);
  // The answer to a first tap may have been lost.
  if (why === acknowledgedAlready(person)) return { ok: true, detail: `${person} has it: ${title}.` };
  return refused(`The answer does not count: ${why}.`);
}

function refused(detail: string): IncidentAnswerResult {
  return { ok: false, detail };
}
