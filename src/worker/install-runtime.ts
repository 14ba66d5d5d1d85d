import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { ownHosts } from '../api/hooks/host-guard.js';
import { messageOf } from '../domain/message-of.js';
import { freePort, unknownLoopback } from '../supervisor/free-port.js';
import type { Logger } from './role-log.js';

/** Intended: the engine's queue has only activities, the playbooks' queue only workflows. */
const NO_WARNINGS = ['No workflows registered', 'No activities registered'];

interface Shown {
  readonly role: string;
  readonly address: string | undefined;
}

/** Where this process's library shows its metrics; `figures` undefined: nowhere. Null: not installed yet. */
let installed: { readonly figures: string | undefined } | null = null;
/** Runs one installation at a time: the second of two desks finds what the first has installed. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Call before the first worker: signals are handled by us, and Temporal's log goes to our log. `shown`:
 * host:port where the library shows its metrics (of the whole process) to Prometheus, without authentication:
 * names and counts only. The returned function stops that.
 */
export function installRuntime(log: Logger, shown?: Shown): Promise<() => void> {
  const done = turn.then(() => installInTurn(log, shown));
  turn = done.catch(() => undefined);
  return done;
}

async function installInTurn(log: Logger, shown?: Shown): Promise<() => void> {
  const { role, address } = shown ?? {};
  const tell = (error: unknown): null => {
    log.warn({ address, error: messageOf(error) }, "the figures of Temporal's library can't be shown there");
    return null;
  };
  const isShown = address !== undefined && role !== undefined && installed?.figures !== undefined;
  const figures =
    address === undefined || role === undefined || (installed !== null && !isShown)
      ? null
      : await showFigures(address, role, installed?.figures).catch(tell);
  const close = (): void => figures?.close();
  if (installed !== null) return close;
  try {
    install(log, figures?.inner);
    installed = { figures: figures?.inner };
  } catch (error) {
    if (figures === null) throw error;
    close();
    tell(error);
    install(log);
    installed = { figures: undefined };
  }
  return close;
}

function install(log: Logger, metrics?: string): void {
  Runtime.install({
    shutdownSignals: [],
    telemetryOptions: {
      // Otherwise the library's core would print coloured text between our lines.
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) },
      ...(metrics === undefined
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metrics,
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
              },
            },
          }),
    },
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (NO_WARNINGS.some((text) => message.startsWith(text))) return;
      const fields = { temporal: true, detail: meta === undefined ? undefined : String(meta.error ?? '') };
      if (level === 'ERROR') log.error(fields, message);
      else log.warn(fields, message);
    }),
  });
}

interface Figures {
  /** host:port for the library; no page can guess it. */
  readonly inner: string;
  close(): void;
}

const ANSWER_MS = 5_000;
const CONNECTIONS_MAX = 16;

/**
 * The metrics of Temporal's library, for Prometheus. The library's own listener answers to any Host, so that a web page
 * whose name resolves to this machine could read it. It therefore gets an address that no page can guess, and a
 * listener of ours that checks its own names is open to others.
 *
 * `address`: host:port for Prometheus. `role`: the host name that Prometheus uses in containers. Null if this system
 * has no loopback address that can't be guessed. Rejects if nothing can listen there. `known`: where this process's
 * library shows its metrics already.
 */
async function showFigures(address: string, role: string, known?: string): Promise<Figures | null> {
  const inner = known ?? (await unknownAddress());
  if (inner === null) return null;
  const [, host = '', portText = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  const port = Number(portText);
  const names = new Set([...ownHosts(port), `${role}:${port}`]);
  const server = createServer((request, response) => answer(request, response, inner, names));
  server.maxConnections = CONNECTIONS_MAX;
  server.requestTimeout = ANSWER_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
  // The listener must not keep an ending process alive.
  server.unref();
  return { inner, close: () => server.close() };
}

async function unknownAddress(): Promise<string | null> {
  const host = await unknownLoopback();
  return host === null ? null : `${host}:${await freePort(undefined, host)}`;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  inner: string,
  names: ReadonlySet<string>,
): void {
  response.on('error', () => undefined);
  const refuse = (status: number, why: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' });
    response.end(`${why}\n`);
  };
  const { host = '', origin } = request.headers;
  if (!names.has(host.toLowerCase()) || origin !== undefined)
    refuse(421, 'These figures are shown under their own names, to no page.');
  else if (request.method !== 'GET' || request.url !== '/metrics') refuse(404, 'There is /metrics here.');
  else passOn(`http://${inner}/metrics`, response, () => refuse(502, 'The library does not answer.'));
}

function passOn(url: string, response: ServerResponse, failed: () => void): void {
  const asked = get(url, { timeout: ANSWER_MS }, (figures) => {
    response.writeHead(figures.statusCode ?? 502, {
      'content-type': figures.headers['content-type'] ?? 'text/plain',
    });
    figures.on('error', () => response.destroy());
    figures.pipe(response);
  });
  asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
  asked.on('error', () => (response.headersSent ? response.destroy() : failed()));
}
