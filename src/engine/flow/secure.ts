/**
 * A position that can't be protected is closed: at the market, at once, in every mode. Its stop's price is passed
 * already, its stop did nothing although the market is past it, or the venue takes no stop at all.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { staleMsOf } from '../../limits/stale-data.js';
import {
  type Core,
  type InstrumentWork,
  instrumentAt,
  note,
  positionAt,
  remainingLots,
  touch,
  workAt,
} from '../core.js';
import { isClosing } from '../halts/mode.js';
import { raiseFault } from '../halts/raise-halt.js';
import type { PositionEntry } from '../state.js';
import { REFUSALS_BEFORE_RESTORE, UNPROTECTED_MAX_MS } from '../timing.js';
import { isDust } from './dust.js';
import { liveStops } from './flatten.js';
import { isMarketOpen } from './session.js';
import { fittingStop, isConfirmed, wantedStop } from './wanted-stop.js';

export function secure(
  core: Core,
  at: InstrumentId,
  cause: NonNullable<InstrumentWork['securing']>,
  why: string,
): void {
  const work = workAt(core, at);
  if (work.securing !== null || positionAt(core, at).quantityLots === 0) return;
  work.securing = cause;
  work.closeAtMs = 0;
  work.closeRefusals = 0;
  const { symbol } = instrumentAt(core, at);
  note(core, 'alarm', `${symbol}: ${why}; the position is closed at the market now`, at);
  touch(core, at);
}

/** A stop that rests after all protects the position again, unless it is the very one that did nothing. */
export function isSecuring(core: Core, at: InstrumentId): boolean {
  const work = workAt(core, at);
  if (work.securing === null) return false;
  const stop = work.securing === 'overrun' ? undefined : fittingStop(core, at);
  const over = positionAt(core, at).quantityLots === 0 || isDust(core, at);
  if (!over && !(stop !== undefined && isConfirmed(stop))) return true;
  work.securing = null;
  work.overrunSinceMs = null;
  return false;
}

/** Looked at with every tick: since when has the market been past a stop that still rests? */
export function checkStops(core: Core): void {
  for (const position of core.state.positions) {
    const at = position.instrument;
    const work = workAt(core, at);
    if (!isOverrun(core, position)) {
      work.overrunSinceMs = null;
      continue;
    }
    work.overrunSinceMs ??= core.monotonicMs;
    const forMs = core.monotonicMs - work.overrunSinceMs;
    if (forMs < core.config.stopOverrunMs || isClosing(core) || work.securing !== null) continue;
    const why = `the market has been past its protective stop for ${forMs / 1000} s, and the stop did nothing`;
    secure(core, at, 'overrun', why);
    raiseFault(core, 'protection-missing', `${instrumentAt(core, at).symbol}: ${why}`);
  }
}

/**
 * By a fresh price only: an old one says nothing about what the venue should have done. Also of a stop that is to make place
 * for another: what rests has to fire.
 */
function isOverrun(core: Core, position: PositionEntry): boolean {
  const { market, config } = core;
  const at = position.instrument;
  const age = market.quoteAgeMs(at, core.monotonicMs);
  // In a closed market no stop can do anything, whatever somebody quotes.
  if (!isMarketOpen(core, at)) return false;
  if (position.quantityLots === 0 || age === null || age > staleMsOf(config.risk)) return false;
  // No sale of it is taken, so its stop may well have done nothing.
  if (isDust(core, at)) return false;
  const { side: closes } = wantedStop(core, position);
  return liveStops(core, at).some((stop) => {
    const { side, stopTicks } = stop.intent;
    if (!isConfirmed(stop) || side !== closes || stopTicks === null) return false;
    return side === 'sell'
      ? (market.bidTicks[at] as number) < stopTicks
      : (market.askTicks[at] as number) > stopTicks;
  });
}

/** Refused again and again by a venue that answers: it will not hold a stop, so it must not hold the position either. */
export function checkRefusals(core: Core, at: InstrumentId): void {
  const { stopRefusals, unprotectedSinceMs } = workAt(core, at);
  const answers = core.venueDownSinceMs === null && core.venueBreaker.state !== 'open';
  if (!answers || stopRefusals < REFUSALS_BEFORE_RESTORE || unprotectedSinceMs === null) return;
  if (core.monotonicMs - unprotectedSinceMs < UNPROTECTED_MAX_MS || isClosing(core)) return;
  const lots = Math.abs(positionAt(core, at).quantityLots);
  // One is on its way and may rest in a moment, or an old one still covers all of it.
  if (liveStops(core, at).some((stop) => !isConfirmed(stop) || remainingLots(stop) >= lots)) return;
  secure(core, at, 'refused', `the venue has refused its protective stop ${stopRefusals} times`);
}

/** Positions that have no stop that rests, by symbol; what is too small to trade needs none. */
export function unprotectedSymbols(core: Core): string[] {
  return core.state.positions
    .filter(({ quantityLots, instrument }) => quantityLots !== 0 && !isDust(core, instrument))
    .filter(({ instrument }) => {
      const stop = fittingStop(core, instrument);
      return workAt(core, instrument).securing !== null || stop === undefined || !isConfirmed(stop);
    })
    .map(({ instrument }) => instrumentAt(core, instrument).symbol);
}
