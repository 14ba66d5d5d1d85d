/**
 * The listening side of the control socket. Anybody who can open the file may command, so only the owner may enter
 * its folder.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { Connection, type ControlHandlers } from './requests.js';
import { claimSocketPlace } from './socket-place.js';

const CONNECTIONS_MAX = 64;

export interface ControlServer {
  close(): Promise<void>;
}

/** Throws `SocketPlaceUnusable`, or the error of `listen`. */
export async function listenForControl(path: string, handlers: ControlHandlers): Promise<ControlServer> {
  await claimSocketPlace(path);
  const connections = new Set<Connection>();
  const server = createServer((socket) => admit(socket, connections, handlers));
  await listen(server, path);
  chmodSync(path, 0o600);
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.socket.destroy();
      await closed;
      rmSync(path, { force: true });
    },
  };
}

let uses = 0;

function admit(socket: Socket, connections: Set<Connection>, handlers: ControlHandlers): void {
  const connection = new Connection(socket, handlers, () => (uses += 1));
  if (connections.size >= CONNECTIONS_MAX && !closeLongestIdle(connections)) {
    connection.refuse({
      code: 'busy',
      message: `${CONNECTIONS_MAX} connections are open and all are in use`,
      keptSafe: 'Nothing was changed.',
      doThis: 'Close connections that are not needed, then try again.',
    });
    return;
  }
  connections.add(connection);
  socket.once('close', () => connections.delete(connection));
}

/** A forgotten connection must never keep a stop out. */
function closeLongestIdle(connections: Set<Connection>): boolean {
  const idle = [...connections].filter((connection) => connection.underWay === 0);
  const longest = idle.sort(
    (a, b) => Number(a.following) - Number(b.following) || a.lastUsed - b.lastUsed,
  )[0];
  if (longest === undefined) return false;
  connections.delete(longest);
  longest.socket.destroy();
  return true;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
