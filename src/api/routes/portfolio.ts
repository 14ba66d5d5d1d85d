import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { decimalText, marketMs } from '../../contracts/json-values.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { positionSchema } from '../../contracts/trader-status.js';
import { addDecimals } from '../../domain/decimal-text.js';
import type { WebDependencies } from '../dependencies.js';
import { sendProblem, traderDown } from '../problem.js';
import { answer, problems } from '../schemas/answers.js';

const portfolioSchema = z.object({
  trading: z.enum(['paper', 'live']),
  currency: z.string(),
  equity: decimalText.describe('Cash and open positions at the prices that closing them would get'),
  cash: decimalText,
  unrealised: decimalText.describe('Result of the open positions'),
  realised: decimalText.describe('Result of every closed round trip, after fees'),
  dayStartEquity: decimalText,
  dayPnl: decimalText,
  drawdownPct: decimalText.describe('Below the highest equity so far'),
  positions: z.array(positionSchema),
  simulated: z.boolean().describe('The prices are simulated'),
  marketMs,
});

export function portfolioRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'What the desk holds and what it is worth now',
    tags: ['state'],
    response: { 200: answer('The portfolio', portfolioSchema), ...problems(401, 503) },
  };
  app.get('/api/portfolio', { schema }, async (_request, reply) => {
    try {
      return portfolioOf(await web.readTrader());
    } catch (error) {
      return sendProblem(reply, traderDown(error));
    }
  });
}

type Portfolio = Omit<z.infer<typeof portfolioSchema>, 'positions'> & Pick<TraderStatus, 'positions'>;

function portfolioOf(status: TraderStatus): Portfolio {
  const { trading, currency, equity, cash, dayStartEquity, dayPnl, drawdownPct, positions } = status;
  return {
    ...{ trading, currency, equity, cash, dayStartEquity, dayPnl, drawdownPct },
    unrealised: addDecimals(positions.map(({ unrealised }) => unrealised)),
    realised: addDecimals(status.strategies.map(({ realised }) => realised)),
    positions,
    simulated: status.marketData.simulated,
    marketMs: status.marketData.marketMs,
  };
}
