/**
 * Strategies, switching them off and on, the setups that they follow; and signals from outside: sending,
 * editing, withdrawing and listing them.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { decimalText } from '../../contracts/json-values.js';
import { setupDetailsSchema, setupSchema } from '../../contracts/published.js';
import { type StrategyStatus, signalsSchema, strategyStatusSchema } from '../../contracts/trader-status.js';
import { name } from '../../desk/schema-values.js';
import { signalIdSchema, signalSchema, signalSourceSchema } from '../../desk/sent-schemas.js';
import { addDecimals } from '../../domain/decimal.js';
import { MAY_STOP, OPERATOR } from '../../domain/people-roles.js';
import { NO_REASON, reasonOf } from '../../domain/plain-text.js';
import type { SignalBody } from '../../domain/signal.js';
import { outcomeSchema } from '../../operations/operation.js';
import type { WebDependencies } from '../dependencies.js';
import { notFound, refusal, sendProblem, traderDown } from '../problem-details.js';
import { answer, jsonSchema, problems, reason, stopSchema } from '../schemas/answers.js';
import { callerOf, emptyBody, fromDatabase, idLike, OUTCOMES, queryOf, sendOutcome } from './route-parts.js';

const toggleSchema = z.strictObject({
  enabled: z.boolean().optional().describe('Left out: toggles it'),
  reason: reason.optional(),
});

interface Toggle {
  readonly Params: { readonly name: string };
  readonly Body: z.infer<typeof toggleSchema>;
}

const strategySchema = z.object({
  name: z.string(),
  enabled: z.boolean(),
  trades: z.number().describe('Closed round trips'),
  wins: z.number().describe('Those with a profit after fees'),
  winRatePct: z.number().nullable().describe('Null before the first'),
  realised: decimalText.describe('After fees'),
  symbols: z.array(strategyStatusSchema).describe('The same for each instrument, and what it waits for'),
});

type StrategyShown = z.infer<typeof strategySchema>;

export function strategiesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Every strategy: on or off, what it waits for, its results',
    tags: ['state'],
    response: {
      200: answer('The strategies', z.object({ strategies: z.array(strategySchema) })),
      ...problems(401, 503),
    },
  };
  app.get('/api/strategies', { schema }, async (_request, reply) => {
    try {
      return { strategies: byName((await web.readTrader()).strategies) };
    } catch (error) {
      return sendProblem(reply, traderDown(error));
    }
  });
}

function byName(slots: readonly StrategyStatus[]): readonly StrategyShown[] {
  return [...new Set(slots.map(({ name }) => name))].map((name) => {
    const own = slots.filter((slot) => slot.name === name);
    const trades = own.reduce((sum, slot) => sum + slot.trades, 0);
    const wins = own.reduce((sum, slot) => sum + slot.wins, 0);
    return {
      name,
      enabled: own.some(({ enabled }) => enabled),
      trades,
      wins,
      winRatePct: trades === 0 ? null : Math.round((wins / trades) * 1000) / 10,
      realised: addDecimals(own.map(({ realised }) => realised)),
      symbols: [...own],
    };
  });
}

export function strategyToggleRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Switch a strategy on or off; its position keeps its stop and its exit',
    tags: ['state'],
    params: {
      type: 'object',
      required: ['name'],
      properties: { name: jsonSchema(name) },
    },
    body: jsonSchema(toggleSchema),
    response: { 200: answer('Switched', outcomeSchema), ...problems(400, 401, 403, 404, 409) },
  };
  app.post<Toggle>(
    '/api/strategies/:name/toggle',
    { schema, preValidation: emptyBody, config: { roles: OPERATOR } },
    async (request, reply) => {
      const { enabled = null, reason: why } = request.body;
      const outcome = await web.operations.toggleStrategy(callerOf(request), {
        strategy: request.params.name,
        enabled,
        reason: why?.trim() || NO_REASON,
      });
      if (outcome.ok) return outcome;
      return sendProblem(reply, refusal(outcome, 'GET /api/strategies shows the strategies as they are.'));
    },
  );
}

/** Enough for years of setups, so that all active ones, which are among the newest, are counted. */
const SETUPS_MAX = 1_000;

export function setupsRoutes(app: FastifyInstance, web: WebDependencies): void {
  const list = {
    summary: 'The setups that strategies follow, newest first, and how many of them are active',
    tags: ['state'],
    querystring: queryOf({ limit: { type: 'integer', minimum: 1, maximum: SETUPS_MAX, default: 50 } }),
    response: {
      200: answer('By market time', z.object({ active: z.number(), setups: z.array(setupSchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly limit: number } }>(
    '/api/setups',
    { schema: list },
    ({ query: { limit } }, reply) =>
      fromDatabase(reply, 'The setups', async () => {
        const setups = await web.operations.listSetups({ open: false, limit: SETUPS_MAX });
        return { active: setups.filter(({ open }) => open).length, setups: setups.slice(0, limit) };
      }),
  );
  const one = {
    summary: 'One setup: its plan, its state and each of its steps',
    tags: ['state'],
    params: idLike('^[0-9A-Za-z_-]{1,40}$', 'the id of a setup, as GET /api/setups has it'),
    response: { 200: answer('As it is now', setupDetailsSchema), ...problems(400, 401, 404, 503) },
  };
  app.get<{ Params: { readonly id: string } }>(
    '/api/setups/:id',
    { schema: one },
    ({ params: { id } }, reply) =>
      fromDatabase(reply, 'The setup', async () => {
        const setup = await web.operations.readSetup(id);
        if (setup !== null) return setup;
        const doThis = 'GET /api/setups lists those that there are.';
        return sendProblem(reply, notFound(`There is no setup ${id} on this desk.`, doThis));
      }),
  );
}

const withdrawalSchema = stopSchema.extend({ source: signalSourceSchema, id: signalIdSchema });

export function signalsRoutes(app: FastifyInstance, web: WebDependencies): void {
  app.get(
    '/api/signals',
    {
      schema: {
        summary: 'The newest signals from outside, the state of each, and how many were refused, by reason',
        tags: ['state'],
        response: { 200: answer('The signals', signalsSchema), ...problems(401, 503) },
      },
    },
    async (_request, reply) => {
      try {
        return await web.operations.listSignals();
      } catch (error) {
        return sendProblem(reply, traderDown(error));
      }
    },
  );
  app.post<{ Body: SignalBody }>(
    '/api/signals',
    {
      schema: {
        summary: 'Send or edit a signal; an edit may only tighten it, and the same again changes nothing',
        tags: ['state'],
        body: jsonSchema(signalSchema),
        response: OUTCOMES,
      },
      config: { roles: OPERATOR },
    },
    async (request, reply) => {
      const outcome = await web.operations.sendSignal(callerOf(request), request.body);
      return sendOutcome(reply, outcome, 'GET /api/signals shows those that are known, and how they stand.');
    },
  );
  app.post<{ Body: z.infer<typeof withdrawalSchema> }>(
    '/api/signals/withdraw',
    {
      schema: {
        summary: 'Withdraw a signal, in every mode: its entry is cancelled, filled lots keep their exits',
        tags: ['state'],
        body: jsonSchema(withdrawalSchema),
        response: OUTCOMES,
      },
      config: { roles: MAY_STOP, anyText: true },
    },
    async (request, reply) => {
      const { source, id, reason } = request.body;
      const asked = { source, id, reason: reasonOf(reason) };
      const outcome = await web.operations.withdrawSignal(callerOf(request), asked);
      return sendOutcome(
        reply,
        outcome,
        'GET /api/signals shows those that are known; a stop cancels every entry.',
      );
    },
  );
}
