/**
 * Runs inside the managed server's network: `relay.js SOCKET=PORT …` passes each Unix socket on to a port of the loopback
 * there. Whoever can open the socket gets in; its folder is its owner's alone.
 */
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

process.umask(0o077);
for (const pair of process.argv.slice(2)) {
  const at = pair.lastIndexOf('=');
  const [path, port] = [pair.slice(0, at), Number(pair.slice(at + 1))];
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (from) => passOn(from, port));
  server.listen(path, () => chmodSync(path, 0o600));
}

function passOn(from: Socket, port: number): void {
  const to = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  from.pipe(to).pipe(from);
  from.on('error', () => to.destroy());
  to.on('error', () => from.destroy());
  from.once('close', () => to.destroy());
  to.once('close', () => from.destroy());
}
