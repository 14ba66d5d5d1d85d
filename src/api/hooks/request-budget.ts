/**
 * A program that runs wild must not keep everybody else from the page. The three buttons are exempt (`rateLimit:
 * false`): no number of requests ever blocks a stop. So are requests without a sign-in: all of them come from one
 * address, and a shared budget would let any web page lock out everybody who wants to sign in or stay signed in.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { tooManyRequests } from '../problem.js';

/** Limit for each sign-in. An open page makes about 150. */
const REQUESTS_PER_MINUTE = 1200;

export async function registerRequestBudget(app: FastifyInstance): Promise<void> {
  await app.register(rateLimit, {
    max: REQUESTS_PER_MINUTE,
    timeWindow: 60_000,
    // The caller is known only after the access check.
    hook: 'preValidation',
    allowList: ({ session }) => session === null,
    keyGenerator: ({ session, ip }) => session?.family ?? ip,
    errorResponseBuilder: (_request, { ttl }) => new BudgetSpent(Math.ceil(ttl / 1000)),
  });
}

/** Thrown by the plugin, reported by the error handler. */
export class BudgetSpent extends Error {
  readonly statusCode = 429;
  constructor(readonly waitSeconds: number) {
    super('too many requests');
  }

  get problem() {
    return tooManyRequests(this.waitSeconds);
  }
}
