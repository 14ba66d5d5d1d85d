/** How long positions are without a resting stop for the whole quantity: measured, recorded, shown. */
import type { InstrumentId } from '../../domain/instrument.js';
import type { StopGapCause } from '../../domain/stop-gap.js';
import { type Core, commit, instrumentAt, positionAt, remainingLots, workAt } from '../core.js';
import { isClosing } from '../halts/mode.js';
import { isSettling, strayTargets } from '../orders/linked-orders.js';
import type { OrderEntry } from '../state.js';
import { isDust } from './dust.js';
import { liveStops } from './flatten.js';
import { closingUnderWay, isConfirmed } from './wanted-stop.js';

/** Called whenever something of the instrument changed. */
export function measureStopGap(core: Core, at: InstrumentId): void {
  const work = workAt(core, at);
  const held = Math.abs(positionAt(core, at).quantityLots);
  if (held === 0 || isDust(core, at)) {
    endGap(core, at, 'closed');
    work.hadStop = false;
    return;
  }
  const resting = restingLots(core, at);
  if (resting >= held) {
    endGap(core, at, 'protected');
    work.hadStop = true;
    if (!liveStops(core, at).some(({ replaces }) => replaces !== null)) work.formerStop = null;
    return;
  }
  // The report on the linked target's fill, or on the stop that was reduced for it, is still to come.
  if (resting > 0 && isSettling(core, at)) return;
  const why = causeOf(core, at, resting);
  const sinceMs = why === 'changed' ? (work.formerStop?.sinceMs ?? core.monotonicMs) : core.monotonicMs;
  if (work.stopGap === null) work.stopGap = { sinceMs, why };
  else if (work.stopGap.why === 'opened') work.stopGap = { ...work.stopGap, why };
}

function causeOf(core: Core, at: InstrumentId, resting: number): StopGapCause {
  const { exiting, securing, hadStop, formerStop } = workAt(core, at);
  if (isClosing(core) || exiting !== null || securing !== null || closingUnderWay(core, at)) return 'closing';
  if (!hadStop || resting > 0) return 'opened';
  if (formerStop !== null) return 'changed';
  // As far as anybody knows, the target that it was linked with has ended it.
  return strayTargets(core, at).length > 0 ? 'closing' : 'lost';
}

/** Counts only what surely rests: neither a stop that is being cancelled nor one whose replace got no answer. */
function restingLots(core: Core, at: InstrumentId): number {
  const stops = liveStops(core, at);
  const side = positionAt(core, at).quantityLots > 0 ? 'sell' : 'buy';
  const isDoubtful = ({ intent }: OrderEntry): boolean =>
    stops.some(({ replaces, state }) => replaces === intent.clientId && state !== 'intended');
  return stops
    .filter((stop) => stop.intent.side === side && isConfirmed(stop) && !isDoubtful(stop))
    .reduce((lots, stop) => lots + remainingLots(stop), 0);
}

/** A gap from cancelling the stop until its coins are sold is part of the sale and is not recorded. */
function endGap(core: Core, at: InstrumentId, ended: 'protected' | 'closed'): void {
  const work = workAt(core, at);
  const gap = work.stopGap;
  if (gap === null) return;
  work.stopGap = null;
  const ms = Math.ceil(core.monotonicMs - gap.sinceMs);
  if (ms <= 0 || (gap.why === 'closing' && ended === 'closed')) return;
  const { symbol } = instrumentAt(core, at);
  commit(core, { type: 'stop.gap', symbol, ms, why: gap.why, ended, marketMs: core.marketMs });
}
