/**
 * Who may have payloads decrypted: a page of ours, or of an origin that the operator names, with this port's session;
 * and a program with one of our access tokens, as Temporal's command line sends it (`--codec-auth`).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isOwnOrigin } from '../hooks/host-guard.js';

export interface CodecAccess {
  /** Origins of Temporal UIs that somebody else runs. */
  readonly origins: readonly string[];
  readonly hasSession: (request: FastifyRequest) => boolean;
  readonly isToken: (token: string) => boolean;
}

/** Headers that Temporal's UI and its command line send with the payloads. */
const HEADERS_ASKED = 'authorization, content-type, x-namespace';
const PREFLIGHT_SECONDS = '600';

/**
 * Null if the request may be answered; then the headers that its page needs are set. A browser's preflight request
 * (OPTIONS) is answered here.
 */
export function refuseCodec(
  { origins, hasSession, isToken }: CodecAccess,
  request: FastifyRequest,
  reply: FastifyReply,
): 'foreign' | 'signIn' | 'answered' | null {
  const { origin, host = '', authorization = '' } = request.headers;
  if (origin !== undefined && !isOwnOrigin(origin.toLowerCase(), host.toLowerCase())) {
    if (!origins.includes(origin)) return 'foreign';
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'origin',
    });
  }
  if (request.method === 'OPTIONS') {
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': HEADERS_ASKED,
        'access-control-max-age': PREFLIGHT_SECONDS,
      })
      .send();
    return 'answered';
  }
  const token = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  if (token !== undefined && isToken(token)) return null;
  // A cookie counts only if the browser says which page it comes from.
  return origin !== undefined && hasSession(request) ? null : 'signIn';
}

/** Throws if one of them is not an origin. */
export function codecOrigins({ FERMATA_CODEC_ORIGINS: given = '' }: NodeJS.ProcessEnv): readonly string[] {
  const origins = given.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]));
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw new Error(
        `FERMATA_CODEC_ORIGINS: expected origins with commas between them, for example https://temporal.example, found "${origin}"`,
      );
  }
  return origins;
}
