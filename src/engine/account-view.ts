/** The desk's account as the limits see it. */
import type { InstrumentId } from '../domain/instrument.js';
import type { OrderIntent, Side } from '../domain/order.js';
import { alike, dearerTicks, exactNotional, shownPlaces } from '../domain/value.js';
import type { AccountView, EntryView, Holding, RiskCheck } from '../limits/limit.js';
import { largestPosition } from '../limits/size-factor.js';
import { heldAt } from './books.js';
import {
  type Core,
  capabilitiesAt,
  instrumentAt,
  isChangedFrom,
  isClosedByPerson,
  isSideBySide,
  liveOrders,
  positionAt,
  progressAt,
  remainingLots,
} from './core.js';
import { isDust, isDustOf, knownTicks } from './flow/dust.js';
import { noEntryReason } from './flow/session.js';
import { unconvertedReason, valuedNow } from './flow/stale-data.js';
import { isClosing, needsGoLive } from './halts.js';
import { openFeeReason } from './orders/fee-value.js';
import { holdingsOf, lotsOn, openLots, type PositionEntry } from './state.js';
import { holdingOf, ownerOf } from './trades/trade.js';

export function accountView(core: Core): AccountView {
  const { market, state } = core;
  const newest = market.freshestMonotonicMs;
  return {
    equity: market.equity,
    dayStartEquity: state.day?.startEquity ?? market.equity,
    peakEquity: Math.max(core.limits.peak, state.peak),
    quoteAgeMs: newest < 0 ? null : core.monotonicMs - newest,
    openPositions: openPositions(core),
    largestPosition: Math.max(0, ...state.positions.map((position) => worthOf(core, position))),
    sizeFactorPpm: state.sizeFactorPpm,
    places: shownPlaces(instrumentAt(core, 0)),
    lossesInARow: state.lossesInARow,
    holdings: holdingsOnce(core),
    entriesLastMinute: () => entriesLastMinute(core),
    unchangedQuotes: () => unchangedQuotes(core),
    volatilityPct: () => highest(core.returns.map(({ volatilityPct }) => volatilityPct)),
  };
}

export function entryView(core: Core): EntryView {
  const { config, market, returns, state } = core;
  const { maxPositionSizePct } = config.risk;
  return {
    ...accountView(core),
    largestEntry: largestPosition(market.equity, maxPositionSizePct, state.sizeFactorPpm),
    volatilities: () =>
      config.instruments.map(({ id, symbol }) => ({
        symbol,
        volatilityPct: returns[id]?.volatilityPct ?? null,
      })),
  };
}

/**
 * Money units, unsigned. Side by side: worth of the larger side, which remains once the other one is closed.
 */
function worthOf(core: Core, position: PositionEntry): number {
  const isLong = openLots(position) > 0;
  const holdings = isSideBySide(core, position.instrument)
    ? holdingsOf(position).filter(({ quantityLots }) => quantityLots > 0 === isLong)
    : [position];
  const worth = holdings.map((holding) => {
    const held = heldAt(core.state, holding);
    return core.market.costNow(held) + core.market.unrealised(held);
  });
  return Math.abs(worth.reduce((sum, one) => sum + one, 0));
}

/** An order intent together with everything that the gate needs to judge it. */
export function riskCheck(core: Core, intent: OrderIntent): RiskCheck {
  const { config, limits, market, state } = core;
  const at = intent.instrument;
  return {
    intent,
    instrument: valuedNow(core, at),
    mode: core.begun ? state.mode : 'HALTED',
    needsGoLive: needsGoLive(core),
    closing: isClosing(core) || progressAt(core, at).securing !== null || isClosedByPerson(core, at),
    positionLots: judgedLots(core, intent),
    restingEntryLots:
      (isSideBySide(core, at)
        ? restingEntryLots(core, at, undefined, intent.side)
        : restingEntryLots(core, at)) - insteadLots(core, intent),
    stopsNeeded: () => stopsNeeded(core, intent),
    otherOpenPositions: openPositions(core, at),
    equity: market.equity,
    dailyFloor: limits.dailyFloor,
    drawdownFloor: limits.drawdownFloor,
    quoteAgeMs: market.quoteAgeMs(at, core.monotonicMs),
    quoteUnchangedMs: quoteUnchangedMs(core, at),
    bidTicks: market.bidTicks[at] ?? Number.NaN,
    askTicks: market.askTicks[at] ?? Number.NaN,
    venueBreaker: core.venueBreaker.state,
    session: noEntryReason(core, at),
    closed: core.closed.get(at) ?? null,
    openFees: openFeeReason(core),
    unconverted: unconvertedReason(core, at),
    sizeFactorPpm: state.sizeFactorPpm,
    venue: config.capabilities.name,
    capabilities: capabilitiesAt(core, at),
    lossesInARow: state.lossesInARow,
    holdings: holdingsOnce(core, intent.changes),
    entriesLastMinute: () => entriesLastMinute(core),
    sameEntryAgeMs: () => sameEntryAgeMs(core, intent),
    volatilityPct: () => core.returns[at]?.volatilityPct ?? null,
    correlation: (other) => correlation(core, at, other),
  };
}

/**
 * Lots that the order adds to or reduces. Side by side: for an entry, those of the trades on its own side,
 * whatever the other side holds; for a stop or an exit, those of its own trade; for a close, the venue's net.
 */
function judgedLots(core: Core, { instrument: at, purpose, side, strategy }: OrderIntent): number {
  const position = positionAt(core, at);
  if (!isSideBySide(core, at) || purpose === 'close') return position.quantityLots;
  if (purpose === 'entry') return lotsOn(position, side);
  return holdingOf(position, strategy)?.quantityLots ?? 0;
}

export const unchangedQuotes = (core: Core): ReturnType<EntryView['unchangedQuotes']> =>
  core.config.instruments.map(({ id, symbol }) => ({ symbol, unchangedMs: quoteUnchangedMs(core, id) }));

/** Null: it has no quote, its market is closed, or no limit uses it. */
function quoteUnchangedMs(core: Core, at: InstrumentId): number | null {
  const { openSinceMs } = progressAt(core, at);
  return openSinceMs === null ? null : (core.quoteChanges?.unchangedMs(at, openSinceMs) ?? null);
}

/**
 * Computed when the first limit asks, then cached: all limits of a check must see the same moment. `changes`:
 * client id of an entry that leaves the book for the one being judged.
 */
function holdingsOnce(core: Core, changes?: string): () => readonly Holding[] {
  let known: readonly Holding[] | null = null;
  return () => {
    known ??= holdings(core, changes);
    return known;
  };
}

function holdings(core: Core, changes: string | undefined): Holding[] {
  return core.state.positions.map((position) => {
    const { instrument: at, quantityLots } = position;
    const instrument = valuedNow(core, at);
    const worthAt = (lots: number, ticks: number): number =>
      lots === 0 ? 0 : exactNotional(instrument, lots, ticks);
    const price = knownTicks(core, at);
    const bid = price ?? Number.NaN;
    // Dust may never have a price again, so it is valued at its cost, as in equity.
    const cost = core.market.costNow(heldAt(core.state, position));
    const isUnpriced = price === null && Math.abs(cost) < instrument.minNotional;
    const held = isUnpriced ? alike(quantityLots, cost) : worthAt(quantityLots, bid);
    const byStrategy = new Map<string, number>();
    const add = (strategy: string, money: number): void => {
      if (money !== 0) byStrategy.set(strategy, (byStrategy.get(strategy) ?? 0) + money);
    };
    const parts = holdingsOf(position);
    const isBeside = isSideBySide(core, at) && parts.length > 1;
    for (const part of parts) {
      const share = parts.length === 1 ? 1 : part.quantityLots / quantityLots;
      add(ownerOf(part), isBeside ? worthAt(Math.abs(part.quantityLots), bid) : Math.abs(held) * share);
    }
    const gross = isBeside ? { gross: [...byStrategy.values()].reduce((sum, one) => sum + one, 0) } : {};
    let buying = 0;
    let selling = 0;
    for (const entry of liveOrders(core, at)) {
      const { clientId, purpose, side, strategy, limitTicks } = entry.intent;
      if (purpose !== 'entry' || clientId === changes) continue;
      const resting = worthAt(remainingLots(entry), dearerTicks(instrument, limitTicks ?? bid, bid));
      if (side === 'buy') buying += resting;
      else selling += resting;
      add(strategy, resting);
    }
    return { instrument: at, worth: held, ...gross, buying, selling, byStrategy };
  });
}

/**
 * Entries sent in the last minute of market time, counted from the orders in the state, so a restart forgets
 * none. Entries later than now are left out: a recording may have started again at an earlier time.
 */
function entriesLastMinute({ state, marketMs }: Core): number {
  let sent = 0;
  for (const { intent, intendedMarketMs } of state.orders.values()) {
    const ageMs = marketMs - intendedMarketMs;
    if (intent.purpose === 'entry' && ageMs >= 0 && ageMs < 60_000) sent += 1;
  }
  return sent;
}

/**
 * As above, but over everything sent: the newest one no later than now. An entry repeats none that it was
 * changed from.
 */
function sameEntryAgeMs(core: Core, wanted: OrderIntent): number | null {
  let newest: number | null = null;
  for (const { intent, intendedMarketMs } of core.state.orders.values()) {
    const ageMs = core.marketMs - intendedMarketMs;
    if (ageMs >= 0 && isSameEntry(intent, wanted) && !isChangedFrom(core, wanted, intent.clientId))
      newest = Math.min(ageMs, newest ?? ageMs);
  }
  return newest;
}

const SAME_IN = ['purpose', 'strategy', 'instrument', 'side', 'type', 'limitTicks', 'stopTicks'] as const;

const isSameEntry = (one: OrderIntent, other: OrderIntent): boolean =>
  SAME_IN.every((member) => one[member] === other[member]);

function correlation({ returns }: Core, one: InstrumentId, other: InstrumentId): number | null {
  const beside = returns[other];
  return beside === undefined ? null : (returns[one]?.correlationWith(beside) ?? null);
}

function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** For all strategies, or for `of`; on both sides, or on `on`; without the order with client id `without`. */
export function restingEntryLots(
  core: Core,
  at: InstrumentId,
  of?: string,
  on?: Side,
  without?: string,
): number {
  let lots = 0;
  for (const entry of core.state.live[at]?.values() ?? []) {
    const { purpose, strategy, side, clientId } = entry.intent;
    const isMeant = strategy === (of ?? strategy) && side === (on ?? side) && clientId !== without;
    if (purpose === 'entry' && isMeant) lots += remainingLots(entry);
  }
  return lots;
}

/**
 * Of these, lots that never add to the order's own: those of the entry that it changes, and those of the
 * other of two (`oneOf`) on the other side, which would be netted.
 */
function insteadLots(core: Core, { instrument: at, side, changes, oneOf }: OrderIntent): number {
  if (changes === undefined && oneOf === undefined) return 0;
  let lots = 0;
  for (const entry of liveOrders(core, at)) {
    const other = entry.intent;
    const isOther = oneOf !== undefined && other.oneOf === oneOf && other.side !== side;
    const isCounted = !isSideBySide(core, at) || other.side === side;
    if (isCounted && (other.clientId === changes || isOther)) lots += remainingLots(entry);
  }
  return lots;
}

/** One for each trade, and for each entry by a stop: it rests as one until it fills, and then its trade needs it. */
function stopsNeeded(core: Core, wanted: OrderIntent): number {
  const at = wanted.instrument;
  const inNeed = new Set(
    holdingsOf(positionAt(core, at))
      .filter((holding) => openLots(holding) !== 0 && !isDustOf(core, holding))
      .map(ownerOf),
  );
  let stopEntries = 0;
  const resting = [...liveOrders(core, at)].map(({ intent }) => intent);
  for (const { purpose, type, strategy, clientId } of [wanted, ...resting]) {
    if (purpose !== 'entry' || clientId === wanted.changes) continue;
    if (type === 'stop') stopEntries += 1;
    else inNeed.add(strategy);
  }
  return inNeed.size + stopEntries;
}

/** Instruments with a position, or with an entry that may still open one, not counting `except`. */
export function openPositions(core: Core, except: InstrumentId | null = null): number {
  let open = 0;
  for (const { id } of core.config.instruments) {
    if (id === except) continue;
    const held = openLots(positionAt(core, id)) !== 0 && !isDust(core, id);
    if (held || restingEntryLots(core, id) > 0) open += 1;
  }
  return open;
}
