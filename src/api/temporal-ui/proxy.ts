/**
 * Temporal's UI behind our sign-in. It has no sign-in of its own, so it is reached only through this port: our
 * loopback names, our session, our own origin for every request that changes something. Cookies are shared between
 * ports, so ours are removed before a request is passed on. The UI uses no WebSocket; none is passed on.
 */
import type { IncomingHttpHeaders } from 'node:http';
import httpProxy from '@fastify/http-proxy';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { PayloadCodec } from '../../temporal/payload-codec.js';
import { endSocketsOnClose } from '../hooks/end-sockets.js';
import { answerMalformed } from '../hooks/errors.js';
import { isOwnOrigin, listeningPort, ownHosts } from '../hooks/host-guard.js';
import { codecRoutes } from './codec-routes.js';
import { cookieOf, ENTER_PATH, type Entrance, enter, PAGES, type PlainPage, sendPage } from './entrance.js';

const UPSTREAM_WAIT_MS = 30_000;
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

interface TemporalUiProxyOptions extends Entrance {
  /** Address of the UI: host:port, http://host:port or unix+http://path; null if we run none. */
  readonly uiAddress: string | null;
  readonly isActive: (family: string) => boolean;
  readonly codec: PayloadCodec;
  /** Whether this is an access token of a signed-in person. */
  readonly isToken: (token: string) => boolean;
  readonly codecOrigins: readonly string[];
}

export async function makeTemporalUiProxy(options: TemporalUiProxyOptions): Promise<FastifyInstance> {
  const { codec, codecOrigins, isToken, uiAddress } = options;
  const app: FastifyInstance = Fastify({
    logger: false,
    requestTimeout: UPSTREAM_WAIT_MS,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => void sendPage(reply, pageOf(error)),
    clientErrorHandler: answerMalformed,
  });
  endSocketsOnClose(app);
  app.setErrorHandler((error: FastifyError, _request, reply) => sendPage(reply, pageOf(error)));
  app.setNotFoundHandler((_request, reply) => sendPage(reply, PAGES.unreadable));
  // The host is checked before anything else of a request.
  app.addHook('onRequest', async (request, reply) => {
    if (!ownHosts(listeningPort(request.raw)).has(hostOf(request))) return sendPage(reply, PAGES.host);
  });
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>(ENTER_PATH, async ({ query }, reply) =>
    enter(options, query, reply),
  );
  await app.register(async (scope) =>
    codecRoutes(scope, codec, {
      origins: codecOrigins,
      isToken,
      hasSession: (request) => hasSession(options, request),
    }),
  );
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      const refusal = refuse(options, request);
      if (refusal !== null) return sendPage(reply, refusal);
    });
    if (uiAddress === null) scope.all('/*', async (_request, reply) => sendPage(reply, PAGES.absent));
    else await passOn(scope, uiAddress);
  });
  return app;
}

async function passOn(scope: FastifyInstance, uiAddress: string): Promise<void> {
  const upstream = uiAddress.includes('://') ? uiAddress : `http://${uiAddress}`;
  const host = upstream.startsWith('unix+') ? 'localhost' : new URL(upstream).host;
  await scope.register(httpProxy, {
    upstream,
    proxyPayloads: true,
    undici: { headersTimeout: UPSTREAM_WAIT_MS, bodyTimeout: UPSTREAM_WAIT_MS },
    disableRequestLogging: true,
    replyOptions: {
      rewriteRequestHeaders: (_request, headers) => upstreamHeaders(headers, host),
      rewriteHeaders: (headers) => ({
        ...headers,
        // The UI shows the details of a run in a frame of its own.
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'no-referrer',
      }),
    },
  });
}

/** A failure behind the proxy is the UI's; a request that can't be passed on is the client's. */
function pageOf({ statusCode = 500 }: FastifyError): PlainPage {
  return statusCode < 500 ? PAGES.unreadable : PAGES.down;
}

function hasSession(options: TemporalUiProxyOptions, { headers }: FastifyRequest): boolean {
  const { tickets, isActive } = options;
  const family = tickets.familyOf(cookiesOf(headers).get(cookieOf(options)) ?? '');
  return family !== null && isActive(family);
}

/** Null: pass it on. */
function refuse(options: TemporalUiProxyOptions, request: FastifyRequest): PlainPage | null {
  const { origin } = request.headers;
  const ours = origin === undefined ? null : isOwnOrigin(origin.toLowerCase(), hostOf(request));
  if (ours === false || (ours === null && !SAFE_METHODS.has(request.method))) return PAGES.foreign;
  return hasSession(options, request) ? null : PAGES.signIn;
}

const hostOf = ({ headers }: FastifyRequest): string => (headers.host ?? '').toLowerCase();

/** The UI's own Host, an Origin that matches it (the UI compares the two), and none of our cookies. */
function upstreamHeaders(headers: IncomingHttpHeaders, host: string): IncomingHttpHeaders {
  // `expect` and `upgrade` only concern the browser and us.
  const {
    authorization: _,
    cookie: __,
    origin,
    referer: ___,
    expect: ____,
    upgrade: _____,
    ...rest
  } = headers;
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
