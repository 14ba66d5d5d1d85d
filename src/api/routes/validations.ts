import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { VALIDATION_HOURS_MAX } from '../../contracts/go-live.js';
import { marketMs, wallMs } from '../../contracts/json-values.js';
import { validationSchema } from '../../contracts/published.js';
import { OPERATOR } from '../../domain/roles.js';
import type { Operations } from '../../operations/operations.js';
import type { WebDependencies } from '../dependencies.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { callerOf, fromDatabase, OUTCOMES, sendOutcome } from './route-parts.js';

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
