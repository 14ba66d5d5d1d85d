import { z } from 'zod';
import {
  INCIDENT_MESSAGES,
  type Incident,
  type IncidentAnswer,
  type IncidentProgress,
} from '../../contracts/incident.js';
import type { Shape } from '../../contracts/json-values.js';
import { causeOf } from '../../domain/message-of.js';
import { MAY_STOP, namesWith } from '../../domain/roles.js';
import { findIncident } from '../../store/incidents.js';
import { askForReason, type Unexplained } from '../ask-for-reason.js';
import type { Caller, OperationContext } from '../operation.js';
import { recordAudit } from '../record-audit.js';
import { signAs } from '../sign-as.js';

export interface IncidentAnswerRequest {
  /** The incident's id, or its fingerprint. */
  readonly incident: string;
  /** Empty if none was given. */
  readonly note: string;
}

export const incidentAnsweredSchema = z.object({ ok: z.boolean(), detail: z.string() });
export type IncidentAnswerResult = Shape<typeof incidentAnsweredSchema>;

const UPDATE_MS = 20_000;
const DECISION_VALID_MS = 5 * 60_000;

/** "I have it": nobody is reminded any more that nobody has answered. */
export function acknowledgeIncident(
  context: OperationContext,
  caller: Caller,
  request: IncidentAnswerRequest,
): Promise<IncidentAnswerResult> {
  return answerIncident(context, caller, request, 'acknowledge');
}

/** A person declares it over, whatever its playbook still waits for. */
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
  if (found === null) return refused('There is no such incident.');
  const why = unfit(context, caller, found);
  const result = why === null ? await send(context, caller, found, request.note, choice) : refused(why);
  const audit = await recordAudit(context, caller, {
    action: `incident:${choice}`,
    parameters: { incident: found.id, fingerprint: found.fingerprint, note: request.note },
    outcome: result.ok ? 'done' : result.detail,
  });
  const problems = audit === null ? [] : [audit];
  // "I have it" needs no explanation; why an incident is over, only the person who said so knows.
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
  if (!namesWith(desk.people, MAY_STOP).includes(person))
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
    return { ok: true, detail: `${what}: ${incident.title}.` };
  } catch (error) {
    return refused(`The answer does not count: ${causeOf(error)}.`);
  }
}

function refused(detail: string): IncidentAnswerResult {
  return { ok: false, detail };
}
