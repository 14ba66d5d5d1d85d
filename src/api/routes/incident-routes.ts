/** Incidents, and the tasks that people are asked to do. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { incidentSchema, incidentShownSchema, taskSchema } from '../../contracts/published.js';
import { MAY_DO_TASKS, MAY_STOP } from '../../domain/people-roles.js';
import {
  incidentAnsweredSchema,
  incidentOpenedSchema,
  ownKindSchema,
  TITLE_LENGTH_MAX,
} from '../../operations/handle-incidents.js';
import { topicOfIncident } from '../../playbooks/registry.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, notFound, refusal, sendProblem } from '../problem-details.js';
import { answer, jsonSchema, problems, reason } from '../schemas/answers.js';
import { callerOf, emptyBody, fromDatabase, idLike, queryOf } from './route-parts.js';

const listSchema = z.object({
  incidents: z.array(
    incidentSchema.extend({ about: z.string().describe('The section of docs/WOKEN.md about it') }),
  ),
  kinds: z.array(ownKindSchema).describe('The desk’s own, which a person may open besides `reported`'),
});

const openSchema = z.strictObject({
  kind: z
    .string()
    .max(60)
    .optional()
    .describe('One of the desk’s own kinds, listed by GET /api/incidents; left out: reported'),
  title: reason
    .min(1)
    .max(TITLE_LENGTH_MAX)
    .describe('One line; the same title again belongs to the same incident'),
  detail: reason.optional(),
});
const answerSchema = z.strictObject({ note: reason.optional() });

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
  answerRoute(app, web, 'acknowledge', 'Say "I have it": ends the escalation');
  answerRoute(app, web, 'resolve', 'Declare it over, whatever its playbook still waits for');
}

function readRoutes(app: FastifyInstance, web: WebDependencies): void {
  const list = {
    summary: 'Incidents: unresolved first, then the newest',
    tags: ['incidents'],
    querystring: queryOf({
      state: { type: 'string', enum: ['open', 'acknowledged', 'resolved'] },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    }),
    response: {
      200: answer('At most `limit`', listSchema),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly state?: 'open' | 'acknowledged' | 'resolved'; readonly limit: number } }>(
    '/api/incidents',
    { schema: list },
    (request, reply) =>
      fromDatabase(reply, 'The incidents', async () => ({
        incidents: (await web.operations.listIncidents(request.query)).map((incident) => ({
          ...incident,
          about: topicOfIncident(incident.kind),
        })),
        kinds: web.operations.ownKinds().map((own) => ({ ...own })),
      })),
  );
  const one = {
    summary: 'One incident with its timeline, occurrences and stored files',
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
    response: { 200: answer('Open', incidentOpenedSchema), ...problems(400, 401, 403, 409) },
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
    response: { 200: answer('It counts', incidentAnsweredSchema), ...problems(400, 401, 403, 404, 409) },
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
        : sendProblem(reply, refusal(result, 'GET /api/incidents shows it as it is.'));
    },
  );
}

const taskDoneSchema = z.object({ task: taskSchema, problems: z.array(z.string()) });

const doneSchema = z.strictObject({
  note: reason.min(1).describe('What was done and found, in words'),
  ticked: z
    .array(z.int().min(1).max(20))
    .max(20)
    .default([])
    .describe('Numbers of the ticked items, from 1; all of them, or it is not done'),
});

interface Done {
  readonly Params: { readonly id: string };
  readonly Body: z.infer<typeof doneSchema>;
}

export function tasksRoutes(app: FastifyInstance, web: WebDependencies): void {
  const list = {
    summary: 'Tasks for people: open ones first, the most urgent first',
    tags: ['people'],
    querystring: queryOf({
      state: { type: 'string', enum: ['open', 'done', 'withdrawn'] },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    }),
    response: {
      200: answer('At most `limit`', z.object({ tasks: z.array(taskSchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly state?: 'open' | 'done' | 'withdrawn'; readonly limit: number } }>(
    '/api/tasks',
    { schema: list },
    (request, reply) =>
      fromDatabase(reply, 'The tasks', async () => ({
        tasks: await web.operations.listTasks(request.query),
      })),
  );
  const done = {
    summary: 'Say that a task is done, and what was found',
    tags: ['people'],
    params: idLike('^[1-9]\\d{0,14}$', 'the number of a task, as GET /api/tasks has it'),
    body: jsonSchema(doneSchema),
    response: { 200: answer('Done', taskDoneSchema), ...problems(400, 401, 403, 404, 409, 503) },
  };
  app.post<Done>('/api/tasks/:id/done', { schema: done, config: { roles: MAY_DO_TASKS } }, (request, reply) =>
    fromDatabase(reply, 'The task', async () => {
      const asked = { id: Number(request.params.id), ...request.body };
      const result = await web.operations.completeTask(callerOf(request), asked);
      if (result.ok) return { task: result.task, problems: result.problems };
      const doThis = 'GET /api/tasks shows the tasks as they are.';
      return sendProblem(reply, refusal(result, doThis));
    }),
  );
}
