import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { furtherDeskOf } from '../../home/installation.js';
import type { WebDependencies } from '../dependencies.js';
import { cameByPublicUrl, isOwnOrigin } from '../hooks/host-guard.js';
import { refusedOrigin, sendProblem } from '../problem.js';
import { REFRESH_LIFETIME_MS } from './session-store.js';
import { ACCESS_LIFETIME_SECONDS } from './sign-in.js';

interface Issued {
  readonly person: string;
  readonly family: string;
  readonly refreshToken: string;
}

/** Sends the tokens: to programs the refresh token in the body, to the page as a cookie. */
export function answerTokens(
  request: FastifyRequest,
  reply: FastifyReply,
  issued: Issued,
  transport: 'json' | 'cookie',
  rolesOf: WebDependencies['rolesOf'],
): FastifyReply {
  const tokens = {
    accessToken: request.server.issueAccess(issued.person, issued.family),
    expiresIn: ACCESS_LIFETIME_SECONDS,
    tokenType: 'Bearer',
    person: issued.person,
    roles: rolesOf(issued.person),
  };
  if (transport === 'json') return reply.send({ ...tokens, refreshToken: issued.refreshToken });
  setRefreshCookie(reply, issued.refreshToken);
  return reply.send(tokens);
}

/** Null if the page itself asks; otherwise the refusal has been sent. */
export function refuseForeignCookie(request: FastifyRequest, reply: FastifyReply): FastifyReply | null {
  if (isFromOwnPage(request)) return null;
  return sendProblem(reply, refusedOrigin('A sign-in by cookie is for the dashboard’s own page only.'));
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly cookieEnding: string;
  }
}

const NAME = 'fermata_refresh';
const PATH = '/api/auth';

/**
 * A browser shares cookies of one name among all ports of a host: each further desk of an installation has cookie
 * names of its own.
 */
export function cookieEndingOf(home: string): string {
  const desk = furtherDeskOf(home);
  return desk === null ? '' : `_${desk}`;
}

const nameOn = ({ cookieEnding }: FastifyInstance): string => `${NAME}${cookieEnding}`;

/**
 * The page's refresh token: a cookie that scripts can't read and that is sent to one path only. SameSite=Strict does
 * not tell ports apart, so a request that uses it must also send our own Origin.
 */
function setRefreshCookie(reply: FastifyReply, token: string): void {
  reply.setCookie(nameOn(reply.server), token, {
    ...attributes(reply),
    maxAge: REFRESH_LIFETIME_MS / 1000,
  });
}

export function clearRefreshCookie(reply: FastifyReply): void {
  reply.clearCookie(nameOn(reply.server), attributes(reply));
}

/** Secure if the request came by TLS; on loopback some browsers would drop a secure cookie. */
function attributes({ request }: FastifyReply) {
  const secure = cameByPublicUrl(request);
  return { path: PATH, httpOnly: true, sameSite: 'strict', secure } as const;
}

export function refreshCookie(request: FastifyRequest): string | null {
  return request.cookies[nameOn(request.server)] ?? null;
}

/** A browser always sends Origin with a POST; a request without it can't be told from a forged one. */
function isFromOwnPage(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || host === undefined) return false;
  return isOwnOrigin(origin.toLowerCase(), host.toLowerCase(), request.server.publicUrl);
}
