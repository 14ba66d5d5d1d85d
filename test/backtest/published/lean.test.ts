/**
 * LEAN's first example and regression test (QuantConnect/Lean, Algorithm.CSharp/BasicTemplateAlgorithm.cs): all cash in
 * SPY at the first minute of 7 October 2013, held until the 11th. On the bid and ask of each minute, as LEAN fills it.
 *
 * LEAN adjusts prices by later dividends; the recording has them as they were. One factor for all of them, which its end
 * of equity implies, must then also explain how many shares its cash bought, which its fees tell.
 */
import { expect, it } from 'vitest';
import { MINUTE_MS } from '../../../src/domain/civil-date.js';
import type { Strategy } from '../../../src/engine/strategies/strategy.js';
import { asPeer, recordingBeside } from './support/peers.js';

const RECORDING = recordingBeside('us-SPY-quotes-1m-2013-10.csv.gz');

const PUBLISHED = { startEquity: 100_000, endEquity: 101_691.92, fees: 3.44, drawdownPct: 2.2, orders: 1 };
/** Its fee is that of Interactive Brokers, half a cent a share. */
const FEE_PER_SHARE = 0.005;
/** It keeps a quarter of a percent of its cash. */
const PART_PCT = 99.75;
/** The ask at the end of the first minute, and the last trade of the last one. */
const [BOUGHT_AT, LAST_TRADE] = [167.45, 170.3];
const FIRST_MINUTE_MS = Date.UTC(2013, 9, 7, 13, 31);
const CLOSE_MS = Date.UTC(2013, 9, 11, 20);

function buysOnce(): Strategy {
  let isDone = false;
  return {
    warmupBars: 0,
    state: () => 'it has bought',
    onBar: () => undefined,
    timerMs: MINUTE_MS,
    onTimer: (context, dueMs) => {
      const { lastQuote } = context;
      if (isDone || dueMs < FIRST_MINUTE_MS) return;
      isDone = true;
      const protectTicks = Math.round(lastQuote!.askTicks / 10);
      const size = { equityPct: PART_PCT };
      context.enter({
        side: 'buy',
        type: 'market',
        slippageTicks: 0,
        protectTicks,
        size,
        because: 'it is flat',
      });
    },
  };
}

it.skipIf(RECORDING === null)(
  'SPY of October 2013 comes to the shares, price and result of LEAN’s first example, on ../shared/data',
  async () => {
    const shares = Math.round(PUBLISHED.fees / FEE_PER_SHARE);
    const result = PUBLISHED.endEquity + PUBLISHED.fees - PUBLISHED.startEquity;
    const factor = result / shares / (LAST_TRADE - BOUGHT_AT);
    const cash = PUBLISHED.startEquity / factor;
    const desk = { cash: cash.toFixed(2), tickSize: '0.01', lotSize: '1' };
    const { report, kept } = await asPeer(desk, RECORDING!, buysOnce, { untilMs: CLOSE_MS });
    expect(kept.fills).toHaveLength(PUBLISHED.orders);
    expect(kept.fills[0]).toMatchObject({ quantityLots: 688, priceTicks: BOUGHT_AT * 100 });
    expect(kept.fills[0]!.marketMs - FIRST_MINUTE_MS).toBeLessThan(MINUTE_MS);
    // What is held counts at its bid here, at the last trade there: six cents a share.
    const bid = 170.24;
    const ours = Number(report.finalEquity) + (LAST_TRADE - bid) * shares - cash;
    expect(ours * factor).toBeCloseTo(result, 1);
    // It rounds to a tenth.
    expect(Math.round(report.figures!.maxDrawdownPct * 10) / 10).toBe(PUBLISHED.drawdownPct);
  },
);
