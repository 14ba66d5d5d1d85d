import type { FastifyInstance } from 'fastify';
import type { WebDependencies } from '../dependencies.js';
import { goLiveSchema } from '../schemas/go-live.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';

export function goLiveRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'How far the way to real money is: attempts, what they wait for, what the trader was granted',
    tags: ['go-live'],
    response: { 200: answer('The state; `problems` says what is missing', goLiveSchema), ...problems(401) },
  };
  app.get('/api/golive', { schema }, async () => web.operations.readGoLive());
}
