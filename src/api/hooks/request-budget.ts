/**
 * A program that has run wild must not keep the page from everybody else. The three buttons are outside
 * (`rateLimit: false`): no number of requests ever stands before a stop. So is whoever is not signed in: all of them come from
 * one address, and a budget of theirs would let any web page shut out everybody who wants to sign in or to stay so.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { tooManyRequests } from '../problem.js';

/** Of each sign-in. An open page makes about 150. */
const REQUESTS_PER_MINUTE = 1200;

export async function registerRequestBudget(app: FastifyInstance): Promise<void> {
  await app.register(rateLimit, {
    max: REQUESTS_PER_MINUTE,
    timeWindow: 60_000,
    // Who asks is known only after the access check.
    hook: 'preValidation',
    allowList: ({ session }) => session === null,
    keyGenerator: ({ session, ip }) => session?.family ?? ip,
    errorResponseBuilder: (_request, { ttl }) => new BudgetSpent(Math.ceil(ttl / 1000)),
  });
}

/** Thrown by the plugin, told by the error handler. */
export class BudgetSpent extends Error {
  readonly statusCode = 429;
  constructor(readonly waitSeconds: number) {
    super('too many requests');
  }

  get problem() {
    return tooManyRequests(this.waitSeconds);
  }
}
