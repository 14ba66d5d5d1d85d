/** The stop that a position needs, and which of those that are there is it. */
import type { InstrumentId } from '../../domain/instrument.js';
import { mulDiv, ppmOfPercent } from '../../domain/money.js';
import type { Side } from '../../domain/order.js';
import { averageTicks } from '../books.js';
import { type Core, instrumentAt, liveOrders, positionAt, remainingLots } from '../core.js';
import type { OrderEntry, PositionEntry } from '../state.js';

export interface WantedStop {
  readonly side: Side;
  readonly lots: number;
  readonly stopTicks: number;
}

/**
 * Coins can't be owed: the sale was heard of before its purchase, or our book is wrong. Nothing is bought for it, by a stop or
 * at the market; readings of the account put it right.
 */
export function isOversold(core: Core, at: InstrumentId): boolean {
  if (core.config.capabilities.shorting || instrumentAt(core, at).kind !== 'spot') return false;
  return positionAt(core, at).quantityLots < 0;
}

/** The live stop that is what the position needs; undefined: there is none. */
export function fittingStop(core: Core, at: InstrumentId): OrderEntry | undefined {
  const position = positionAt(core, at);
  if (position.quantityLots === 0) return undefined;
  const wanted = wantedStop(core, position);
  return liveOrders(core, at).find((entry) => entry.intent.purpose === 'protective' && fits(entry, wanted));
}

export function isConfirmed(stop: OrderEntry): boolean {
  return stop.state === 'working' || stop.state === 'partlyFilled';
}

/** The position is about to change: a stop for the old quantity would be wrong in a moment. */
export function closingUnderWay(core: Core, at: InstrumentId): boolean {
  return liveOrders(core, at).some(({ intent }) => intent.purpose === 'close' || intent.purpose === 'exit');
}

export function fits(stop: OrderEntry, wanted: WantedStop): boolean {
  return (
    stop.state !== 'cancelling' &&
    stop.intent.side === wanted.side &&
    stop.intent.stopTicks === wanted.stopTicks &&
    remainingLots(stop) === wanted.lots
  );
}

export function wantedStop(core: Core, position: PositionEntry): WantedStop {
  return {
    side: position.quantityLots > 0 ? 'sell' : 'buy',
    lots: Math.abs(position.quantityLots),
    stopTicks: position.trade?.protectTicks ?? derivedStopTicks(core, position),
  };
}

/** A position that no entry of ours explains gets the desk file's stop-loss, from its average price. */
function derivedStopTicks(core: Core, position: PositionEntry): number {
  const average = Math.round(averageTicks(core.state, position));
  const distance = mulDiv(average, ppmOfPercent(core.config.risk.stopLossPct), 1_000_000);
  return Math.max(1, position.quantityLots > 0 ? average - distance : average + distance);
}
