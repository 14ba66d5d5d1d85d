/** The way to real money: validations, and progress towards it. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { VALIDATION_HOURS_MAX } from '../../contracts/go-live.js';
import { marketMs, wallMs } from '../../contracts/json-values.js';
import { preflightSchema, validationSchema } from '../../contracts/published.js';
import { messageOf } from '../../domain/message-of.js';
import { MAY_STOP, OPERATOR } from '../../domain/people-roles.js';
import { reasonOf } from '../../domain/plain-text.js';
import { goLiveShownSchema, goLiveStartedSchema } from '../../operations/go-live/start-go-live.js';
import { outcomeSchema } from '../../operations/operation.js';
import type { Operations } from '../../operations/operations.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, type Problem, sendProblem } from '../problem-details.js';
import { answer, jsonSchema, problems, reasonSchema, stopSchema } from '../schemas/answers.js';
import { forgetContentType } from './emergency-routes.js';
import {
  callerOf,
  emptyBody,
  fromDatabase,
  keptFor,
  OUTCOMES,
  reasonIfAny,
  sendOutcome,
} from './route-parts.js';

type Reason = { Body: z.infer<typeof reasonSchema> };

export function goLiveRoutes(app: FastifyInstance, web: WebDependencies): void {
  const read = {
    summary: 'Progress towards real money: attempts, what they wait for, what the trader was granted',
    tags: ['go-live'],
    response: {
      200: answer('The state; `problems` says what is missing', goLiveShownSchema),
      ...problems(401),
    },
  };
  app.get('/api/golive', { schema: read }, async () => web.operations.readGoLive());

  const start = {
    summary: 'Ask to trade real money: everything is checked, then people are asked',
    tags: ['go-live'],
    body: jsonSchema(reasonSchema),
    response: {
      202: answer('Started: a person reviews the validation, then approvers decide', goLiveStartedSchema),
      ...problems(400, 401, 403, 409),
    },
  };
  app.post<Reason>('/api/golive', { schema: start, config: { roles: OPERATOR } }, async (request, reply) => {
    const { reason } = request.body;
    const started = await web.operations.startGoLive(callerOf(request), { reason: reason.trim() });
    if (started.ok) return reply.code(202).send(started);
    const { detail, obstacles } = started;
    const doThis = started.doThis ?? 'see how far it is: GET /api/golive';
    return sendProblem(reply, {
      ...notDone([detail, ...obstacles].join(' · '), doThis),
      more: { obstacles },
    });
  });

  const revoke = {
    summary: 'Revoke the permission to trade real money: the desk is HALTED at once',
    tags: ['go-live'],
    body: jsonSchema(stopSchema),
    response: { 200: answer('Revoked', outcomeSchema), ...problems(400, 401, 403, 503) },
  };
  app.post<{ Body: z.infer<typeof stopSchema> }>(
    '/api/golive/revoke',
    {
      schema: revoke,
      onRequest: forgetContentType,
      preValidation: [emptyBody, reasonIfAny],
      config: { roles: MAY_STOP, anyText: true, anyBody: true },
    },
    async (request, reply) => {
      const reason = reasonOf(request.body.reason);
      const outcome = await web.operations.revokeGoLive(callerOf(request), { reason });
      return outcome.ok ? outcome : sendProblem(reply, notRevoked(outcome.detail));
    },
  );
}

const notRevoked = (detail: string): Problem => ({
  status: 503,
  code: 'revoke-failed',
  title: 'The permission was not taken back',
  detail,
  keptSafe: 'Protective stops rest at the exchange.',
  doThis: 'Try again, or `fermata stop`: a stop works without revoking the permission.',
});

/** Each pre-flight queries the exchange: ten pages, or one that reloads, cause only one in this time. */
const KEPT_MS = 15_000;

export function preflightRoute(app: FastifyInstance, web: WebDependencies): void {
  const newest = keptFor(KEPT_MS, web.nowMs, () => web.operations.preflight());
  const schema = {
    summary: 'The pre-flight checks, run now by real calls to the exchange',
    tags: ['go-live'],
    response: { 200: answer('Every check, at most 15 s old', preflightSchema), ...problems(401, 503) },
  };
  app.get('/api/preflight', { schema }, async (request, reply) => {
    try {
      return await newest();
    } catch (error) {
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

const validationsSchema = z.object({
  validations: z.array(validationSchema).describe('Newest first'),
  running: z
    .array(z.object({ id: z.string(), startedMs: wallMs }))
    .describe('Without a report yet, oldest first'),
}) satisfies z.ZodType<Awaited<ReturnType<Operations['listValidations']>>>;

export function validationsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Paper validations: GO or NO-GO with every figure and reason, and which are running',
    tags: ['go-live'],
    response: {
      200: answer('Validations of the desk', validationsSchema),
      ...problems(401, 503),
    },
  };
  app.get('/api/validations', { schema }, (_request, reply) =>
    fromDatabase(reply, 'The validation reports', () => web.operations.listValidations()),
  );
}

const periodSchema = z.object({
  name: z.string().describe('For `stored` in POST /api/validations'),
  fromMs: marketMs,
  untilMs: marketMs.describe('The first millisecond after it'),
}) satisfies z.ZodType<Awaited<ReturnType<Operations['listStoredPeriods']>>[number]>;

export function storedPeriodsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Stored minutes (fermata data fetch) that a validation of this desk can trade on',
    tags: ['go-live'],
    response: {
      200: answer(
        'Spans stored for every instrument, newest first',
        z.object({ periods: z.array(periodSchema) }),
      ),
      ...problems(401),
    },
  };
  app.get('/api/data', { schema }, async () => ({ periods: await web.operations.listStoredPeriods() }));
}

const wishSchema = z.strictObject({
  hours: z.int().min(1).max(VALIDATION_HOURS_MAX).describe('Market time to trade, exactly'),
  stored: z
    .string()
    .max(100)
    .optional()
    .describe('Name of a period from GET /api/data, from its start; left out: the desk’s current prices'),
});

export function startValidationRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary:
      'Start a paper validation on the desk’s own prices or on stored ones; its report follows by itself',
    tags: ['go-live'],
    body: jsonSchema(wishSchema),
    response: OUTCOMES,
  };
  app.post<{ Body: z.infer<typeof wishSchema> }>(
    '/api/validations',
    { schema, config: { roles: OPERATOR } },
    async (request, reply) => {
      const outcome = await web.operations.askForValidation(callerOf(request), request.body);
      return sendOutcome(
        reply,
        outcome,
        'GET /api/data lists stored minutes; other recorded prices are validated by `fermata validate --data FILE`.',
      );
    },
  );
}
