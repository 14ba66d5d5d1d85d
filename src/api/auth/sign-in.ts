/** Access tokens (JWT, 15 minutes) on top of the session store, and what a route learns about its caller. */
import jwt from '@fastify/jwt';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RolesNeeded } from '../../domain/roles.js';
import type { WebDependencies } from '../dependencies.js';

export const ACCESS_LIFETIME_SECONDS = 15 * 60;
const ISSUER = 'fermata';

export interface AccessClaims {
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

export function bearerToken(request: FastifyRequest): string | null {
  const match = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(request.headers.authorization ?? '');
  return match?.[1] ?? null;
}
