/** Lets the server stop: `close` does not know sockets that have left HTTP (WebSockets, refused upgrades). */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Time allowed for a closing handshake. */
const FAREWELL_MS = 300;

export function endSocketsOnClose(app: FastifyInstance): void {
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Once handed over for an upgrade, the socket has no other listener, and a reset would end the process.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', async () => {
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, FAREWELL_MS);
  });
}
