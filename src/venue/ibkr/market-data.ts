/** Quotes and past bars from the Gateway. */
import { BarSizeSetting, type Contract, EventName, WhatToShow } from '@stoqey/ib';
import type { OhlcvRow } from '../prices.js';
import { isNone, numberOf } from './decode.js';
import type { Question } from './gateway.js';

/**
 * Best prices and sizes of one contract, collected from single ticks. Undefined: not received yet, or nobody offers.
 */
export interface BestPrices {
  bid?: number | undefined;
  ask?: number | undefined;
  bidVolume?: number | undefined;
  askVolume?: number | undefined;
}

/** Tick types. Those of delayed prices have other numbers and are never used. */
const PRICES: Readonly<Record<number, 'bid' | 'ask'>> = { 1: 'bid', 2: 'ask' };
const SIZES: Readonly<Record<number, 'bidVolume' | 'askVolume'>> = { 0: 'bidVolume', 3: 'askVolume' };

/** False if the tick does not concern the best prices. */
export function takeTick(best: BestPrices, event: EventName, [, type, value]: readonly unknown[]): boolean {
  const key =
    event === EventName.tickPrice
      ? PRICES[Number(type)]
      : event === EventName.tickSize
        ? SIZES[Number(type)]
        : undefined;
  if (key === undefined) return false;
  const told = Number(value);
  // -1 means that nobody offers; no price traded here can be that low.
  best[key] = Number.isFinite(told) && !isNone(told) && told > 0 ? told : undefined;
  return true;
}

/** If a price or a size is missing, the broker ends a snapshot only after 11 seconds. */
export const SNAPSHOT_MS = 15_000;

/** A snapshot of the current best prices. */
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

/** The longest span requested at once: a day of one-minute bars. */
export const SPAN_SECONDS_MAX = 86_400;

/** Minutes with trades that end by `endMs` (null: now), oldest first. The current minute may be among them. */
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

/** For example 20261120-15:00:00. */
function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll('-', '').replace('T', '-');
}
