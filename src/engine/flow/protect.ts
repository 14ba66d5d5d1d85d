/** One confirmed protective stop for the whole position, and none without a position. */
import type { InstrumentId } from '../../domain/instrument.js';
import { mulDiv, ppmOfPercent } from '../../domain/money.js';
import type { Side } from '../../domain/order.js';
import { averageTicks } from '../books.js';
import { type Core, type InstrumentWork, liveOrders, positionAt, remainingLots, workAt } from '../core.js';
import { cancelOrder } from '../orders/cancel-order.js';
import type { OrderEntry, PositionEntry } from '../state.js';
import { changeStops } from './change-stop.js';
import { isDustAt } from './dust.js';

export interface WantedStop {
  readonly side: Side;
  readonly lots: number;
  readonly stopTicks: number;
}

export function protect(core: Core, at: InstrumentId): void {
  const position = positionAt(core, at);
  const work = workAt(core, at);
  const stops = liveOrders(core, at).filter((entry) => entry.intent.purpose === 'protective');
  if (position.quantityLots === 0) {
    for (const stop of stops) cancelOrder(core, stop, 'its position is closed');
    atRest(work);
    return;
  }
  if (closingUnderWay(core, at)) return;
  const wanted = wantedStop(core, position);
  if (isDustAt(core, at, wanted.stopTicks)) {
    work.unprotectedSinceMs = null;
    return;
  }
  const fitting = stops.find((stop) => fits(stop, wanted));
  const rests = fitting !== undefined && isConfirmed(fitting);
  for (const stop of stops) {
    // The one whose place it takes stays until the venue has exchanged them.
    const stays = stop === fitting || (!rests && stop.intent.clientId === fitting?.replaces);
    if (!stays && (fitting !== undefined || stop.intent.side !== wanted.side))
      cancelOrder(core, stop, 'the position changed');
  }
  if (rests) {
    atRest(work);
    return;
  }
  work.unprotectedSinceMs ??= core.monotonicMs;
  if (fitting === undefined && core.sync.atWallMs !== null) changeStops(core, position, stops, wanted);
}

function atRest(work: InstrumentWork): void {
  work.unprotectedSinceMs = null;
  work.stopRefusals = 0;
  work.formerStop = null;
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

function fits(stop: OrderEntry, wanted: WantedStop): boolean {
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
    stopTicks: position.protectTicks ?? derivedStopTicks(core, position),
  };
}

/** A position that no entry of ours explains gets the desk file's stop-loss, from its average price. */
function derivedStopTicks(core: Core, position: PositionEntry): number {
  const average = Math.round(averageTicks(core.state, position));
  const distance = mulDiv(average, ppmOfPercent(core.config.risk.stopLossPct), 1_000_000);
  return Math.max(1, position.quantityLots > 0 ? average - distance : average + distance);
}
