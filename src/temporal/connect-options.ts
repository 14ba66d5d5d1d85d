/** How clients and workers reach Temporal: docs/design/temporal-access.md. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { credentialsOf, type ExternalTemporal, externalTemporal } from '../home/external-temporal.js';
import type { Runtime } from '../home/runtime.js';
import { addressForSdk, socketOf } from '../home/temporal-address.js';

/** Fits clients and workers alike. */
export type ConnectOptions = ExternalTemporal['options'];

type Place = Pick<Runtime, 'temporal'>;

/** What the desk was let in with and the environment here lacks, in words; empty where nothing is missing. */
export function lackingHere({ temporal }: Place): string {
  if (temporal.kind !== 'external' || !temporal.asks) return '';
  const here: readonly string[] = credentialsOf(externalTemporal(process.env).options);
  const lacking = temporal.asks.filter((one) => !here.includes(one));
  if (lacking.length === 0) return '';
  return `; the desk was started with ${lacking.join(' and ')}, and the environment here names none: set the same TEMPORAL variables`;
}

/** Of a client; throws where the environment can't be used. Where the address is a socket's, its connection is one of `connectionClass`. */
export function connectOptions({ temporal }: Place): ConnectOptions {
  const external = temporal.kind === 'external' ? externalTemporal(process.env).options : {};
  return { ...external, address: addressForSdk(temporal.address) };
}

export interface WorkerConnection {
  readonly options: NativeConnectionOptions;
  close(): Promise<void>;
}

/** Workers speak TCP only, or ask an HTTP proxy to: to a socket they go through a gate in their own process. */
export async function workerConnection(place: Place): Promise<WorkerConnection> {
  const socket = socketOf(place.temporal.address);
  if (socket === null) return { options: connectOptions(place), close: async () => undefined };
  const gate = await openGate(socket);
  const { port } = gate.server.address() as AddressInfo;
  const proxy = {
    type: 'http-connect',
    targetHost: `127.0.0.1:${port}`,
    basicAuth: { username: GATE_USER, password: gate.password },
  } as const;
  return { options: { address: 'localhost:7233', proxy }, close: gate.close };
}

const GATE_USER = 'worker';

/** Takes CONNECT with a password that exists in this process only: the port itself is open to everybody here. */
async function openGate(
  socketPath: string,
): Promise<{ readonly server: Server; readonly password: string; close(): Promise<void> }> {
  const password = randomBytes(32).toString('hex');
  const expected = Buffer.from(`Basic ${Buffer.from(`${GATE_USER}:${password}`).toString('base64')}`);
  const open = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(404).end());
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => open.delete(socket));
  });
  server.on('connect', ({ headers }: IncomingMessage, from: Socket, head: Buffer) => {
    if (isSame(Buffer.from(headers['proxy-authorization'] ?? ''), expected)) passOn(from, head, socketPath);
    else from.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // A worker that ends must not wait for it.
  server.unref();
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
  return { server, password, close };
}

const isSame = (given: Buffer, expected: Buffer): boolean =>
  given.length === expected.length && timingSafeEqual(given, expected);

function passOn(from: Socket, head: Buffer, socketPath: string): void {
  const to = connect(socketPath, () => {
    from.write('HTTP/1.1 200 Connection established\r\n\r\n');
    to.write(head);
    from.pipe(to).pipe(from);
  });
  from.setNoDelay(true);
  to.on('error', () => from.destroy());
  to.once('close', () => from.destroy());
  from.once('close', () => to.destroy());
}
