/**
 * Candles of freqtrade's own tests, traded by this core, gate, order path and paper venue. A candle is walked: prices go
 * from its open to the nearer extreme, to the other one and to its close by small steps, so that a stop or a target
 * within it is met at its price. Results are compared to a tenth of a percent, as they are there.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Backtest } from '../../../src/backtest/run-backtest.js';
import { HOUR_MS } from '../../../src/domain/civil-date.js';
import type { EntryWish, Strategy, StrategyContext } from '../../../src/engine/strategies/strategy.js';
import { type BarPath, barPath } from '../../../src/venue/bar-path.js';
import { BEGIN_MS, temporaryFolder } from '../../validation/support/validations.js';
import { PLAIN_FILLS } from '../support/backtests.js';
import { asPeer, type PeerDesk } from './support/peers.js';
import { type CandleCase, OTHER, type Outcome, SAME } from './tables/freqtrade-candles.js';

const DESK: PeerDesk = { cash: '10000', tickSize: '0.01', lotSize: '0.00001' };
const TICKS = 100;
const STEPS = 200;
const STEP_MS = HOUR_MS / (3 * STEPS);

/** Quotes of one tick’s spread. */
function walked({ candles }: CandleCase, path: BarPath): string {
  const rows = candles.flatMap(([open, high, low, close], candle) => {
    const ticks = { openTicks: open, highTicks: high, lowTicks: low, closeTicks: close };
    const bar = { instrument: 0, openMs: 0, spanMs: HOUR_MS, volumeLots: 0, ...ticks };
    const points = barPath(bar, path);
    return Array.from({ length: 3 * STEPS }, (_, step) => {
      const leg = Math.min(2, Math.floor(step / STEPS));
      // The last step of the candle is its close.
      const part = leg === 2 ? (step - 2 * STEPS) / (STEPS - 1) : (step % STEPS) / STEPS;
      const price = points[leg]! + (points[leg + 1]! - points[leg]!) * part;
      return `${BEGIN_MS + candle * HOUR_MS + step * STEP_MS},${price.toFixed(2)},${(price + 0.01).toFixed(2)},,`;
    });
  });
  const file = join(temporaryFolder(), 'walked.csv');
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${rows.join('\n')}\n`);
  return file;
}

/** Decides at the first price of each candle, by what the table has after the candle before it. */
function scripted(given: CandleCase): Strategy {
  const { side = 'buy', stopPct, targetPct, trail, minutes, limit } = given;
  const way = side === 'buy' ? 1 : -1;
  const wishAt = ({ lastQuote }: StrategyContext): EntryWish => {
    const { bidTicks, askTicks } = lastQuote!;
    const open = side === 'buy' ? askTicks : bidTicks;
    // Of the price at which it is filled.
    const from = limit === undefined ? open : way * (limit * TICKS - open) < 0 ? limit * TICKS : open;
    const away = (pct: number): number => Math.round(from * (1 + (way * pct) / 100));
    const exits = {
      ...(targetPct === undefined ? {} : { targets: [{ ticks: away(targetPct), closedPpm: 1_000_000 }] }),
      ...(trail === undefined ? {} : { trailTicks: trail * TICKS }),
      ...(minutes === undefined ? {} : { maxBars: minutes }),
    };
    const common = { side, protectTicks: away(-stopPct), exits, because: 'its candle says so' };
    return limit === undefined
      ? { ...common, type: 'market', slippageTicks: 0 }
      : { ...common, type: 'limit', limitTicks: limit * TICKS, restBars: 60 };
  };
  return {
    warmupBars: 0,
    state: () => 'nothing is asked for',
    onBar: () => undefined,
    timerMs: HOUR_MS,
    onTimer: (context, dueMs) => {
      const ended = (dueMs - BEGIN_MS) / HOUR_MS - 1;
      if (given.exitAfter === ended) context.exit('its candle says so');
      if (given.enterAfter.includes(ended)) context.enter(wishAt(context));
    },
  };
}

const REASONS: Readonly<Record<string, Outcome['why']>> = {
  ...{
    stop: 'stop',
    trailingStop: 'trailing',
    'target 1 of 1': 'target',
    strategy: 'strategy',
    time: 'time',
  },
};

function outcome({ report }: Backtest, { leverage = 1 }: CandleCase) {
  const candleOf = (time: string): number => Math.floor((Date.parse(time) - BEGIN_MS) / HOUR_MS);
  const trades = report.trades.map(
    ({ why, opened, closed }): Outcome => ({
      ...{ why: REASONS[why] ?? (why as Outcome['why']), opened: candleOf(opened), closed: candleOf(closed) },
    }),
  );
  const profit = report.trades.reduce((sum, { side, entryPrice, exitPrice }) => {
    const way = side === 'long' ? 1 : -1;
    return sum + way * leverage * (Number(exitPrice) / Number(entryPrice) - 1);
  }, 0);
  return { trades, profit };
}

async function played(given: CandleCase, path: BarPath = 'nearer') {
  const run = await asPeer(DESK, walked(given, path), () => scripted(given), { fillModel: PLAIN_FILLS });
  return outcome(run, given);
}

const named = <T extends CandleCase>(cases: readonly T[]) =>
  cases.map((one): [string, T] => [`${one.about} (${one.number})`, one]);
/** Half of what is published last, and what one tick and the steps of the walk come to. */
const TOLERANCE = 0.001;

describe('as freqtrade publishes it:', () => {
  it.each(named(SAME))('%s', async (_, given) => {
    const { trades, profit } = await played(given);
    expect(trades).toEqual(given.trades);
    expect(Math.abs(profit - given.profit), `${profit}`).toBeLessThanOrEqual(TOLERANCE);
  });
});

describe('unlike freqtrade, on purpose:', () => {
  it.each(named(OTHER))('%s', async (_, given) => {
    const { trades, profit } = await played(given);
    expect(trades).toEqual(given.ours.trades);
    expect(Math.abs(profit - given.ours.profit), `${profit}`).toBeLessThanOrEqual(TOLERANCE);
    if (given.lowFirst === undefined) return;
    const low = await played(given, 'low-first');
    expect(low.trades).toEqual(given.lowFirst.trades);
    expect(Math.abs(low.profit - given.lowFirst.profit), `${low.profit}`).toBeLessThanOrEqual(TOLERANCE);
  });
});
