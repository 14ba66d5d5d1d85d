/**
 * The page's refresh token: a cookie that no script can read and that is sent to one address only. SameSite=Strict does
 * not tell ports apart, so whoever uses it must also send our own Origin.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cameByPublicUrl, isOwnOrigin } from '../hooks/host-guard.js';
import { REFRESH_LIFETIME_MS } from './session-store.js';

const NAME = 'fermata_refresh';
const PATH = '/api/auth';

export function setRefreshCookie(reply: FastifyReply, token: string): void {
  reply.setCookie(NAME, token, {
    ...attributes(reply),
    maxAge: REFRESH_LIFETIME_MS / 1000,
  });
}

export function clearRefreshCookie(reply: FastifyReply): void {
  reply.clearCookie(NAME, attributes(reply));
}

/** Secure where it came by TLS; on loopback some browsers would drop such a cookie. */
function attributes({ request }: FastifyReply) {
  const secure = cameByPublicUrl(request);
  return { path: PATH, httpOnly: true, sameSite: 'strict', secure } as const;
}

export function refreshCookie(request: FastifyRequest): string | null {
  return request.cookies[NAME] ?? null;
}

/** A browser always sends Origin with a POST; a request without one can't be told from a forged one. */
export function isFromOwnPage(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || host === undefined) return false;
  return isOwnOrigin(origin.toLowerCase(), host.toLowerCase(), request.server.publicUrl);
}
