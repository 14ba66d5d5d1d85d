import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { StrategyStatus } from '../../contracts/trader-status.js';
import { addDecimals } from '../../domain/decimal-text.js';
import type { WebDependencies } from '../dependencies.js';
import { sendProblem, traderDown } from '../problem.js';
import { answer, decimalText } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { strategyStatusSchema } from '../schemas/trader-status.js';

const strategySchema = z.object({
  name: z.string(),
  enabled: z.boolean(),
  trades: z.number().describe('Closed round trips'),
  wins: z.number().describe('Those with a profit after fees'),
  winRatePct: z.number().nullable().describe('Null before the first'),
  realised: decimalText.describe('After fees'),
  symbols: z.array(strategyStatusSchema).describe('The same for each instrument, and what it waits for'),
});

export type StrategyShown = z.infer<typeof strategySchema>;

export function strategiesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Every strategy: on or off, what it waits for, how it did',
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
