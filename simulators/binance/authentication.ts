/** Key, permissions, time window and HMAC-SHA256 signature of a request. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from './accounts.js';
import type { Exchange } from './exchange.js';
import { notPermitted, Refusal } from './refusal.js';

export type Security = 'none' | 'read' | 'trade';

export interface SignedRequest {
  readonly apiKey: string | undefined;
  /** Everything that is signed, without the signature itself. */
  readonly payload: string;
  readonly values: ReadonlyMap<string, string>;
}

const RECV_WINDOW_DEFAULT = 5000;
const RECV_WINDOW_MAX = 60_000;
/** A timestamp may be ahead of the venue's clock by less than this. */
const AHEAD_MAX = 1000;

export function authenticate(exchange: Exchange, request: SignedRequest, security: Security): ApiKey {
  const key = knownKey(exchange, request.apiKey);
  checkTime(exchange, request.values);
  checkSignature(key, request);
  if (security === 'trade' ? !key.permissions.spot : !key.permissions.reading) throw notPermitted();
  return key;
}

function knownKey(exchange: Exchange, apiKey: string | undefined): ApiKey {
  if (apiKey === undefined || !/^[A-Za-z0-9]{64}$/.test(apiKey)) {
    throw new Refusal(-2014, 'API-key format invalid.', 401);
  }
  const key = exchange.keys.get(apiKey);
  if (key === undefined) throw notPermitted();
  return key;
}

function checkTime(exchange: Exchange, values: ReadonlyMap<string, string>): void {
  const text = values.get('timestamp');
  if (text === undefined || !/^\d{10,17}$/.test(text)) {
    throw new Refusal(-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.");
  }
  const window = Number(values.get('recvWindow') ?? RECV_WINDOW_DEFAULT);
  if (!Number.isFinite(window) || window > RECV_WINDOW_MAX) {
    throw new Refusal(-1131, 'recvWindow must be less than 60000');
  }
  const ahead = Number(text) - exchange.nowMs();
  if (ahead >= AHEAD_MAX) {
    throw new Refusal(-1021, `Timestamp for this request was ${AHEAD_MAX}ms ahead of the server's time.`);
  }
  if (-ahead > window) throw new Refusal(-1021, 'Timestamp for this request is outside of the recvWindow.');
}

function checkSignature(key: ApiKey, request: SignedRequest): void {
  const given = request.values.get('signature');
  if (given === undefined) {
    throw new Refusal(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.");
  }
  const expected = createHmac('sha256', key.secret).update(request.payload).digest();
  const found = Buffer.from(/^[0-9a-f]{64}$/i.test(given) ? given : '', 'hex');
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) {
    throw new Refusal(-1022, 'Signature for this request is not valid.');
  }
}

/** Query and body as they came, joined as the venue joins them, each without its signature. */
export function httpPayload(query: string, body: string): string {
  return withoutSignature(query) + withoutSignature(body);
}

function withoutSignature(text: string): string {
  return text
    .split('&')
    .filter((pair) => !pair.startsWith('signature='))
    .join('&');
}

/** On the WebSocket API: the parameters sorted by name. */
export function socketPayload(values: ReadonlyMap<string, string>): string {
  return [...values]
    .filter(([name]) => name !== 'signature')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}
