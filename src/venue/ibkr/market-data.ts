/** Quotes and past bars, as the Gateway tells them. */
import { BarSizeSetting, type Contract, EventName, WhatToShow } from '@stoqey/ib';
import type { OhlcvRow } from '../prices.js';
import { isNone, numberOf } from './decode.js';
import type { Question } from './gateway.js';

/** Best prices and sizes of one contract, put together from single ticks. Undefined: not told yet, or nobody offers. */
export interface BestPrices {
  bid?: number | undefined;
  ask?: number | undefined;
  bidVolume?: number | undefined;
  askVolume?: number | undefined;
}

/** Types of ticks. Those of delayed prices have other numbers, and are never taken. */
const PRICES: Readonly<Record<number, 'bid' | 'ask'>> = { 1: 'bid', 2: 'ask' };
const SIZES: Readonly<Record<number, 'bidVolume' | 'askVolume'>> = { 0: 'bidVolume', 3: 'askVolume' };

/** False: nothing of it concerns the best prices. */
export function takeTick(best: BestPrices, event: EventName, [, type, value]: readonly unknown[]): boolean {
  const key =
    event === EventName.tickPrice
      ? PRICES[Number(type)]
      : event === EventName.tickSize
        ? SIZES[Number(type)]
        : undefined;
  if (key === undefined) return false;
  const told = Number(value);
  // -1 is said where nobody offers; a price of its own can't be that low for what is traded here.
  best[key] = Number.isFinite(told) && !isNone(told) && told > 0 ? told : undefined;
  return true;
}

/** Where a price or a size is missing the broker ends a snapshot 11 seconds later. */
export const SNAPSHOT_MS = 15_000;

/** As they are now. */
export function quote(contract: Contract): Question<BestPrices> {
  const best: BestPrices = {};
  return {
    name: `quote of ${contract.localSymbol}`,
    send: (api, id) => api.reqMktData(id, contract, '', true, false),
    hear(event, args, id, done) {
      if (args[0] !== id) return;
      takeTick(best, event, args);
      const { bid, ask, bidVolume, askVolume } = best;
      const complete = [bid, ask, bidVolume, askVolume].every((told) => told !== undefined);
      if (complete || event === EventName.tickSnapshotEnd) done(best);
    },
  };
}

/** The longest that is asked for at once: of bars of a minute a day. */
export const SPAN_SECONDS_MAX = 86_400;

/** Minutes with trades in them that end by `endMs` (null: now), oldest first. The one that runs may be among them. */
export function minutes(
  contract: Contract,
  endMs: number | null,
  seconds: number,
): Question<readonly OhlcvRow[]> {
  const rows: OhlcvRow[] = [];
  return {
    name: `minutes of ${contract.localSymbol}`,
    send: (api, id) =>
      api.reqHistoricalData(
        ...([id, contract, endMs === null ? '' : utcText(endMs), `${seconds} S`] as const),
        ...([BarSizeSetting.MINUTES_ONE, WhatToShow.TRADES, OUTSIDE_REGULAR_HOURS_TOO] as const),
        ...([SECONDS_SINCE_1970, false] as const),
      ),
    hear(event, [its, date, open, high, low, close, volume], id, done) {
      if (its !== id || event !== EventName.historicalData) return;
      if (String(date).startsWith('finished')) {
        done(rows);
        return;
      }
      const prices = [open, high, low, close].map((price) => numberOf(price, 'bar'));
      rows.push([
        numberOf(Number(date), 'time of a bar') * 1000,
        ...prices,
        numberOf(Number(volume), 'volume'),
      ]);
    },
  };
}

const OUTSIDE_REGULAR_HOURS_TOO = 0;
const SECONDS_SINCE_1970 = 2;

/** 20261120-15:00:00 */
function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll('-', '').replace('T', '-');
}
