import type { FastifyInstance } from 'fastify';

export function openApiRoute(app: FastifyInstance): void {
  const schema = {
    summary: 'This description',
    tags: ['state'],
    response: { 200: { type: 'object', additionalProperties: true } },
  };
  app.get('/api/openapi.json', { schema }, async () => app.swagger());
}
