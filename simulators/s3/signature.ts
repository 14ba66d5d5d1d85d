/**
 * AWS Signature Version 4 in the Authorization header, checked as S3 does: every header that it names, and
 * the body's hash.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { notBuilt, Refusal } from './refusal.js';

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly may: 'write' | 'read';
}

const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;
const SKEW_MS_MAX = 15 * 60_000;

/** The key that signed it. Throws a `Refusal`. The body's required hash is in `x-amz-content-sha256`. */
export function signedBy(
  request: IncomingMessage,
  keys: readonly AccessKey[],
  region: string,
  nowMs: number,
): AccessKey {
  const { authorization } = request.headers;
  if (authorization === undefined) throw new Refusal(403, 'AccessDenied', 'Access Denied');
  const parts = FORM.exec(authorization);
  if (parts === null)
    throw new Refusal(400, 'AuthorizationHeaderMalformed', 'The authorization header is malformed');
  const [, id = '', date = '', ofRegion = '', service = '', names = '', signature = ''] = parts;
  if (service !== 's3')
    throw new Refusal(400, 'AuthorizationHeaderMalformed', `incorrect service "${service}"`);
  if (ofRegion !== region)
    throw new Refusal(
      400,
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${ofRegion}' is wrong; expecting '${region}'`,
    );
  const key = keys.find((one) => one.id === id);
  if (key === undefined)
    throw new Refusal(
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    );
  const time = headerOf(request, 'x-amz-date');
  const timeMs = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!time.startsWith(date) || !(Math.abs(nowMs - timeMs) <= SKEW_MS_MAX))
    throw new Refusal(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    );
  const signed = names.split(';');
  const mustBe = Object.keys(request.headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  const unsigned = mustBe.filter((name) => !signed.includes(name));
  if (unsigned.length > 0)
    throw new Refusal(
      403,
      'AccessDenied',
      `There were headers present in the request which were not signed: ${unsigned.join(', ')}`,
    );
  const scope = `${date}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical(request, signed))].join('\n');
  const signingKey = [date, region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${key.secret}`,
  );
  const expected = createHmac('sha256', signingKey).update(text).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex')))
    throw new Refusal(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    );
  return key;
}

function canonical(request: IncomingMessage, signed: readonly string[]): string {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const parameters = [...new URLSearchParams(query)]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort();
  const headers = signed.map((name) => `${name}:${headerOf(request, name).trim().replaceAll(/ +/g, ' ')}\n`);
  return [
    request.method,
    path,
    parameters.join('&'),
    headers.join(''),
    signed.join(';'),
    headerOf(request, 'x-amz-content-sha256'),
  ].join('\n');
}

function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  if (value === undefined)
    throw new Refusal(400, 'InvalidRequest', `Missing required header for this request: ${name}`);
  return Array.isArray(value) ? value.join(',') : value;
}

const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

export const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Checks the body against the hash that was signed. */
export function checkBodyHash(request: IncomingMessage, body: Buffer): void {
  const said = headerOf(request, 'x-amz-content-sha256');
  if (said === 'UNSIGNED-PAYLOAD' || said === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return;
  if (said.startsWith('STREAMING-')) throw notBuilt(said);
  if (said !== sha256(body))
    throw new Refusal(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
}
