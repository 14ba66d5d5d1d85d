/** From a request to its answer, and how a fault can spoil it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiKey } from '../accounts.js';
import { type Fault, rewritten } from '../faults.js';
import type { Simulation } from '../simulation.js';
import { authenticate, httpPayload } from './authentication.js';
import { type Endpoint, endpointFor } from './endpoints.js';
import { Parameters } from './parameters.js';
import { Refusal } from './refusal.js';
import { inMicroseconds, readTimeUnit } from './time-unit.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** The account of the request, if known. */
  readonly account?: string | null;
}

export const MAINTENANCE_PAGE =
  '<html><head><title>503 Service Temporarily Unavailable</title></head><body>Maintenance</body></html>';
const NO_SUCH_PATH = '<html><body><h2>404 Not found</h2></body></html>';
const HANG_MS = 60_000;
const NO_KEY: ApiKey = {
  apiKey: '',
  secret: '',
  account: '',
  permissions: {
    reading: false,
    spot: false,
    withdrawals: false,
    futures: false,
    margin: false,
    ipRestrict: false,
  },
};

export async function answerRest(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): Promise<void> {
  const method = request.method ?? 'GET';
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const values = readValues(query, body);
  simulation.see(method, path, values);
  const fault = simulation.faults.take(method, path);
  await new Promise<void>((arrived) => simulation.travel('request', arrived));
  const spoiltBefore = fault !== null && fault.applyFirst !== true && replaces(fault);
  const answer = spoiltBefore
    ? { status: 200, body: {}, headers: {} }
    : restAnswer(simulation, {
        method,
        path,
        query,
        body,
        values,
        apiKey: header(request, 'x-mbx-apikey'),
        timeUnit: header(request, 'x-mbx-time-unit'),
      });
  await new Promise<void>((arrived) => simulation.travel('answer', arrived));
  if (fault === null) send(response, answer);
  else await spoil(response, answer, fault);
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Without `applyFirst` these faults keep the request from taking effect; the others only change the answer. */
function replaces(fault: Fault): boolean {
  return ['answer', 'html', 'hang', 'drop'].includes(fault.effect.kind);
}

function readValues(query: string, body: string): ReadonlyMap<string, string> {
  // A parameter in both is taken from the query.
  return new Map([...new URLSearchParams(body), ...new URLSearchParams(query)]);
}

interface RestRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly values: ReadonlyMap<string, string>;
  readonly apiKey: string | undefined;
  readonly timeUnit: string | undefined;
}

function restAnswer(simulation: Simulation, request: RestRequest): Answer {
  if (simulation.maintenance) return { status: 503, body: MAINTENANCE_PAGE, headers: {} };
  const endpoint = endpointFor(request.method, request.path);
  if (endpoint === undefined) return { status: 404, body: NO_SUCH_PATH, headers: {} };
  const { exchange } = simulation;
  const payload = httpPayload(request.query, request.body);
  return run(simulation, endpoint, {
    values: request.values,
    timeUnit: request.timeUnit,
    authenticate: () =>
      authenticate(exchange, { apiKey: request.apiKey, payload, values: request.values }, endpoint.security),
  });
}

export interface RunRequest {
  readonly values: ReadonlyMap<string, string>;
  readonly timeUnit: string | undefined;
  /** Throws if key, signature, time or permission is wrong. */
  readonly authenticate: () => ApiKey;
}

/** Shared with the WebSocket API, which signs differently. */
export function run(simulation: Simulation, endpoint: Endpoint, request: RunRequest): Answer {
  const { exchange, limits } = simulation;
  let account: string | null = null;
  const headers = () => ({
    ...limits.headers(),
    ...(account !== null && endpoint.placesOrders ? exchange.orderCounts.headers(account) : {}),
  });
  try {
    limits.count(endpoint.weight(request.values));
    const microseconds = readTimeUnit(request.timeUnit);
    const key = endpoint.security === 'none' ? NO_KEY : request.authenticate();
    if (key !== NO_KEY) account = key.account;
    const answer = endpoint.run(exchange, key, new Parameters(request.values));
    const body = microseconds && endpoint.path.startsWith('/api/') ? inMicroseconds(answer) : answer;
    return { status: 200, body, headers: headers(), account };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status, body: error.body, headers: { ...headers(), ...error.headers }, account };
  }
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function send(response: ServerResponse, answer: Answer): void {
  if (response.destroyed) return;
  const html = typeof answer.body === 'string' && answer.body.startsWith('<');
  response.writeHead(answer.status, {
    'content-type': html ? 'text/html' : 'application/json;charset=UTF-8',
    ...answer.headers,
  });
  response.end(textOf(answer.body));
}

async function spoil(response: ServerResponse, answer: Answer, { effect }: Fault): Promise<void> {
  switch (effect.kind) {
    case 'answer':
      send(response, { status: effect.status, body: effect.body ?? '', headers: effect.headers ?? {} });
      return;
    case 'html':
      send(response, {
        status: 200,
        body: '<html><body>Please verify that you are human</body></html>',
        headers: {},
      });
      return;
    case 'truncate': {
      const text = textOf(answer.body);
      send(response, { ...answer, body: text.slice(0, Math.floor(text.length / 2)) });
      return;
    }
    case 'stall': {
      const text = textOf(answer.body);
      response.writeHead(answer.status, {
        'content-type': 'application/json',
        'content-length': text.length,
      });
      response.write(text.slice(0, Math.floor(text.length / 2)));
      await waitUnlessClosed(response, effect.forMs ?? HANG_MS);
      response.destroy();
      return;
    }
    case 'hang':
      await waitUnlessClosed(response, effect.forMs ?? HANG_MS);
      response.destroy();
      return;
    case 'drop':
      response.destroy();
      return;
    case 'delay':
      await waitUnlessClosed(response, effect.ms);
      send(response, answer);
      return;
    case 'rewrite':
      send(response, { ...answer, body: rewritten(answer.body, effect) });
  }
}

function waitUnlessClosed(response: ServerResponse, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    response.once('close', done);
    function done(): void {
      clearTimeout(timer);
      resolve();
    }
  });
}
