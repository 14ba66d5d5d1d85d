/**
 * Temporal's UI behind our sign-in. It answers any Host and any local process by itself, so it is reached only through
 * this port: our loopback names, our session, our own origin for everything that changes something. Cookies do not tell
 * ports apart, so ours are taken out before a request is passed on.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import type { PayloadCodec } from '../../operations/temporal/payload-codec.js';
import { isOwnOrigin, listeningPort, ownHosts } from '../hooks/host-guard.js';
import { answerCodec, isCodecRequest } from './codec.js';
import { refuseCodec } from './codec-access.js';
import { PAGES, type PlainPage, sendPage } from './page.js';
import type { TemporalTickets } from './tickets.js';

export const ENTER_PATH = '/fermata/enter';
const COOKIE = 'fermata_temporal_ui';
const UPSTREAM_WAIT_MS = 30_000;
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface TemporalUiProxyOptions {
  /** host:port of the UI; null where there is none of ours. */
  readonly uiAddress: string | null;
  readonly tickets: TemporalTickets;
  readonly isActive: (family: string) => boolean;
  readonly codec: PayloadCodec;
  /** An access token of somebody who is signed in. */
  readonly isToken: (token: string) => boolean;
  readonly codecOrigins: readonly string[];
}

export function makeTemporalUiProxy(options: TemporalUiProxyOptions): Server {
  const server = createServer({ requestTimeout: 30_000 }, (incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://proxy');
    if (url.pathname === ENTER_PATH && foreignHost(incoming) === null) {
      enter(options, url.searchParams.get('ticket') ?? '', incoming, response);
      return;
    }
    if (isCodecRequest(incoming) && foreignHost(incoming) === null) {
      openPayloads(options, incoming, response);
      return;
    }
    const refusal = refuse(options, incoming);
    if (refusal !== null) sendPage(response, refusal);
    else forward(options.uiAddress ?? '', incoming, response);
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    if (refuse(options, incoming) !== null || incoming.headers.origin === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    } else forwardUpgrade(options.uiAddress ?? '', incoming, socket, head);
  });
  return server;
}

function openPayloads(
  options: TemporalUiProxyOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const { codec, codecOrigins: origins, isToken } = options;
  const access = { origins, isToken, hasSession: hasSession(options, incoming) };
  const refusal = refuseCodec(access, incoming, response);
  if (refusal === null) answerCodec(codec, incoming, response).catch(() => response.destroy());
  else if (refusal !== 'answered') sendPage(response, PAGES[refusal]);
}

function hasSession({ tickets, isActive }: TemporalUiProxyOptions, { headers }: IncomingMessage): boolean {
  const family = tickets.familyOf(cookiesOf(headers).get(COOKIE) ?? '');
  return family !== null && isActive(family);
}

/** Null: pass it on. */
function refuse(options: TemporalUiProxyOptions, incoming: IncomingMessage): PlainPage | null {
  const host = foreignHost(incoming);
  if (host !== null) return host;
  const { origin } = incoming.headers;
  const ours = origin === undefined ? null : isOwnOrigin(origin.toLowerCase(), hostOf(incoming));
  if (ours === false || (ours === null && !SAFE_METHODS.has(incoming.method ?? ''))) return PAGES.foreign;
  if (!hasSession(options, incoming)) return PAGES.signIn;
  return options.uiAddress === null ? PAGES.absent : null;
}

function foreignHost(incoming: IncomingMessage): PlainPage | null {
  return ownHosts(listeningPort(incoming)).has(hostOf(incoming)) ? null : PAGES.host;
}

const hostOf = (incoming: IncomingMessage): string => (incoming.headers.host ?? '').toLowerCase();

function enter(
  { tickets }: TemporalUiProxyOptions,
  ticket: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const secret = incoming.method === 'GET' ? tickets.redeem(ticket) : null;
  if (secret === null) {
    sendPage(response, PAGES.ticketUsed);
    return;
  }
  response.writeHead(303, {
    location: '/',
    'set-cookie': `${COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Strict`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  });
  response.end();
}

function forward(uiAddress: string, incoming: IncomingMessage, response: ServerResponse): void {
  const [hostname, port] = splitAddress(uiAddress);
  const upstream = request(
    {
      hostname,
      port,
      method: incoming.method,
      path: incoming.url,
      headers: upstreamHeaders(incoming.headers, uiAddress),
      timeout: UPSTREAM_WAIT_MS,
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, {
        ...answer.headers,
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
      answer.pipe(response);
    },
  );
  upstream.on('timeout', () => upstream.destroy(new Error('no answer in time')));
  upstream.on('error', () => {
    if (response.headersSent) response.destroy();
    else sendPage(response, PAGES.down);
  });
  response.on('close', () => upstream.destroy());
  incoming.pipe(upstream);
}

function forwardUpgrade(uiAddress: string, incoming: IncomingMessage, socket: Socket, head: Buffer): void {
  const [hostname, port] = splitAddress(uiAddress);
  const upstream = connect(port, hostname, () => {
    const headers = upstreamHeaders(incoming.headers, uiAddress);
    const lines = Object.entries({
      ...headers,
      connection: 'Upgrade',
      upgrade: incoming.headers.upgrade ?? '',
    }).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one ?? ''}`));
    upstream.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  upstream.on('error', () => socket.destroy());
  socket.on('error', () => upstream.destroy());
}

/** Its own Host, an Origin that matches it (its check compares the two), and none of our cookies. */
function upstreamHeaders(headers: IncomingHttpHeaders, uiAddress: string): IncomingHttpHeaders {
  const { authorization: _, connection: __, cookie: ___, origin, referer: ____, ...rest } = headers;
  const host = splitAddress(uiAddress).join(':');
  const cookies = [...cookiesOf(headers)].filter(([name]) => !name.startsWith('fermata_'));
  return {
    ...rest,
    host,
    ...(origin === undefined ? {} : { origin: `http://${host}` }),
    ...(cookies.length === 0
      ? {}
      : { cookie: cookies.map(([name, value]) => `${name}=${value}`).join('; ') }),
  };
}

function cookiesOf({ cookie = '' }: IncomingHttpHeaders): Map<string, string> {
  return new Map(
    cookie.split(';').flatMap((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const];
    }),
  );
}

function splitAddress(address: string): readonly [string, number] {
  const { hostname, port } = new URL(address.includes('://') ? address : `http://${address}`);
  return [hostname, Number(port || 80)];
}
