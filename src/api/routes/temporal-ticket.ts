import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MAY_STOP } from '../../domain/roles.js';
import type { WebDependencies } from '../dependencies.js';
import { cameByPublicUrl } from '../hooks/host-guard.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { ENTER_PATH, type TemporalTickets } from '../temporal-ui/entrance.js';
import { emptyBody } from './acting.js';

const askedSchema = z.strictObject({
  workflowId: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .describe('The run to open; all of this desk without it'),
  runId: z.string().min(1).max(100).optional().describe('Which of its runs; the newest without it'),
});

const ticketSchema = z.object({ url: z.string().describe('Open within 30 seconds; works once') });

export function temporalTicketRoute(
  app: FastifyInstance,
  web: WebDependencies,
  tickets: TemporalTickets,
): void {
  const schema = {
    summary: 'A single-use address that signs this person in to Temporal’s UI',
    tags: ['sign-in'],
    body: jsonSchema(askedSchema),
    response: { 200: answer('The address', ticketSchema), ...problems(400, 401, 403) },
  };
  const options = { schema, config: { roles: MAY_STOP }, preValidation: emptyBody };
  app.post<{ Body: z.infer<typeof askedSchema> }>('/api/temporal-ui/ticket', options, async (request) => {
    const ticket = tickets.issue(request.session?.family ?? '');
    // The host name under which the page was opened, so that the cookie is set for the same host. No public address
    // leads to the UI: from outside, its port has to be reached through a tunnel.
    const { host = '127.0.0.1' } = request.headers;
    const name = cameByPublicUrl(request) ? '127.0.0.1' : host;
    const url = new URL(ENTER_PATH, `http://${name}`);
    url.port = String(web.runtime.temporalUiProxy.port);
    url.searchParams.set('ticket', ticket);
    const { workflowId, runId } = request.body;
    if (workflowId !== undefined) url.searchParams.set('run', workflowId);
    if (runId !== undefined) url.searchParams.set('of', runId);
    return { url: url.href };
  });
}
