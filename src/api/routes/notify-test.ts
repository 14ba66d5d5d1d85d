import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MAY_STOP } from '../../domain/roles.js';
import { CHANNELS } from '../../home/channel-health.js';
import { alertTestedSchema } from '../../operations/test-alert.js';
import type { WebDependencies } from '../dependencies.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { callerOf } from './acting.js';

const bodySchema = z.strictObject({ channel: z.enum(CHANNELS) });

/** Going live asks that a test alert has arrived. */
export function notifyTestRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Send a test alert, and say whether it reached anybody',
    tags: ['people'],
    body: jsonSchema(bodySchema),
    response: {
      200: answer('What became of it, after 20 s at most', alertTestedSchema),
      ...problems(400, 401, 403),
    },
  };
  app.post<{ Body: z.output<typeof bodySchema> }>(
    '/api/notify/test',
    { schema, config: { roles: MAY_STOP } },
    (request) => web.operations.testAlert(callerOf(request), request.body.channel),
  );
}
