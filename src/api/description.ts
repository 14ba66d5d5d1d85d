/** The API's description of itself: shared schemas, sign-in, tags. */
import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { answer, jsonSchema, problemSchema, problems } from './schemas/answers.js';
import { deskStatusSchema, liveMessageSchema } from './schemas/records.js';

const TAGS = [
  { name: 'sign-in', description: 'Access tokens last 15 minutes; refresh tokens last 7 days and work once' },
  { name: 'state', description: 'Current state' },
  { name: 'records', description: 'What happened: the ledger and the evidence' },
  { name: 'settings', description: 'Settings of the desk' },
  { name: 'people', description: 'What waits for people' },
  { name: 'incidents', description: 'What went wrong, who has it, and what was done' },
  { name: 'go-live', description: 'The way to real money' },
  { name: 'emergency', description: 'Stop, close all, resume' },
];

export async function registerDescription(app: FastifyInstance): Promise<void> {
  app.addSchema({ $id: 'Problem', ...jsonSchema(problemSchema) });
  app.addSchema({ $id: 'DeskStatus', ...jsonSchema(deskStatusSchema) });
  app.addSchema({ $id: 'LiveMessage', ...jsonSchema(liveMessageSchema) });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Fermata', version: packageVersion(), description: DESCRIPTION },
      tags: TAGS,
      security: [{ bearer: [] }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          metricsToken: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `def-${index}`),
    },
  });
}

const DESCRIPTION =
  'One desk: its state, its records and its emergency buttons. Money, prices and quantities are decimal text. ' +
  'Every error is an RFC 9457 problem that says what happened, what was kept safe and what to do.';

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

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
