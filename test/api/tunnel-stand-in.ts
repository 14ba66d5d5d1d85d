/**
 * In place of a tunnel's program, which only works beside its service: what `tailscale serve` and `cloudflared` do with a
 * request by their sources. TLS ends here under the public name, Host stays as it came, headers are added, upgrades pass.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';

export interface TunnelOptions {
  /** Of loopback, where the public name leads. */
  readonly port: number;
  readonly key: Buffer;
  readonly cert: Buffer;
  /** The desk's own address. */
  readonly service: string;
  readonly added: Readonly<Record<string, string>>;
}

/** Resolves once it listens, with what ends it. */
export async function startTunnel({
  service,
  added,
  port,
  ...tls
}: TunnelOptions): Promise<() => Promise<void>> {
  const open = new Set<Duplex>();
  const pass = ({ method, url, headers }: IncomingMessage): ClientRequest =>
    request(service, { method, path: url, headers: { ...headers, ...added } });
  const server = createServer(tls, (asked, answer) => {
    const passed = pass(asked);
    passed.on('response', (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  server.on('upgrade', (asked: IncomingMessage, socket: Duplex) => {
    const passed = pass(asked).end();
    passed.on('upgrade', ({ rawHeaders }, behind) => {
      const lines = rawHeaders.flatMap((text, at) =>
        at % 2 === 0 ? [`${text}: ${rawHeaders[at + 1]}`] : [],
      );
      socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
      for (const end of [socket, behind]) end.on('error', () => behind.destroy());
      socket.pipe(behind).pipe(socket);
    });
    for (const event of ['response', 'error']) passed.on(event, () => socket.destroy());
  });
  server.on('secureConnection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
}
