/**
 * Runs inside the managed server's network. `relay.js PID SOCKET=PORT …` forwards each Unix socket to a
 * loopback port there; for `connect:SOCKET=PORT` it first answers the HTTP CONNECT that workers begin with.
 * Anybody who can open a socket gets in, so the sockets' folder is private to its owner. It ends with the
 * server, PID, because a killed supervisor can't end it.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { isAlive } from '../process-table.js';

const CONNECT = 'connect:';

const LOOK_MS = 1_000;

const [serverPid, ...pairs] = process.argv.slice(2);
process.umask(0o077);
for (const pair of pairs) {
  const at = pair.lastIndexOf('=');
  const [socket, port] = [pair.slice(0, at), Number(pair.slice(at + 1))];
  const path = socket.replace(CONNECT, '');
  rmSync(path, { force: true });
  const server = path === socket ? passesOn(port) : takesConnect(port);
  server.listen(path, () => chmodSync(path, 0o600));
}
setInterval(() => {
  if (!isAlive(Number(serverPid))) process.exit();
}, LOOK_MS);

function passesOn(port: number): Server {
  return createServer({ allowHalfOpen: true }, (from) => passOn(from, port));
}

function takesConnect(port: number): Server {
  const server = createHttpServer((_request, response) => response.writeHead(404).end());
  server.on('connect', (_request: IncomingMessage, from: Socket, head: Buffer) => {
    from.write('HTTP/1.1 200 Connection established\r\n\r\n');
    from.unshift(head);
    passOn(from, port);
  });
  return server;
}

function passOn(from: Socket, port: number): void {
  const to = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  from.pipe(to).pipe(from);
  from.on('error', () => to.destroy());
  to.on('error', () => from.destroy());
  from.once('close', () => to.destroy());
  to.once('close', () => from.destroy());
}
