import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { decimalText, marketMs, wallMs } from '../../contracts/json-values.js';
import { VALIDATION_HOURS_MAX } from '../../contracts/validation.js';
import { OPERATOR } from '../../domain/roles.js';
import type { ValidationShown } from '../../operations/list-validations.js';
import type { Operations } from '../../operations/operations.js';
import type { WebDependencies } from '../dependencies.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { callerOf } from './caller.js';
import { fromDatabase } from './from-database.js';
import { OUTCOMES, sendOutcome } from './send-outcome.js';

/** Not validated again: the report was checked when it was written and signed. */
const validationSchema = z.object({
  id: z.string(),
  configHash: z.string(),
  createdMs: wallMs,
  requestedBy: z.string(),
  recommendation: z.enum(['GO', 'NO-GO']),
  reasons: z.array(z.string()).describe('Every reason of a NO-GO, each with the amount that is missing'),
  goLive: z
    .object({ qualifies: z.boolean(), because: z.array(z.string()) })
    .describe('Whether it may stand for real money, and if not, why'),
  period: z.object({
    requestedMs: z.number(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    reached: z.string().nullable(),
  }),
  market: z.object({
    kind: z.enum(['live', 'simulated', 'recorded']).nullable(),
    label: z.string(),
    simulated: z.boolean(),
  }),
  results: z.object({
    currency: z.string(),
    startingEquity: decimalText,
    finalEquity: decimalText.describe('Open positions at their last price'),
    netProfit: decimalText,
    netProfitPct: z.number(),
    fees: decimalText,
    fills: z.number(),
    trades: z.number(),
    wins: z.number(),
    winRatePct: z.number().nullable(),
    sharpe: z.number().nullable(),
    hourlyReturns: z.number(),
    maxDrawdownPct: z.number(),
    maxDrawdownFrom: z.string().nullable().describe('Null where equity never fell'),
    maxDrawdownTo: z.string().nullable(),
    openPositions: z.number(),
    ordersDenied: z.number(),
  }),
  verdicts: z
    .array(
      z.object({
        name: z.enum(['minTrades', 'minWinRatePct', 'minSharpe', 'maxDrawdownPct']),
        title: z.string(),
        bound: z.enum(['at least', 'at most']),
        threshold: z.number(),
        observed: z.number().nullable(),
        passed: z.boolean(),
        shortfall: z.number().nullable().describe('In the criterion’s unit; null: nothing could be measured'),
        text: z.string(),
      }),
    )
    .describe('Each criterion with what was measured'),
}) satisfies z.ZodType<ValidationShown>;

export function validationsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Paper validations: GO or NO-GO with every figure and reason',
    tags: ['go-live'],
    response: {
      200: answer('Newest first', z.object({ validations: z.array(validationSchema) })),
      ...problems(401, 503),
    },
  };
  app.get('/api/validations', { schema }, (_request, reply) =>
    fromDatabase(reply, 'The validation reports', async () => ({
      validations: await web.operations.listValidations(),
    })),
  );
}

const periodSchema = z.object({
  name: z.string().describe('What POST /api/validations takes'),
  fromMs: marketMs,
  untilMs: marketMs.describe('The first millisecond that is not in it'),
}) satisfies z.ZodType<Awaited<ReturnType<Operations['listStoredPeriods']>>[number]>;

export function storedPeriodsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Stored minutes (fermata data fetch) that a validation of this desk can be traded on',
    tags: ['go-live'],
    response: {
      200: answer(
        'Spans of which every instrument is stored, newest first',
        z.object({ periods: z.array(periodSchema) }),
      ),
      ...problems(401),
    },
  };
  app.get('/api/data', { schema }, async () => ({ periods: await web.operations.listStoredPeriods() }));
}

const wishSchema = z.strictObject({
  hours: z.int().min(1).max(VALIDATION_HOURS_MAX).describe('Market time that is traded, exactly'),
  stored: z
    .string()
    .max(100)
    .optional()
    .describe(
      'Name of a period of GET /api/data, from its begin; left out: the prices that the desk has now',
    ),
});

export function startValidationRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary:
      'Start a paper validation on the desk’s own prices or on stored ones; its report comes by itself',
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
