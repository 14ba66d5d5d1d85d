/** Starts the storage on the loopback address: `/<bucket>/<key>`, every request signed. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkedBody, readRaw } from './body.js';
import { Bucket } from './buckets.js';
import { type Answer, operationFor } from './operations.js';
import { Refusal } from './refusal.js';
import { type AccessKey, signedBy } from './signature.js';
import { document } from './xml.js';

export const DEFAULT_KEYS: readonly AccessKey[] = [
  { id: 'AKIASIMULATEDWRITER0', secret: 'simulated-secret-of-the-key-that-writes', may: 'write' },
  { id: 'AKIASIMULATEDREADER0', secret: 'simulated-secret-of-the-key-that-reads', may: 'read' },
];

export interface S3Options {
  readonly port?: number;
  readonly buckets: readonly string[];
  readonly region?: string;
  readonly keys?: readonly AccessKey[];
  /** Objects on one page of a list; S3's own limit is 1000. */
  readonly pageSize?: number;
  readonly nowMs?: () => number;
}

export interface S3Simulator {
  readonly endpoint: string;
  readonly region: string;
  readonly buckets: ReadonlyMap<string, Bucket>;
  /** Every request that was understood, as `METHOD key`, in order. */
  readonly asked: readonly string[];
  /** While true, the connection of every request is broken. */
  away: boolean;
  /** Called with the bytes received so far of each body; if it returns true, the connection breaks there. */
  breakAt: (key: string, bytes: number) => boolean;
  close(): Promise<void>;
}

class Broken extends Error {}

export async function startS3Simulator(options: S3Options): Promise<S3Simulator> {
  const { region = 'us-east-1', keys = DEFAULT_KEYS, pageSize = 1_000, nowMs = Date.now } = options;
  const asked: string[] = [];
  // Longer than a client waits: what is closed here just as the next request is sent looks like a fault.
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (simulator.away) response.destroy();
    else
      answer(request, response).catch((error: unknown) => {
        if (!(error instanceof Broken) && !request.destroyed)
          process.stderr.write(`simulator: ${error instanceof Error ? error.stack : String(error)}\n`);
        response.destroy();
      });
  });
  // Clients ask before they send a body. They always may: the request is judged together with its body.
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '/', search = ''] = (request.url ?? '/').split('?', 2);
    const [name = '', ...rest] = path.slice(1).split('/').map(decodeURIComponent);
    const key = rest.join('/');
    try {
      const raw = await readRaw(request, (bytes) => {
        if (simulator.breakAt(key, bytes)) throw new Broken();
      });
      const by = signedBy(request, keys, region, nowMs());
      const body = checkedBody(request, raw);
      const query = new URLSearchParams(search);
      const operation = operationFor(request, query, key);
      const bucket = simulator.buckets.get(name);
      if (bucket === undefined) throw new Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
      if (operation.writes && by.may !== 'write') throw new Refusal(403, 'AccessDenied', 'Access Denied');
      asked.push(`${request.method} ${key}`);
      const given = { request, query, name, bucket, key, body, nowMs: nowMs(), pageSize };
      send(request, response, operation.act(given));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const said = document('Error', [
        ['Code', error.code],
        ['Message', error.message],
        ['Resource', path],
        ['RequestId', randomBytes(8).toString('hex')],
      ]);
      send(request, response, {
        status: error.status,
        headers: { 'content-type': 'application/xml' },
        body: said,
      });
    }
  }

  const { port } = server.address() as AddressInfo;
  const simulator: S3Simulator = {
    endpoint: `http://127.0.0.1:${port}`,
    region,
    buckets: new Map(options.buckets.map((name) => [name, new Bucket()])),
    asked,
    away: false,
    breakAt: () => false,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return simulator;
}

function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  { status = 200, headers = {}, body = '' }: Answer,
): void {
  response.writeHead(status, { 'x-amz-request-id': randomBytes(8).toString('hex'), ...headers });
  response.end(method === 'HEAD' ? undefined : body);
}
