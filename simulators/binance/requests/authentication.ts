/** Key, permissions, time window and signature of a request: HMAC-SHA256, RSA (PKCS#1 v1.5, SHA-256) or Ed25519. */
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import type { ApiKey } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
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
/** A timestamp may be ahead of the venue's clock by less than this many milliseconds. */
const AHEAD_MAX = 1000;

export function authenticate(exchange: Exchange, request: SignedRequest, security: Security): ApiKey {
  const key = knownKey(exchange, request.apiKey);
  checkTime(exchange, request.values);
  checkSignature(key, request);
  checkPermission(key, security);
  return key;
}

function knownKey(exchange: Exchange, apiKey: string | undefined): ApiKey {
  if (apiKey === undefined || !/^[A-Za-z0-9]{64}$/.test(apiKey))
    throw new Refusal(-2014, 'API-key format invalid.', 401);
  const key = exchange.keys.get(apiKey);
  if (key === undefined) throw notPermitted();
  return key;
}

/** Checks what a key may do, after its signature has been verified. */
export function checkPermission(key: ApiKey, security: Security): void {
  if (security === 'trade' ? !key.permissions.spot : !key.permissions.reading) throw notPermitted();
}

/** A request on a connection that is logged on: only its timestamp is checked. */
export function authenticateSession(
  exchange: Exchange,
  apiKey: string,
  values: ReadonlyMap<string, string>,
  security: Security,
): ApiKey {
  const key = knownKey(exchange, apiKey);
  checkTime(exchange, values);
  checkPermission(key, security);
  return key;
}

function checkTime(exchange: Exchange, values: ReadonlyMap<string, string>): void {
  const text = values.get('timestamp');
  if (text === undefined || !/^\d{10,17}$/.test(text))
    throw new Refusal(-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.");
  const written = values.get('recvWindow') ?? String(RECV_WINDOW_DEFAULT);
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(written)) {
    throw new Refusal(
      -1100,
      "Illegal characters found in parameter 'recvWindow'; legal range is '^[0-9]{1,5}(\\.[0-9]{1,3})?$'.",
    );
  }
  const window = Number(written);
  if (window > RECV_WINDOW_MAX) throw new Refusal(-1131, 'recvWindow must be less than 60000');
  const sentMs = text.length > 14 ? Number(text) / 1000 : Number(text);
  const ahead = sentMs - exchange.nowMs();
  if (ahead >= AHEAD_MAX) {
    throw new Refusal(-1021, `Timestamp for this request was ${AHEAD_MAX}ms ahead of the server's time.`);
  }
  if (-ahead > window) throw new Refusal(-1021, 'Timestamp for this request is outside of the recvWindow.');
}

function checkSignature(key: ApiKey, request: SignedRequest): void {
  const given = request.values.get('signature');
  if (given === undefined)
    throw new Refusal(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.");
  const right =
    key.publicKey === undefined
      ? matchesHmac(key.secret, request.payload, given)
      : matchesPublicKey(key.publicKey, request.payload, given);
  if (!right) throw new Refusal(-1022, 'Signature for this request is not valid.');
}

function matchesHmac(secret: string, payload: string, given: string): boolean {
  const expected = createHmac('sha256', secret).update(payload).digest();
  const found = Buffer.from(/^[0-9a-f]{64}$/i.test(given) ? given : '', 'hex');
  return found.length === expected.length && timingSafeEqual(found, expected);
}

function matchesPublicKey(pem: string, payload: string, given: string): boolean {
  const key = createPublicKey(pem);
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return verify(algorithm, Buffer.from(payload), key, Buffer.from(given, 'base64'));
}

/** Query and body as received, joined as the venue joins them, each without its signature. */
export function httpPayload(query: string, body: string): string {
  return withoutSignature(query) + withoutSignature(body);
}

function withoutSignature(text: string): string {
  return text
    .split('&')
    .filter((pair) => !pair.startsWith('signature='))
    .join('&');
}

/** For the WebSocket API: the parameters sorted by name. */
export function socketPayload(values: ReadonlyMap<string, string>): string {
  return [...values]
    .filter(([name]) => name !== 'signature')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}
