import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WebDependencies } from '../dependencies.js';
import { refusedOrigin, sendProblem } from '../problem.js';
import { isFromOwnPage, setRefreshCookie } from './refresh-cookie.js';
import { ACCESS_LIFETIME_SECONDS } from './sign-in.js';

export interface Issued {
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
