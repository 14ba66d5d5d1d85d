/**
 * Tokens on top of the session store: access tokens (JWT, 15 minutes), what a route learns about its caller, and the
 * cookie that holds the page's refresh token.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import jwt from '@fastify/jwt';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ANY_ROLE, hasRole, type RolesNeeded } from '../../domain/people-roles.js';
import { homeId } from '../../home/installation.js';
import { rootOf } from '../../home/runtime.js';
import { appendAudit } from '../../store/audit.js';
import type { WebDependencies } from '../dependencies.js';
import { cameByPublicUrl, isOwnOrigin } from '../hooks/host-guard.js';
import { notSignedIn, refusedOrigin, roleMissing, sendProblem } from '../problem-details.js';
import { REFRESH_LIFETIME_MS } from './session-store.js';

const ACCESS_LIFETIME_SECONDS = 15 * 60;
const ISSUER = 'fermata';

interface AccessClaims {
  readonly sub: string;
  readonly family: string;
  readonly exp: number;
}

export interface Session {
  readonly person: string;
  readonly roles: RolesNeeded;
  readonly family: string;
  readonly expiresMs: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the sign-in check of every route that is not public. */
    session: Session | null;
  }
  interface FastifyContextConfig {
    /** Who may call: anyone, a signed-in person (the default), or the holder of the metrics token. */
    access?: 'public' | 'signed-in' | 'metrics';
    /** One of these roles is required; to read, any role is enough. A route that changes something must set it. */
    roles?: RolesNeeded;
  }
}

export async function registerAccessTokens(app: FastifyInstance, web: WebDependencies): Promise<void> {
  const nowSeconds = (): number => Math.floor(web.nowMs() / 1000);
  await app.register(jwt, {
    secret: web.secrets.tokenKey,
    sign: { algorithm: 'HS256', iss: ISSUER, aud: web.runtime.desk },
    verify: {
      algorithms: ['HS256'],
      allowedIss: ISSUER,
      allowedAud: web.runtime.desk,
      ignoreExpiration: true,
    },
  });
  app.decorateRequest('session', null);
  app.decorate('issueAccess', (person: string, family: string): string =>
    app.jwt.sign({ sub: person, family, iat: nowSeconds(), exp: nowSeconds() + ACCESS_LIFETIME_SECONDS }),
  );
  app.decorate('readAccess', (token: string): Session | 'expired' | 'invalid' => {
    try {
      const claims = app.jwt.verify<AccessClaims>(token);
      if (claims.exp * 1000 <= web.nowMs()) return 'expired';
      if (!web.sessions.isActive(claims.family)) return 'expired';
      const roles = web.rolesOf(claims.sub);
      if (roles.length === 0) return 'expired';
      return { person: claims.sub, roles, family: claims.family, expiresMs: claims.exp * 1000 };
    } catch {
      return 'invalid';
    }
  });
}

declare module 'fastify' {
  interface FastifyInstance {
    issueAccess(person: string, family: string): string;
    readAccess(token: string): Session | 'expired' | 'invalid';
  }
}

function bearerToken(request: FastifyRequest): string | null {
  const match = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(request.headers.authorization ?? '');
  return match?.[1] ?? null;
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The one place where a request is let in. A route without settings requires a signed-in person of the desk. */
export function registerAccessCheck(app: FastifyInstance, web: WebDependencies): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    const changes = [method].flat().some((one) => !READING.has(one));
    if (changes && config?.access !== 'public' && config?.roles === undefined)
      throw new Error(`${url} changes something and does not say who may`);
  });
  const metricsDigest = digest(web.secrets.metricsToken);
  app.addHook('onRequest', async (request, reply) => {
    const { access = 'signed-in', roles = ANY_ROLE } = request.routeOptions.config;
    if (access === 'public' || request.is404) return;
    const token = bearerToken(request);
    if (token === null) {
      reply.header('www-authenticate', 'Bearer');
      return sendProblem(reply, notSignedIn('This needs a bearer token and the request carries none.'));
    }
    if (access === 'metrics' && timingSafeEqual(digest(token), metricsDigest)) return;
    const session = app.readAccess(token);
    if (typeof session === 'string') {
      reply.header('www-authenticate', 'Bearer error="invalid_token"');
      return sendProblem(reply, notSignedIn(WORDS[session]));
    }
    if (!hasRole(session, roles)) {
      if (!READING.has(request.method)) noteRefused(web, request, session.person, roles);
      return sendProblem(reply, roleMissing(session.person, roles));
    }
    request.session = session;
  });
}

/** Nobody waits for it: the request is refused either way. */
function noteRefused(
  { database, runtime }: WebDependencies,
  request: FastifyRequest,
  person: string,
  roles: RolesNeeded,
): void {
  const asked = `${request.method} ${request.url.split('?')[0]}`;
  appendAudit(database, {
    ...{ desk: runtime.desk, person, via: 'web', action: 'notAllowed', parameters: { asked } },
    outcome: `refused: it takes the role ${roles.join(' or ')}`,
  }).catch((error: unknown) =>
    request.log.warn({ person, asked, error }, 'a refusal is not in the audit trail'),
  );
}

const WORDS = {
  expired: 'The access token is no longer valid: its time is over or the sign-in has ended.',
  invalid: 'The access token is not one of ours.',
} as const;

interface Issued {
  readonly person: string;
  readonly family: string;
  /** Null: the browser has it already. */
  readonly refreshToken: string | null;
}

/** Sends the tokens. The refresh token goes to programs in the body, to the page as a cookie. */
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
  const { refreshToken } = issued;
  if (refreshToken !== null && transport === 'cookie') setRefreshCookie(reply, refreshToken);
  return reply.send(refreshToken !== null && transport === 'json' ? { ...tokens, refreshToken } : tokens);
}

/** Null if the request is from the page itself; otherwise a refusal has been sent. */
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

const ENDING_LENGTH = 8;

/**
 * A browser shares a cookie among all ports of a host, so each home has cookie names of its own, also beside those of
 * another installation or a copy of this one. Desks that share their people share the one of the sign-in.
 */
export const cookieEndingOf = (home: string): string =>
  `_${digest(`${homeId(home)}\n${rootOf(home)}`)
    .toString('hex')
    .slice(0, ENDING_LENGTH)}`;

const nameOn = ({ cookieEnding }: FastifyInstance): string => `${NAME}${cookieEnding}`;

/**
 * The page's refresh token: a cookie that scripts can't read and that is sent to one path only.
 * SameSite=Strict doesn't tell ports apart, so a request with this cookie must also send our own Origin.
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

/** Secure if the request came over TLS; on loopback some browsers would drop a secure cookie. */
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
