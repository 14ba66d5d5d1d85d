import type { FastifyInstance } from 'fastify';
import type { SocketHub } from '../live/socket-hub.js';
import { sendProblem } from '../problem.js';

/** Anybody may connect; the hub sends nothing until the first message has brought a valid token. */
export function liveSocketRoute(app: FastifyInstance, hub: SocketHub): void {
  app.route({
    method: 'GET',
    url: '/api/ws',
    schema: {
      summary:
        'WebSocket: send {"type":"auth","token":"…"} first, then receive {"type":"state",…} on every change',
      description: 'What comes is a `LiveMessage` (components); no answer of a request has that shape.',
      tags: ['state'],
      security: [],
    },
    config: { access: 'public' },
    wsHandler: (socket) => hub.add(socket),
    handler: (_request, reply) =>
      sendProblem(reply.header('upgrade', 'websocket'), {
        status: 426,
        code: 'upgrade-required',
        detail: 'This address speaks WebSocket.',
        keptSafe: 'Nothing was changed.',
        doThis: 'Connect with a WebSocket client and send the access token in the first message.',
      }),
  });
}
