import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { taskSchema } from '../../contracts/published.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import type { WebDependencies } from '../dependencies.js';
import { refusal, sendProblem } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { reason } from '../schemas/emergency.js';
import { callerOf, fromDatabase, idLike } from './route-parts.js';

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
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        state: { type: 'string', enum: ['open', 'done', 'withdrawn'] },
        limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
      },
    },
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
