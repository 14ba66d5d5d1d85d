/** An open position in the decimal text that people and other programs read. */

import type {
  CoinsStatus,
  DustStatus,
  PositionStatus,
  StopGapStatus,
} from '../../contracts/trader-status.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import type { CoinsView, PositionView, StopGapView } from '../../engine/view.js';

export function stopGapStatus({ marketMs, ...gaps }: StopGapView): StopGapStatus {
  return { ...gaps, atMarketMs: marketMs };
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
