/**
 * Closes a position, or one of several trades, that can't be protected: at the market, at once, in every
 * mode. The market has already passed the stop's price, the stop did not fire although the market is beyond
 * it, or the venue takes no stop at all.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { staleMsOf } from '../../limits/stale-data.js';
import {
  type Core,
  type InstrumentProgress,
  instrumentAt,
  isSideBySide,
  isSplitAsked,
  markChanged,
  note,
  positionAt,
  progressAt,
  remainingLots,
  tradeProgressAt,
} from '../core.js';
import { isClosing, mayReduce, raiseFault } from '../halts.js';
import { type Holding, holdingsOf, openLots, type PositionEntry } from '../state.js';
import { REFUSALS_BEFORE_RESTORE, STOPS_REFUSED_MAX, UNPROTECTED_MAX_MS } from '../timing.js';
import { ownerOf } from '../trades/trade.js';
import { isDust, isDustOf } from './dust.js';
import { liveStops } from './flatten.js';
import { isMarketOpen } from './session.js';
import { fittingStop, isConfirmed, shrinksBeforeSale, stopsFor } from './wanted-stop.js';

export function secure(
  core: Core,
  at: InstrumentId,
  cause: NonNullable<InstrumentProgress['securing']>,
  why: string,
): void {
  const progress = progressAt(core, at);
  if (progress.securing !== null || openLots(positionAt(core, at)) === 0 || isSplitAsked(core, at)) return;
  progress.securing = cause;
  progress.closeAtMs = 0;
  progress.closeRefusals = 0;
  const { symbol } = instrumentAt(core, at);
  note(core, 'alarm', `${symbol}: ${why}; the position is closed at the market now`, at);
  markChanged(core, at);
}

/**
 * Closes this strategy's part of the position, because the venue takes no stop for it. Other trades keep
 * theirs. A halted desk can only close the whole position; once a halt has withdrawn the exit, the next
 * refusal does so.
 */
export function secureTrade(
  core: Core,
  at: InstrumentId,
  strategy: string,
  cause: 'passed' | 'refused',
  why: string,
): void {
  const position = positionAt(core, at);
  const holdings = holdingsOf(position).filter((holding) => !isDustOf(core, holding));
  const own = holdings.find((holding) => ownerOf(holding) === strategy);
  if (
    own === undefined ||
    holdings.length < 2 ||
    !mayReduce(core) ||
    progressAt(core, at).securing !== null ||
    isSplitAsked(core, at)
  ) {
    secure(core, at, cause, why);
    return;
  }
  const progress = tradeProgressAt(core, own);
  if (progress.exiting !== null) return;
  progress.exiting = { because: why, why: 'unprotectable' };
  progress.closeAtMs = 0;
  progress.closeRefusals = 0;
  const { symbol } = instrumentAt(core, at);
  note(core, 'alarm', `${symbol}: ${why}; the trade of ${strategy} is closed at the market now`, at);
  markChanged(core, at);
}

/**
 * A stop that rests after all protects the position again, unless it is the one that did not fire. What looks
 * like a split may be why: once a person has said what it was, it is judged anew.
 */
export function isSecuring(core: Core, at: InstrumentId): boolean {
  const progress = progressAt(core, at);
  if (progress.securing === null) return false;
  const over = openLots(positionAt(core, at)) === 0 || isDust(core, at) || isSplitAsked(core, at);
  if (!over && (progress.securing === 'overrun' || !isProtected(core, at))) return true;
  progress.securing = null;
  progress.overrunSinceMs = null;
  return false;
}

/** Every trade that is large enough has its confirmed stop. */
function isProtected(core: Core, at: InstrumentId): boolean {
  return holdingsOf(positionAt(core, at)).every((holding) => {
    const stop = fittingStop(core, holding);
    return (stop !== undefined && isConfirmed(stop)) || isDustOf(core, holding);
  });
}

/** The stop covers only the rest; the lots being sold have none until the sale fills. */
const isPartBeingSold = (core: Core, position: PositionEntry): boolean =>
  holdingsOf(position).some((holding) => shrinksBeforeSale(core, holding) !== null);

/** Called at every tick: tracks since when the market has been beyond a stop that still rests. */
export function checkStops(core: Core): void {
  for (const position of core.state.positions) {
    const at = position.instrument;
    const progress = progressAt(core, at);
    if (openLots(position) === 0 || core.config.waitsForVolume === true || !isOverrun(core, position)) {
      progress.overrunSinceMs = null;
      continue;
    }
    progress.overrunSinceMs ??= core.monotonicMs;
    const forMs = core.monotonicMs - progress.overrunSinceMs;
    if (forMs < core.config.stopOverrunMs || isClosing(core) || progress.securing !== null) continue;
    const why = `the market has been past its protective stop for ${forMs / 1000} s, and the stop did nothing`;
    secure(core, at, 'overrun', why);
    raiseFault(core, 'protection-missing', `${instrumentAt(core, at).symbol}: ${why}`);
  }
}

/**
 * Only a fresh price counts: an old one does not show what the venue should have done. A stop that is being
 * replaced counts too: any resting stop must fire.
 */
function isOverrun(core: Core, position: PositionEntry): boolean {
  const { market, config } = core;
  const at = position.instrument;
  if (!isBeyondAStop(core, at, market.bidTicks[at] as number, market.askTicks[at] as number)) return false;
  // A price in new shares is beyond most stops in old ones.
  if (isSplitAsked(core, at)) return false;
  const age = market.quoteAgeMs(at, core.monotonicMs);
  // No stop can fire in a closed market, whatever is quoted.
  if (!isMarketOpen(core, at)) return false;
  if (openLots(position) === 0 || age === null || age > staleMsOf(config.risk)) return false;
  // The venue would not take a sale of dust, so its stop may rightly have done nothing.
  if (isDust(core, at)) return false;
  const closes = position.quantityLots > 0 ? 'sell' : 'buy';
  return liveStops(core, at).some((stop) => {
    const { side, stopTicks } = stop.intent;
    if (!isConfirmed(stop) || stopTicks === null) return false;
    // Side by side, a stop closes its own trade, whichever side the net is on.
    if (side !== closes && !isSideBySide(core, at)) return false;
    return side === 'sell'
      ? (market.bidTicks[at] as number) < stopTicks
      : (market.askTicks[at] as number) > stopTicks;
  });
}

/** The answer is nearly always no, and then nothing else needs checking. */
export function isBeyondAStop(
  { state }: Core,
  at: InstrumentId,
  bidTicks: number,
  askTicks: number,
): boolean {
  for (const { intent } of state.live[at] ?? []) {
    const { purpose, side, stopTicks } = intent;
    if (purpose !== 'protective' || stopTicks === null) continue;
    if (side === 'sell' ? bidTicks < stopTicks : askTicks > stopTicks) return true;
  }
  return false;
}

/**
 * A venue that answers but keeps refusing will not hold a stop, so it must not hold the position either. The same
 * for one that accepts each stop and ends it. True: the position is being closed for it.
 */
export function checkRefusals(core: Core, holding: Holding): boolean {
  const { stopRefusals, unprotectedSinceMs } = tradeProgressAt(core, holding);
  const at = holding.instrument;
  const answers = core.venueDownSinceMs === null && core.venueBreaker.state !== 'open';
  if (!answers || stopRefusals < REFUSALS_BEFORE_RESTORE || unprotectedSinceMs === null) return false;
  const isLong = core.monotonicMs - unprotectedSinceMs >= UNPROTECTED_MAX_MS;
  if ((!isLong && stopRefusals < STOPS_REFUSED_MAX) || isClosing(core)) return false;
  const lots = Math.abs(holding.quantityLots);
  // A stop is on its way and may rest soon, or an old one still covers the whole position.
  if (stopsFor(core, holding).some((stop) => !isConfirmed(stop) || remainingLots(stop) >= lots)) return false;
  secureTrade(
    core,
    at,
    ownerOf(holding),
    'refused',
    `the venue has refused or ended its protective stop ${stopRefusals} times`,
  );
  return true;
}

/** Symbols of positions without a resting stop for every lot. Dust needs none. */
export function unprotectedSymbols(core: Core): string[] {
  return core.state.positions
    .filter((position) => openLots(position) !== 0 && !isDust(core, position.instrument))
    .filter(
      (position) =>
        progressAt(core, position.instrument).securing !== null ||
        !isProtected(core, position.instrument) ||
        isPartBeingSold(core, position),
    )
    .map(({ instrument }) => instrumentAt(core, instrument).symbol);
}
