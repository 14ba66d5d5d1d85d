/** An open position in the decimal text that people and other programs read. */
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import type { StopGapCause } from '../../domain/stop-gap.js';
import type { CoinsView, PositionView, Protection, StopGapView } from '../../engine/view.js';

export interface PositionStatus {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly averagePrice: string;
  readonly markPrice: string | null;
  readonly unrealised: string;
  readonly stopPrice: string | null;
  /**
   * `confirmed`: the venue acknowledged the protective stop for the whole quantity. `passed`: it rests although the market is
   * past its price. `closing`: no stop can protect the position, so it is being closed at the market.
   */
  readonly protection: Exclude<Protection, 'dust'> | 'synthetic';
  /** Milliseconds for which no stop for the whole position has rested at the venue; null: one does. */
  readonly withoutStopMs: number | null;
  readonly strategy: string;
}

/**
 * Times without a protective stop for the whole position, of one cause. `opened`: until the stop for what was just bought
 * rested. `changed`: while it was changed. `closing`: taken off for a sale that came to nothing. `lost`: the venue ended it.
 */
export interface StopGapStatus {
  readonly why: StopGapCause;
  readonly count: number;
  readonly longestMs: number;
  /** Of the longest. */
  readonly symbol: string;
  readonly atMarketMs: number;
  readonly newestMs: number;
}

export function stopGapStatus({ marketMs, ...gaps }: StopGapView): StopGapStatus {
  return { ...gaps, atMarketMs: marketMs };
}

/** What is held and is worth less than the venue's smallest order: it can't be sold alone, and prevents nothing. */
export interface DustStatus {
  readonly symbol: string;
  readonly quantity: string;
  /** In the desk's currency, at the last bid. */
  readonly value: string;
}

/** Coins of the account that are not the desk's: never valued, protected or sold by it. */
export interface CoinsStatus {
  readonly symbol: string;
  /** Of these no person has said yet whose they are: nothing is armed before. */
  readonly nobodys: string;
  readonly foreign: string;
  /** A person takes them out of the account. */
  readonly toMove: string;
}

export function coinsStatus(coins: CoinsView, { symbol, lotSize }: Instrument): CoinsStatus {
  const amount = (lots: number): string => formatDecimal(lots, lotSize);
  const { nobodys, foreign, toMove } = coins;
  return { symbol, nobodys: amount(nobodys), foreign: amount(foreign), toMove: amount(toMove) };
}

export function dustStatus(
  { quantityLots, cost, markTicks }: PositionView,
  instrument: Instrument,
  money: (units: number) => string,
): DustStatus {
  const { lotSize, moneyPerTickLot, symbol } = instrument;
  const value = markTicks === null ? cost : quantityLots * markTicks * moneyPerTickLot;
  return { symbol, quantity: formatDecimal(quantityLots, lotSize), value: money(value) };
}

export function positionStatus(
  position: PositionView,
  instrument: Instrument,
  money: (units: number) => string,
): PositionStatus {
  const price = (ticks: number): string => formatDecimal(Math.round(ticks), instrument.tickSize);
  return {
    symbol: instrument.symbol,
    side: position.quantityLots > 0 ? 'long' : 'short',
    quantity: formatDecimal(Math.abs(position.quantityLots), instrument.lotSize),
    averagePrice: price(position.averageTicks),
    markPrice: position.markTicks === null ? null : price(position.markTicks),
    unrealised: money(position.unrealised),
    stopPrice:
      position.protection === 'missing' || position.protection === 'closing'
        ? null
        : price(position.stopTicks),
    protection: position.protection === 'dust' ? 'missing' : position.protection,
    withoutStopMs: position.withoutStopMs,
    strategy: position.strategy,
  };
}
