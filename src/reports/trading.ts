/** What was traded: each trade, orders by purpose and outcome, and results of consecutive spans. */
import { z } from 'zod';
import type { Desk } from '../desk/schema.js';
import { DAY_MS } from '../domain/civil-date.js';
import { placesOfStep } from '../domain/decimal.js';
import { exitReasonWords } from '../domain/exits.js';
import { trimmed } from '../domain/figure-text.js';
import { moment } from '../domain/moment.js';
import { countOrders, type ListedTrade, listTrades, readClosings } from '../store/ledger-figures.js';
import { lengthOf, listed, moneyOf, percent, report, SPAN, spanOf } from './report.js';

const SHOWN_MAX = 20;
const STEPS_MAX = 60;

/** Closed trades one by one, newest first. */
export const trades = report('Closed trades', SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const found = await listTrades(context.pool, span, SHOWN_MAX + 1);
  if (found.length === 0) return `${lengthOf(span.days)}: no trade was closed`;
  const more = found.length > SHOWN_MAX ? '; and more before' : '';
  const said = found.slice(0, SHOWN_MAX).map((trade) => tradeText(trade, context.desk));
  return `${lengthOf(span.days)}: ${said.join('; ')}${more}`;
});

function tradeText(trade: ListedTrade, desk: Desk): string {
  const { symbol, side, quantity, entryPrice, exitPrice, result, r, why } = trade;
  const tickSize = desk.instruments.find((one) => one.symbol === symbol)?.tickSize;
  const prices = `from ${priceOf(entryPrice, tickSize)} to ${priceOf(exitPrice, tickSize)}`;
  const multiple = r === null ? '' : `, ${r.toFixed(2)} R`;
  return `${symbol} ${side} ${trimmed(quantity)} ${prices}: ${moneyOf({ desk })(Number(result))}${multiple}, ${exitReasonWords(why)}`;
}

/** With the decimal places of its instrument's tick; as stored if the desk no longer trades the instrument. */
function priceOf(decimal: string | null, tickSize: string | undefined): string {
  if (decimal === null) return 'an unknown price';
  return tickSize === undefined ? trimmed(decimal) : Number(decimal).toFixed(placesOfStep(tickSize));
}

/** The number of orders, by purpose and outcome. */
export const orders = report('What became of orders', SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const counted = await countOrders(context.pool, span);
  const all = counted.reduce((sum, { count }) => sum + count, 0);
  return `${lengthOf(span.days)}: ${all} orders${all === 0 ? '' : ` (${listed(counted)})`}`;
});

/** Result and win rate of consecutive spans, newest last: `steps` of them, each `days` long. */
export const trend = report(
  'Results of equal spans beside each other',
  z.strictObject({ ...SPAN.shape, steps: z.number().int().min(1).max(STEPS_MAX).default(4) }),
  async (context, { days, steps }) => {
    const lines = Array.from({ length: steps }, async (_, at) => {
      const marketMs = context.marketMs - (steps - 1 - at) * days * DAY_MS;
      const span = spanOf({ ...context, marketMs, lateMs: 0 }, { days });
      const closings = await readClosings(context.pool, span);
      const wins = closings.filter(({ net }) => net > 0).length;
      const net = closings.reduce((sum, closing) => sum + closing.net, 0);
      const rate = closings.length === 0 ? '' : `, win rate ${percent(wins / closings.length)}`;
      return `since ${moment(span.fromMs)} ${moneyOf(context)(net)} of ${closings.length} closings${rate}`;
    });
    return (await Promise.all(lines)).join('; ');
  },
);
