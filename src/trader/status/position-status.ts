/** An open position in the decimal text that people and other programs read. */
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import type { PositionView } from '../../engine/view.js';

export interface PositionStatus {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly averagePrice: string;
  readonly markPrice: string | null;
  readonly unrealised: string;
  readonly stopPrice: string | null;
  /** `confirmed`: the venue acknowledged the protective stop for the whole quantity. */
  readonly protection: 'confirmed' | 'pending' | 'missing' | 'synthetic';
  readonly strategy: string;
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
    stopPrice: position.protection === 'missing' ? null : price(position.stopTicks),
    protection: position.protection,
    strategy: position.strategy,
  };
}
