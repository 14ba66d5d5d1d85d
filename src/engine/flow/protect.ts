/** One confirmed protective stop for the whole position, and none without a position. */
import type { InstrumentId } from '../../domain/instrument.js';
import { mulDiv, ppmOfPercent } from '../../domain/money.js';
import type { Side } from '../../domain/order.js';
import { averageTicks } from '../books.js';
import { type Core, liveOrders, positionAt, remainingLots, workAt } from '../core.js';
import { cancelOrder } from '../orders/cancel-order.js';
import { placeOrder } from '../orders/place-order.js';
import type { OrderEntry, PositionEntry } from '../state.js';
import { REFUSED_RETRY_MS } from '../timing.js';
import { isDustAt } from './dust.js';

interface WantedStop {
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
    work.unprotectedSinceMs = null;
    work.stopRefusals = 0;
    return;
  }
  if (closingUnderWay(core, at)) return;
  const wanted = wantedStop(core, position);
  if (isDustAt(core, at, wanted.stopTicks)) {
    work.unprotectedSinceMs = null;
    return;
  }
  const fitting = stops.find((stop) => fits(stop, wanted));
  for (const stop of stops) {
    if (stop !== fitting) cancelOrder(core, stop, 'the position changed');
  }
  if (fitting !== undefined && isConfirmed(fitting)) {
    work.unprotectedSinceMs = null;
    work.stopRefusals = 0;
    return;
  }
  work.unprotectedSinceMs ??= core.monotonicMs;
  const mayPlace = stops.length === 0 && core.monotonicMs >= work.stopAtMs && core.sync.atWallMs !== null;
  if (mayPlace) placeStop(core, position, wanted);
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
function closingUnderWay(core: Core, at: InstrumentId): boolean {
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

function placeStop(core: Core, position: PositionEntry, wanted: WantedStop): void {
  const sent = placeOrder(core, {
    instrument: position.instrument,
    strategy: position.strategy,
    purpose: 'protective',
    side: wanted.side,
    type: 'stop',
    quantityLots: wanted.lots,
    limitTicks: null,
    stopTicks: wanted.stopTicks,
    protectTicks: null,
    reduceOnly: core.config.capabilities.reduceOnly,
    timeInForce: 'GTC',
  });
  if (!sent) workAt(core, position.instrument).stopAtMs = core.monotonicMs + REFUSED_RETRY_MS;
}
