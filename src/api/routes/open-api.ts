import type { FastifyInstance } from 'fastify';
import { answer, problems } from '../schemas/answers.js';

export function openApiRoute(app: FastifyInstance): void {
  const schema = {
    summary: 'This description',
    tags: ['state'],
    response: {
      200: answer('OpenAPI 3.1', { type: 'object', additionalProperties: true }),
      ...problems(401),
    },
  };
  app.get('/api/openapi.json', { schema }, async () => app.swagger());
}
