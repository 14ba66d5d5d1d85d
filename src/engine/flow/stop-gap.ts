/** How long positions lack a resting stop for the whole quantity: measured, recorded, shown. */

import type { StopGapCause } from '../../domain/exits.js';
import type { InstrumentId } from '../../domain/instrument.js';
import {
  type Core,
  commit,
  instrumentAt,
  isClosedByPerson,
  positionAt,
  progressAt,
  remainingLots,
  type TradeProgress,
  tradeProgressAt,
} from '../core.js';
import { isClosing } from '../halts.js';
import { isSettling, strayTargets } from '../orders/linked-orders.js';
import { isEndingHere } from '../orders/order-watch.js';
import { type Holding, holdingsOf, type OrderEntry } from '../state.js';
import { ownerOf } from '../trades/trade.js';
import { isDustOf } from './dust.js';
import { lotsAfterTargets } from './exits.js';
import { closingUnderWay, isConfirmed, stopsFor } from './wanted-stop.js';

/** Called whenever something about the instrument changed. */
export function measureStopGap(core: Core, at: InstrumentId): void {
  const position = positionAt(core, at);
  const { trades } = progressAt(core, at);
  for (const holding of holdingsOf(position)) measure(core, holding);
  const owners = position.parts.length === 0 ? [] : holdingsOf(position).map(ownerOf);
  for (const [strategy, progress] of trades) {
    if (owners.includes(strategy)) continue;
    endGap(core, at, progress, 'closed');
    trades.delete(strategy);
  }
}

function measure(core: Core, holding: Holding): void {
  const at = holding.instrument;
  const progress = tradeProgressAt(core, holding);
  const held = Math.abs(holding.quantityLots);
  if (held === 0 || isDustOf(core, holding)) {
    endGap(core, at, progress, 'closed');
    progress.hadStop = false;
    return;
  }
  const resting = restingLots(core, holding);
  if (resting >= held) {
    endGap(core, at, progress, 'protected');
    progress.hadStop = true;
    if (!stopsFor(core, holding).some(({ replaces }) => replaces !== null)) progress.formerStop = null;
    return;
  }
  // The report on the linked target's fill, or on the stop that was reduced for it, is still to come.
  if (resting > 0 && isSettling(core, at)) return;
  const why = causeOf(core, holding, resting);
  const sinceMs = why === 'changed' ? (progress.formerStop?.sinceMs ?? core.monotonicMs) : core.monotonicMs;
  if (progress.stopGap === null) progress.stopGap = { sinceMs, why };
  // The whole gap counts, including the time while the smaller stop was on its way. A lost stop stays lost.
  else if (progress.stopGap.why === 'opened' || (why === 'part' && progress.stopGap.why !== 'lost'))
    progress.stopGap = { ...progress.stopGap, why };
}

function causeOf(core: Core, holding: Holding, resting: number): StopGapCause {
  const at = holding.instrument;
  const { exiting, hadStop, formerStop } = tradeProgressAt(core, holding);
  const isLeaving = exiting !== null || isClosedByPerson(core, at) || progressAt(core, at).securing !== null;
  if (isClosing(core) || isLeaving) return 'closing';
  if (resting > 0 && lotsAfterTargets(core, holding) !== null) return 'part';
  if (closingUnderWay(core, holding)) return 'closing';
  if (!hadStop || resting > 0) return 'opened';
  if (formerStop !== null || isEndingHere(core, at)) return 'changed';
  // As far as we know, the fill of the linked target has ended the stop.
  return strayTargets(core, at).length > 0 ? 'closing' : 'lost';
}

/**
 * Counts only lots that certainly rest: no stop that is being cancelled, and none whose replace got no
 * answer.
 */
function restingLots(core: Core, holding: Holding): number {
  const stops = stopsFor(core, holding);
  const side = holding.quantityLots > 0 ? 'sell' : 'buy';
  const isDoubtful = ({ intent }: OrderEntry): boolean =>
    stops.some(({ replaces, state }) => replaces === intent.clientId && state !== 'intended');
  return stops
    .filter((stop) => stop.intent.side === side && isConfirmed(stop) && !isDoubtful(stop))
    .reduce((lots, stop) => lots + remainingLots(stop), 0);
}

/** The gap between cancelling a stop and selling its coins is part of the sale and is not recorded. */
function endGap(core: Core, at: InstrumentId, progress: TradeProgress, ended: 'protected' | 'closed'): void {
  const gap = progress.stopGap;
  if (gap === null) return;
  progress.stopGap = null;
  const ms = Math.ceil(core.monotonicMs - gap.sinceMs);
  if (ms <= 0 || (gap.why === 'closing' && ended === 'closed')) return;
  const { symbol } = instrumentAt(core, at);
  commit(core, { type: 'stop.gap', symbol, ms, why: gap.why, ended, marketMs: core.marketMs });
}
