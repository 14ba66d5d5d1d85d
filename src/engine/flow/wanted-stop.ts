/** The stop that a position needs, and the live stop that matches it. */
import type { ExitReason } from '../../domain/exits.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { mulDiv, ppmOfPercent } from '../../domain/money.js';
import { isRestingTarget, type Side } from '../../domain/order.js';
import { averageTicks } from '../books.js';
import {
  type Core,
  capabilitiesAt,
  commit,
  exitRules,
  instrumentAt,
  isWhole,
  ordersFor,
  positionAt,
  progressAt,
  remainingLots,
  tradeProgressAt,
} from '../core.js';
import type { Holding, OrderEntry } from '../state.js';
import { REFUSALS_BEFORE_RESTORE } from '../timing.js';
import { isNearer } from '../trades/trade-exits.js';
import { lotsAfterTargets } from './exits.js';

export interface WantedStop {
  readonly side: Side;
  readonly lots: number;
  readonly stopTicks: number;
  /** What moved it. Null: it is where the entry or the desk file wants it. */
  readonly why: ExitReason | null;
}

/**
 * A spot position below zero: coins can't be owed. The fill of a sale arrived before that of its purchase, or
 * our books are wrong. Nothing is bought to correct it, by a stop or at the market; snapshots of the account
 * do that.
 */
export function isOversold(core: Core, at: InstrumentId): boolean {
  if (capabilitiesAt(core, at).shorting || instrumentAt(core, at).kind !== 'spot') return false;
  return positionAt(core, at).quantityLots < 0;
}

/** The live stop that is exactly what the trade needs. Undefined: there is none. */
export function fittingStop(core: Core, holding: Holding): OrderEntry | undefined {
  if (holding.quantityLots === 0) return undefined;
  return fittingOf(stopsFor(core, holding), wantedStop(core, holding));
}

export function stopsFor(core: Core, holding: Holding): OrderEntry[] {
  return ordersFor(core, holding).filter(({ intent }) => intent.purpose === 'protective');
}

/**
 * A stop that another resting stop has replaced does not count: it is gone, though its end is not yet
 * reported.
 */
export function fittingOf(stops: readonly OrderEntry[], wanted: WantedStop): OrderEntry | undefined {
  const hasGivenWay = ({ intent }: OrderEntry): boolean =>
    stops.some((other) => other.replaces === intent.clientId && isConfirmed(other));
  return stops.find((stop) => fits(stop, wanted) && !hasGivenWay(stop));
}

export function isConfirmed(stop: OrderEntry): boolean {
  return stop.state === 'working' || stop.state === 'partlyFilled';
}

/** The position is about to change, so a stop for the old quantity would soon be wrong. */
export function closingUnderWay(core: Core, holding: Holding): boolean {
  return ordersFor(core, holding).some(
    ({ intent }) => intent.purpose === 'close' || (intent.purpose === 'exit' && !isRestingTarget(intent)),
  );
}

function fits(stop: OrderEntry, wanted: WantedStop): boolean {
  return (
    stop.state !== 'cancelling' &&
    stop.intent.side === wanted.side &&
    stop.intent.stopTicks === wanted.stopTicks &&
    remainingLots(stop) === wanted.lots
  );
}

export function wantedStop(core: Core, position: Holding): WantedStop {
  return {
    side: position.quantityLots > 0 ? 'sell' : 'buy',
    lots: shrinksBeforeSale(core, position) ?? Math.abs(position.quantityLots),
    stopTicks: position.trade?.protectTicks ?? derivedStopTicks(core, position),
    why: position.trade?.exits?.movedBy ?? null,
  };
}

/** Whether the stops of an instrument lock no lots and can't reverse a position beside an order that closes it. */
export function canOnlyReduce(core: Core, at: InstrumentId): boolean {
  const { stopLocksBalance, reduceOnly } = exitRules(core, at);
  return !stopLocksBalance && reduceOnly;
}

/**
 * Lots that the stop is reduced to before part of the position is sold, because the stop locks those lots or
 * could fire alongside the sale and reverse the position. Null: the stop stays whole, also while the venue
 * refuses the sale.
 */
export function shrinksBeforeSale(core: Core, position: Holding): number | null {
  const { closeAtMs, closeRefusals } = tradeProgressAt(core, position);
  if (canOnlyReduce(core, position.instrument)) return null;
  if (core.monotonicMs < closeAtMs && closeRefusals >= REFUSALS_BEFORE_RESTORE) return null;
  const rest = lotsAfterTargets(core, position);
  return rest === 0 ? null : rest;
}

/**
 * A position that no entry of ours explains gets the desk file's stop-loss distance from its average price.
 */
function derivedStopTicks(core: Core, position: Holding): number {
  return stopFrom(core, Math.round(averageTicks(core.state, position)), position.quantityLots > 0);
}

/**
 * A stop that rested while the journal knew neither of it nor of the trade's own, as after a restore, is the trade's
 * from here on, if it is nearer than the one derived.
 */
export function keepFoundStop(core: Core, position: Holding): void {
  const { instrument, trade, quantityLots } = position;
  const progress = progressAt(core, instrument);
  const { foundStop } = progress;
  if (foundStop === null || trade === null || trade.protectTicks !== null || !isWhole(core, position)) return;
  progress.foundStop = null;
  const { side, stopTicks } = foundStop;
  if (side !== (quantityLots > 0 ? 'sell' : 'buy')) return;
  if (!isNearer(trade.side, stopTicks, derivedStopTicks(core, position))) return;
  commit(core, {
    type: 'stop.moved',
    ...{ instrument, trade: trade.id, stopTicks, why: 'foundStop', marketMs: core.marketMs },
  });
}

/** The stop at the desk file's distance from an average price, in ticks. */
export function stopFrom(core: Core, average: number, isLong: boolean): number {
  const distance = mulDiv(average, ppmOfPercent(core.config.risk.stopLossPct), 1_000_000);
  return Math.max(1, isLong ? average - distance : average + distance);
}
