import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { WebDependencies } from '../dependencies.js';
import { sendProblem } from '../problem.js';
import { jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { scheduleSchema } from '../schemas/records.js';

export function schedulesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'What is scheduled next',
    tags: ['state'],
    response: {
      200: jsonSchema(z.object({ schedules: z.array(scheduleSchema) })),
      ...problems(401, 503),
    },
  };
  app.get('/api/schedules', { schema }, async (request, reply) => {
    try {
      return { schedules: await web.operations.listSchedules() };
    } catch (error) {
      request.log.warn({ err: error }, 'schedules could not be read');
      return sendProblem(reply, {
        status: 503,
        code: 'temporal-unavailable',
        title: 'Temporal does not answer',
        detail: 'The schedules cannot be read: the Temporal server does not answer.',
        keptSafe: 'Trading and Stop do not depend on it. Schedules are kept and go on when it is back.',
        doThis: 'Wait for the supervisor to restart it; `fermata doctor` says more.',
      });
    }
  });
}
