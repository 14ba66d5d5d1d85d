import type { FastifyInstance } from 'fastify';
import { type PreflightReport, preflightSchema } from '../../contracts/preflight.js';
import { messageOf } from '../../domain/message-of.js';
import type { WebDependencies } from '../dependencies.js';
import { type Problem, sendProblem } from '../problem.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';

/** Each pre-flight asks the exchange: a page that reloads, or ten pages, ask it only once in this time. */
const KEPT_MS = 15_000;

export function preflightRoute(app: FastifyInstance, web: WebDependencies): void {
  let kept: { readonly atMs: number; readonly report: Promise<PreflightReport> } | null = null;
  const schema = {
    summary: 'The pre-flight checks, made now by real calls on the exchange',
    tags: ['go-live'],
    response: { 200: answer('Every check, not older than 15 s', preflightSchema), ...problems(401, 503) },
  };
  app.get('/api/preflight', { schema }, async (request, reply) => {
    const now = web.nowMs();
    if (kept === null || now - kept.atMs >= KEPT_MS) kept = { atMs: now, report: web.operations.preflight() };
    try {
      return await kept.report;
    } catch (error) {
      kept = null;
      request.log.warn({ err: error }, 'the pre-flight checks could not be made');
      return sendProblem(reply, notMade(error));
    }
  });
}

const notMade = (error: unknown): Problem => ({
  status: 503,
  code: 'preflight-not-made',
  detail: `The pre-flight checks could not be made: ${messageOf(error)}`,
  keptSafe: 'Nothing was changed. Without them no desk starts with real money.',
  doThis: 'Run `fermata preflight` where the keys of the exchange are; it needs no running desk.',
});
