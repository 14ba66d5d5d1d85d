/**
 * Compares positions at the venue with ours. The venue is right once it has reported the same twice with
 * nothing in between.
 */

import type { OthersCoins } from '../../domain/cash-and-coins.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { isDoneAtOnce } from '../../domain/order.js';
import { notional } from '../../domain/value.js';
import { othersCoins } from '../apply-cash.js';
import { averageCost } from '../books.js';
import { othersLotsAt } from '../commands/claim-coins.js';
import {
  type Core,
  commit,
  type HeldBefore,
  instrumentAt,
  liveOrders,
  markChanged,
  note,
  positionAt,
  progressAt,
  type SnapshotRequest,
} from '../core.js';
import type { VenueSnapshot } from '../event.js';
import { mayBeGone } from '../flow/flatten.js';
import { looksSplit } from '../flow/split.js';
import { ratePart, valuedNow } from '../flow/stale-data.js';
import { measureStopGap } from '../flow/stop-gap.js';
import { isOversold } from '../flow/wanted-stop.js';
import { raiseFault } from '../halts.js';
import type { Difference } from '../record.js';
import { holdingsOf, openLots } from '../state.js';
import { disableLosing } from '../strategies/tracker.js';
import { CONFIRM_AFTER_MS, HELD_BEFORE_MAX, POSITION_LISTED_LATE_MS } from '../timing.js';
import { NOBODY, ownerOf } from '../trades/trade.js';

interface PositionsCompared {
  readonly differences: readonly Difference[];
  /** Something differs and is not confirmed: read again. */
  readonly pending: boolean;
  /** A difference that no late list explains: until it is confirmed, nobody knows which stops are needed. */
  readonly unknown: boolean;
}

export function reconcilePositions(
  core: Core,
  snapshot: VenueSnapshot,
  asked: SnapshotRequest,
): PositionsCompared {
  const differences: Difference[] = [];
  let [pending, unknown] = [false, false];
  for (const { id } of core.config.instruments) {
    const venues = snapshot.positions.find((position) => position.instrument === id)?.quantityLots ?? 0;
    const ours = positionAt(core, id).quantityLots;
    if (!isOversold(core, id) && venues === ours + othersLotsAt(core, instrumentAt(core, id).symbol)) {
      core.sync.suspected.delete(id);
      core.sync.splits.delete(id);
      bearOut(core, id);
      continue;
    }
    if (!isConfirmed(core, id, venues, asked)) {
      pending = true;
      unknown ||= mayBeGone(core, id) || listedLate(core, id, venues) === undefined;
      continue;
    }
    const shares = venues - othersLotsAt(core, instrumentAt(core, id).symbol);
    if (looksSplit(core, id, ours, shares)) {
      differences.push(describe(core, id, ours, shares, 'halt'));
      continue;
    }
    differences.push(...believe(core, id, ours, venues));
    bearOut(core, id);
  }
  return { differences, pending, unknown };
}

function bearOut(core: Core, at: InstrumentId): void {
  const progress = progressAt(core, at);
  if (core.sync.borneOut.has(at) && !progress.mayBeClosed) return;
  progress.mayBeClosed = false;
  core.sync.borneOut.add(at);
  markChanged(core, at);
}

/**
 * The venue is right. In an account at an exchange, surplus coins are nobody's unless an order of ours explains them.
 */
function believe(core: Core, at: InstrumentId, ours: number, venues: number): Difference[] {
  const { kind, symbol } = instrumentAt(core, at);
  if (core.config.coinsNeedOwner !== true || kind !== 'spot') {
    const difference = describe(core, at, ours, venues, 'adopt');
    adopt(core, at, ours, venues);
    return [difference];
  }
  const others = othersLotsAt(core, symbol);
  const more = venues - Math.max(0, ours) - others;
  const progress = progressAt(core, at);
  const explained = Math.max(0, Math.min(more, progress.unnamedLots));
  progress.unnamedLots = 0;
  const change = more > 0 ? more - explained : -Math.min(-more, others);
  const differences: Difference[] = [];
  if (change !== 0) {
    differences.push(describe(core, at, ours + others, venues, 'flag'));
    countCoins(core, at, change);
  }
  const desks = venues - others - change;
  if (desks !== ours) {
    differences.push(describe(core, at, ours, desks, 'adopt'));
    adopt(core, at, ours, desks);
  }
  return differences;
}

/**
 * Coins that appear are nobody's. Coins that disappear are taken from nobody's first, then from those to be moved,
 * then from foreign ones.
 */
function countCoins(core: Core, at: InstrumentId, change: number): void {
  const { symbol, lotSize, base } = instrumentAt(core, at);
  const coins: { -readonly [K in keyof OthersCoins]: OthersCoins[K] } = {
    ...othersCoins(core.state, symbol),
  };
  if (change > 0) coins.nobodys += change;
  let gone = Math.max(0, -change);
  for (const kind of ['nobodys', 'toMove', 'foreign'] as const) {
    const taken = Math.min(gone, coins[kind]);
    coins[kind] -= taken;
    gone -= taken;
  }
  const amount = formatDecimal(Math.abs(change), lotSize);
  const reason =
    change > 0
      ? `${amount} ${base} in the account are of no trade of this desk: they are nobody's, and left alone, until a person says whose (fermata coins)`
      : `${amount} ${base} that were not the desk's have left the account`;
  commit(core, { type: 'coins.counted', symbol, coins, by: 'fermata', reason, marketMs: core.marketMs });
  note(core, change > 0 ? 'alarm' : 'info', `${symbol}: ${reason}`, at);
}

/**
 * True if there is a price with a known worth to the account, nothing changed during the snapshot, the
 * quantity is not the one before a recent fill, and an earlier snapshot showed the same.
 */
function isConfirmed(core: Core, at: InstrumentId, venues: number, asked: SnapshotRequest): boolean {
  const { market, sync, marketMs } = core;
  const hasPrice = market.hasQuote(at) || openLots(positionAt(core, at)) !== 0;
  if (!hasPrice || Number.isNaN(market.rate(at))) return false;
  const progress = progressAt(core, at);
  const isMore = venues > openLots(positionAt(core, at)) + othersLotsAt(core, instrumentAt(core, at).symbol);
  const late = listedLate(core, at, venues);
  if (late?.lots === null && isMore) sync.surplus.add(at);
  if (late !== undefined || asked.activity[at] !== progress.activity || mayFillAnyMoment(core, at)) {
    sync.suspected.delete(at);
    return false;
  }
  const before = sync.suspected.get(at);
  if (before?.lots === venues && core.monotonicMs - before.atMs >= CONFIRM_AFTER_MS) {
    progress.adoptedMarketMs = before.marketMs;
    sync.suspected.delete(at);
    return true;
  }
  if (before?.lots !== venues) sync.suspected.set(at, { lots: venues, atMs: core.monotonicMs, marketMs });
  if (isMore) sync.surplus.add(at);
  return false;
}

/** Called at a fill: `lots` were held until then. */
export function noteHeld(core: Core, at: InstrumentId, lots: number | null): void {
  const progress = progressAt(core, at);
  progress.heldBefore = progress.heldBefore.filter(({ untilMs }) => untilMs > core.monotonicMs);
  progress.heldBefore.push({ lots, untilMs: core.monotonicMs + POSITION_LISTED_LATE_MS });
  // If an order is filled in very many parts, a late list shows the position before all of them.
  if (progress.heldBefore.length > HELD_BEFORE_MAX) progress.heldBefore.splice(1, 1);
}

/**
 * The position before a recent fill, if the venue still shows it: its list of positions may lag behind its
 * list of fills. A position below zero where nothing can be owed means that our own book is wrong, however
 * late the list.
 */
function listedLate(core: Core, at: InstrumentId, venues: number): HeldBefore | undefined {
  if (isOversold(core, at)) return undefined;
  const fresh = progressAt(core, at).heldBefore.filter(({ untilMs }) => untilMs > core.monotonicMs);
  const lots = venues - othersLotsAt(core, instrumentAt(core, at).symbol);
  return fresh.find((before) => before.lots === lots) ?? fresh.find((before) => before.lots === null);
}

/** Orders of unknown fate, or that fill at once: their effect on the position is not known yet. */
function mayFillAnyMoment(core: Core, at: InstrumentId): boolean {
  return liveOrders(core, at).some(
    ({ state, intent }) => isDoneAtOnce(intent) || state === 'unknown' || state === 'intended',
  );
}

function adopt(core: Core, at: InstrumentId, ours: number, venues: number): void {
  const difference = describe(core, at, ours, venues, 'adopt');
  const reason = `${difference.symbol}: we held ${difference.ours}${partWords(core, at)}, the venue has ${difference.venues}; the venue's counts`;
  commit(core, {
    type: 'position.adopted',
    instrument: at,
    quantityLots: venues,
    priceTicks: adoptionPrice(core, at),
    ...ratePart(core, at),
    marketMs: core.marketMs,
  });
  core.sync.cash.adopted += adoptedWorth(core, at, ours, venues);
  const progress = progressAt(core, at);
  progress.activity += 1;
  progress.heldBefore = [];
  measureStopGap(core, at);
  note(core, 'alarm', reason, at);
  raiseFault(core, 'reconciliation', reason);
  disableLosing(core);
}

/** " (cross 0.100, behind 0.050)": whose the lots were. Empty where the position is whole. */
function partWords(core: Core, at: InstrumentId): string {
  const position = positionAt(core, at);
  if (position.parts.length === 0) return '';
  const { lotSize } = instrumentAt(core, at);
  const words = holdingsOf(position).map((part) => {
    const owner = ownerOf(part) === NOBODY ? 'nobody' : ownerOf(part);
    return `${owner} ${formatDecimal(part.quantityLots, lotSize)}`;
  });
  return ` (${words.join(', ')})`;
}

function adoptedWorth(core: Core, at: InstrumentId, ours: number, venues: number): number {
  return notional(valuedNow(core, at), Math.abs(venues - ours), adoptionPrice(core, at));
}

/** The last price, else the position's cost: an adoption must not invent a profit or loss. */
function adoptionPrice(core: Core, at: InstrumentId): number {
  if (core.market.hasQuote(at)) return core.market.bidTicks[at] as number;
  const position = positionAt(core, at);
  return Math.max(1, Math.round(averageCost(core.state, position)));
}

function describe(
  core: Core,
  at: InstrumentId,
  ours: number,
  venues: number,
  rule: Difference['rule'],
): Difference {
  const { symbol, lotSize } = instrumentAt(core, at);
  return {
    what: 'position',
    symbol,
    ours: formatDecimal(ours, lotSize),
    venues: formatDecimal(venues, lotSize),
    rule,
  };
}
