import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { WebDependencies } from '../dependencies.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { scheduleSchema } from '../schemas/records.js';

export function schedulesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'What is scheduled next',
    tags: ['state'],
    response: {
      200: answer('Every scheduled routine', z.object({ schedules: z.array(scheduleSchema) })),
      ...problems(401),
    },
  };
  app.get('/api/schedules', { schema }, async () => ({ schedules: await web.operations.listSchedules() }));
}
