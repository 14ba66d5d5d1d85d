import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MAY_STOP } from '../../domain/roles.js';
import type { WebDependencies } from '../dependencies.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { ENTER_PATH } from '../temporal-ui/proxy.js';
import type { TemporalTickets } from '../temporal-ui/tickets.js';

const ticketSchema = z.object({ url: z.string().describe('Open within 30 seconds; works once') });

export function temporalTicketRoute(
  app: FastifyInstance,
  web: WebDependencies,
  tickets: TemporalTickets,
): void {
  const schema = {
    summary: 'A single-use address that signs this person in to Temporal’s UI',
    tags: ['sign-in'],
    response: { 200: answer('The address', ticketSchema), ...problems(401, 403) },
  };
  app.post('/api/temporal-ui/ticket', { schema, config: { roles: MAY_STOP } }, async (request) => {
    const ticket = tickets.issue(request.session?.family ?? '');
    // The name that the page was opened under, so that the cookie lands where the browser looks for it.
    const url = new URL(ENTER_PATH, `http://${request.headers.host ?? '127.0.0.1'}`);
    url.port = String(web.runtime.temporalUiProxy.port);
    url.searchParams.set('ticket', ticket);
    return { url: url.href };
  });
}
