/**
 * The account: its holdings and their worth, its reconciliation, and people's statements about cash, coins
 * and shares.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { decimalText, marketMs } from '../../contracts/json-values.js';
import { positionSchema, type TraderStatus } from '../../contracts/trader-status.js';
import { cashAmount, price } from '../../desk/schema-values.js';
import { dividendSchema, splitSchema } from '../../desk/sent-schemas.js';
import { CASH_KINDS, COIN_OWNERS } from '../../domain/cash-and-coins.js';
import { splitRatio } from '../../domain/corporate-action.js';
import { addDecimals } from '../../domain/decimal.js';
import { APPROVER, MAY_DO_TASKS } from '../../domain/people-roles.js';
import { type Caller, type OperationResult, outcomeSchema } from '../../operations/operation.js';
import type { WebDependencies } from '../dependencies.js';
import { badRequest, notDone, sendProblem, traderDown } from '../problem-details.js';
import { answer, jsonSchema, problems, reason, signature } from '../schemas/answers.js';
import { reconciliationAnswerSchema } from '../schemas/records.js';
import { callerOf, OUTCOMES, sendOutcome } from './route-parts.js';

const portfolioSchema = z.object({
  trading: z.enum(['paper', 'live']),
  currency: z.string(),
  equity: decimalText.describe('Cash plus open positions at the prices that closing them would get'),
  cash: decimalText,
  unrealised: decimalText.describe('Result of the open positions'),
  realised: decimalText.describe(
    'Result of the closed trades of the strategies in the desk file, after fees; `GET /api/results` has every round trip',
  ),
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

export function reconciliationRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'How orders, positions and fills compare with what the venue says',
    tags: ['state'],
    response: { 200: answer('The newest comparison', reconciliationAnswerSchema), ...problems(401, 503) },
  };
  app.get('/api/reconciliation', { schema }, async (_request, reply) => {
    try {
      const { reconciliation, openPositions, openOrders, positions } = await web.readTrader();
      const unprotected = positions.filter(({ protection }) => protection !== 'confirmed');
      return {
        ...reconciliation,
        clean: reconciliation.state === 'clean',
        openPositions,
        openOrders,
        unprotected: unprotected.map(({ symbol }) => symbol),
      };
    } catch (error) {
      return sendProblem(reply, traderDown(error));
    }
  });
}

const explanationSchema = z.strictObject({
  kind: z.enum(CASH_KINDS),
  amount: cashAmount.describe('Signed decimal, as the balance changed: -6000 for a withdrawal of 6,000'),
  reason,
});

export function cashRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Explain a difference in cash that was found, or part of it',
    tags: ['state'],
    body: jsonSchema(explanationSchema),
    response: { 200: answer('Booked', outcomeSchema), ...problems(400, 401, 403, 409) },
  };
  app.post<{ Body: z.infer<typeof explanationSchema> }>(
    '/api/cash',
    { schema, config: { roles: MAY_DO_TASKS } },
    async (request, reply) => {
      const { kind, amount, reason: why } = request.body;
      const outcome = await web.operations.explainCash(callerOf(request), { kind, amount, reason: why });
      if (outcome.ok) return outcome;
      return sendProblem(reply, notDone(outcome.detail, 'GET /api/status shows books.cashUnexplained.'));
    },
  );
}

const claimSchema = z.strictObject({
  symbol: z.string().min(3).max(40).describe('Instrument of the coins'),
  owner: z
    .enum(COIN_OWNERS)
    .describe('`move`: a person takes them out of the account; until then they are left alone'),
  cost: price.optional().describe('What one coin cost, decimal; required if they are the desk’s'),
  nobodys: z
    .string()
    .regex(/^\d{1,20}(\.\d{1,18})?$/, 'expected a decimal number as text, for example "0.05"')
    .optional()
    .describe('How many the person was shown; refused if it is another number by now'),
  reason: reason.min(1),
  signature,
});

export function coinsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Say who owns the coins in the account that are nobody’s; with real money by a signed vote',
    tags: ['state'],
    body: jsonSchema(claimSchema),
    response: { 200: answer('Accepted by the trader', outcomeSchema), ...problems(400, 401, 403, 409) },
  };
  app.post<{ Body: z.infer<typeof claimSchema> }>(
    '/api/coins',
    { schema, config: { roles: APPROVER } },
    async (request, reply) => {
      const { cost = null, ...claim } = request.body;
      const outcome = await web.operations.claimCoins(callerOf(request), { ...claim, cost });
      if (outcome.ok) return outcome;
      return sendProblem(
        reply,
        notDone(outcome.detail, 'GET /api/status shows them under coins; GET /api/signing what is signed.'),
      );
    },
  );
}

const why = { reason: reason.min(1) };
const actionSchema = z.discriminatedUnion('kind', [
  splitSchema.extend(why),
  dividendSchema.extend(why),
  z.strictObject({ kind: z.literal('no-split'), symbol: splitSchema.shape.symbol, ...why }),
]);
type Action = z.infer<typeof actionSchema>;

export function corporateActionRoutes(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'A stock is split or has paid a dividend, or the venue’s apparent split is not one (`no-split`)',
    tags: ['state'],
    body: jsonSchema(actionSchema),
    response: { ...OUTCOMES, ...problems(404) },
  };
  app.post<{ Body: Action }>(
    '/api/corporate-actions',
    { schema, config: { roles: MAY_DO_TASKS } },
    async (request, reply) => {
      const outcome = await take(web, callerOf(request), request.body);
      return outcome === null
        ? sendProblem(reply, badRequest('numerator: expected another number than denominator'))
        : sendOutcome(reply, outcome, 'GET /api/status shows what is held.');
    },
  );
}

/** Null: as many new shares as old ones, so it is not a split. */
async function take(
  { operations }: WebDependencies,
  caller: Caller,
  { reason: said, ...asked }: Action,
): Promise<OperationResult | null> {
  if (asked.kind === 'no-split') return operations.sayNoSplit(caller, { symbol: asked.symbol, reason: said });
  if (asked.kind === 'dividend')
    return operations.takeCorporateAction(caller, { action: asked, reason: said });
  const ratio = splitRatio(asked.numerator, asked.denominator);
  return ratio === null
    ? null
    : operations.takeCorporateAction(caller, { action: { ...asked, ...ratio }, reason: said });
}
