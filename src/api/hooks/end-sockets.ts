/** Lets the server stop: what has left HTTP (WebSockets, refused upgrades) is no connection that `close` knows of. */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Time for a closing handshake. */
const FAREWELL_MS = 300;

export function endSocketsOnClose(app: FastifyInstance): void {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Once handed over for an upgrade nobody else listens, and a reset would end the process.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', async () => {
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, FAREWELL_MS);
  });
}
