import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Incident } from '../../contracts/incident.js';
import { wallMs } from '../../contracts/json-values.js';
import { MAY_STOP } from '../../domain/roles.js';
import type { IncidentShown } from '../../operations/incidents/list-incidents.js';
import { type IncidentOpened, TITLE_LENGTH_MAX } from '../../operations/incidents/open-incident.js';
import { outcomeSchema } from '../../operations/operation.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, notFound, sendProblem } from '../problem.js';
import { reason } from '../schemas/emergency.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { callerOf, emptyBody } from './caller.js';
import { fromDatabase } from './from-database.js';

/** The desk file defines kinds and severities. */
const incidentSchema = z.object({
  desk: z.string(),
  workflowId: z.string(),
  firstRunId: z.string(),
  id: z.string(),
  fingerprint: z.string().describe('One incident at a time has it'),
  kind: z.string(),
  subject: z.string(),
  severity: z.enum(['critical', 'high', 'medium', 'low']),
  title: z.string(),
  detail: z.string(),
  state: z.enum(['open', 'acknowledged', 'resolved']),
  phase: z.string().describe('What its playbook is doing'),
  openedMs: wallMs,
  respondByMs: wallMs,
  escalations: z.number(),
  acknowledgedMs: wallMs.nullable(),
  acknowledgedBy: z.string().nullable(),
  resolvedMs: wallMs.nullable(),
  resolvedBy: z.string().nullable(),
  outcome: z.string().describe('How it ended; empty while it lasts'),
  simulated: z.boolean(),
  revision: z.number().describe('Grows with each change'),
}) satisfies z.ZodType<Omit<Incident, 'kind'>>;

const incidentShownSchema = incidentSchema.extend({
  timeline: z
    .array(
      z.object({
        atMs: wallMs,
        name: z.string(),
        verdict: z.string(),
        observed: z.string(),
        expected: z.string(),
        person: z.string().nullable(),
        evidenceId: z.number(),
      }),
    )
    .describe('Oldest first'),
  alerts: z
    .array(
      z.object({
        key: z.string(),
        source: z.string(),
        detail: z.string(),
        firstMs: wallMs,
        lastMs: wallMs,
        times: z.number(),
      }),
    )
    .describe('What was seen'),
  files: z
    .array(z.object({ name: z.string(), content: z.string(), sha256: z.string() }))
    .describe('What was kept, for example the last lines of a log'),
}) satisfies z.ZodType<Omit<IncidentShown, 'kind'>>;

const listSchema = z.object({
  incidents: z.array(incidentSchema),
  kinds: z
    .array(z.object({ kind: z.string(), title: z.string() }))
    .describe('The desk’s own, which a person may open beside reported'),
});

const openSchema = z.strictObject({
  kind: z
    .string()
    .max(60)
    .optional()
    .describe('One of the desk’s own kinds, which GET /api/incidents lists; left out: reported'),
  title: reason
    .min(1)
    .max(TITLE_LENGTH_MAX)
    .describe('One line; the same title again belongs to the same incident'),
  detail: reason.optional(),
});
const answerSchema = z.strictObject({ note: reason.optional() });
const openedSchema = outcomeSchema.extend({
  incident: z.string().nullable().describe('Its id, to acknowledge or resolve it'),
}) satisfies z.ZodType<IncidentOpened>;
const answeredSchema = z.object({ ok: z.boolean(), detail: z.string() });

const params = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', minLength: 1, maxLength: 200 } },
} as const;

interface Named {
  readonly Params: { readonly id: string };
}

export function incidentsRoutes(app: FastifyInstance, web: WebDependencies): void {
  readRoutes(app, web);
  openRoute(app, web);
  answerRoute(app, web, 'acknowledge', 'Say "I have it": nobody is told again that nobody answers');
  answerRoute(app, web, 'resolve', 'Declare it over, whatever its playbook still waits for');
}

function readRoutes(app: FastifyInstance, web: WebDependencies): void {
  const list = {
    summary: 'Incidents: those that last first, then the newest',
    tags: ['incidents'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { state: { type: 'string', enum: ['open', 'acknowledged', 'resolved'] } },
    },
    response: {
      200: answer('At most 100', listSchema),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly state?: 'open' | 'acknowledged' | 'resolved' } }>(
    '/api/incidents',
    { schema: list },
    (request, reply) =>
      fromDatabase(reply, 'The incidents', async () => ({
        incidents: await web.operations.listIncidents(request.query),
        kinds: web.operations.ownKinds().map((own) => ({ ...own })),
      })),
  );
  const one = {
    summary: 'One incident with its timeline, what was seen and what was kept',
    tags: ['incidents'],
    params,
    response: { 200: answer('The incident', incidentShownSchema), ...problems(400, 401, 404, 503) },
  };
  app.get<Named>('/api/incidents/:id', { schema: one }, (request, reply) =>
    fromDatabase(reply, 'The incidents', async () => {
      const found = await web.operations.readIncident(request.params.id);
      return (
        found ?? sendProblem(reply, notFound('There is no such incident.', 'GET /api/incidents lists them.'))
      );
    }),
  );
}

function openRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Report an incident',
    tags: ['incidents'],
    body: jsonSchema(openSchema),
    response: { 200: answer('Open', openedSchema), ...problems(400, 401, 403, 409) },
  };
  app.post<{ Body: z.infer<typeof openSchema> }>(
    '/api/incidents',
    { schema, config: { roles: MAY_STOP } },
    async (request, reply) => {
      const { title, detail = '', kind } = request.body;
      const asked = { title, detail, ...(kind === undefined ? {} : { kind }) };
      const outcome = await web.operations.openIncident(callerOf(request), asked);
      return outcome.ok ? outcome : sendProblem(reply, notDone(outcome.detail, 'Try again, or press stop.'));
    },
  );
}

function answerRoute(
  app: FastifyInstance,
  web: WebDependencies,
  choice: 'acknowledge' | 'resolve',
  summary: string,
): void {
  const schema = {
    summary,
    tags: ['incidents'],
    params,
    body: jsonSchema(answerSchema),
    response: { 200: answer('It counts', answeredSchema), ...problems(400, 401, 403, 409) },
  };
  app.post<Named & { Body: z.infer<typeof answerSchema> }>(
    `/api/incidents/:id/${choice}`,
    { schema, preValidation: emptyBody, config: { roles: MAY_STOP } },
    async (request, reply) => {
      const asked = { incident: request.params.id, note: request.body.note?.trim() ?? '' };
      const { acknowledgeIncident, resolveIncident } = web.operations;
      const answerIt = choice === 'acknowledge' ? acknowledgeIncident : resolveIncident;
      const result = await answerIt(callerOf(request), asked);
      return result.ok
        ? result
        : sendProblem(reply, notDone(result.detail, 'GET /api/incidents shows it as it is.'));
    },
  );
}
