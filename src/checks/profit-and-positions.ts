import type { PositionStatus } from '../contracts/trader-status.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { HOUR_MS } from '../domain/civil-date.js';
import { placed, placesIn } from '../domain/figure-text.js';
import { readEquitySteps, withoutStart } from '../store/ledger-figures.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

const HOURS = 24;

/** Result of the day, open positions and their protection, and the equity curve. */
export const profitAndPositions = check(
  'Result of the day, and a stop behind every position',
  NO_PARAMETERS,
  async ({ desk, trader, pool }) => {
    const expected = `every position is protected, and the equity curve has points of the last ${HOURS} hours`;
    const status = await readStatus({ trader });
    const { positions, equity, currency, dayPnl, drawdownPct, marketData } = status;
    const toMs = marketData.marketMs + HOUR_MS;
    const span = { desk: desk.desk, fromMs: marketData.marketMs - HOURS * HOUR_MS, toMs };
    const hours = withoutStart(await readEquitySteps(pool, span, HOUR_MS));
    const curve = hours.map((point) => point.equity);
    const amount = (value: number): string => value.toFixed(placesIn(currency));
    const open = positions.map(
      (position) =>
        `${position.symbol} ${position.side} ${position.quantity} (${placed(position.unrealised, currency)})${tradesText(position)}`,
    );
    const bare = positions
      .filter(({ protection }) => protection === 'missing' || protection === 'closing')
      .map(({ symbol }) => symbol);
    const observed = [
      `equity ${equity} ${currency}, today ${dayPnl}, drawdown ${drawdownPct} %`,
      open.length === 0 ? 'nothing is open' : `open: ${open.join(', ')}`,
      curve.length === 0
        ? 'the equity curve has no point'
        : `equity curve: ${curve.length} hours between ${amount(Math.min(...curve))} and ${amount(Math.max(...curve))}`,
      ...(bare.length > 0 ? [`WITHOUT A STOP: ${bare.join(', ')}`] : []),
    ].join('; ');
    if (bare.length > 0) return { verdict: 'fail', observed, expected };
    return { verdict: curve.length > 0 ? 'pass' : 'warn', observed, expected };
  },
);

/** If trades may be against each other, more is open than the net. */
function tradesText({ parts = [] }: PositionStatus): string {
  const trades = parts.flatMap(({ strategy, side, quantity }) =>
    side === undefined ? [] : `${strategy} ${side} ${quantity}`,
  );
  return trades.length === 0 ? '' : `, of which ${trades.join(' and ')}`;
}
