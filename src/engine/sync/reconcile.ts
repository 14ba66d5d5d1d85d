import type { Instrument } from '../../domain/instrument.js';
import { writeUnits } from '../../domain/money.js';
import { capabilitiesIn } from '../../domain/order-bounds.js';
import type { ClosedInstrument, FixedOrders, QuantityLimits } from '../../domain/venue.js';
import {
  type Core,
  commit,
  markAllChanged,
  markChanged,
  note,
  progressAt,
  type SnapshotRequest,
} from '../core.js';
import type { VenueSnapshot } from '../event.js';
import { concludeFlat } from '../flow/prove-flat.js';
import { raiseFault } from '../halts.js';
import { takeFill } from '../orders/on-fill.js';
import { earliest } from '../orders/order-watch.js';
import type { Difference } from '../record.js';
import { tellOrphans } from '../strategies/orphaned-trades.js';
import { CONFIRM_AFTER_MS, FILL_LISTED_LATE_MARKET_MS, RECONCILE_EVERY_MS, retryDelayMs } from '../timing.js';
import { cashDiffers, reconcileCash, whyCashDiffers } from './reconcile-cash.js';
import { reconcileOrders, reconcileTerms } from './reconcile-orders.js';
import { reconcilePositions } from './reconcile-positions.js';
import { noteUnsettled, snapshotFailed } from './request-snapshot.js';
import { verifyExits } from './verify-exits.js';

/** Compares the venue's books with ours. Every difference has a rule, is recorded, and is acted on. */
export function onSnapshot(core: Core, snapshot: VenueSnapshot): void {
  const asked = core.sync.outstanding;
  if (!isOfOurAccount(core, snapshot)) return;
  takeQuantityLimits(core, snapshot.quantityLimits ?? []);
  takeClosed(core, snapshot.closedInstruments ?? []);
  takeFixed(core, snapshot.fixedOrders ?? []);
  const fills = takeFills(core, snapshot);
  if (asked === null || asked.requestId !== snapshot.requestId) return;
  core.sync.outstanding = null;
  core.sync.attempts = 0;
  core.sync.readings += 1;
  verifyExits(core, snapshot, asked);
  const listed = reconcileOrders(core, snapshot, asked);
  const positions = reconcilePositions(core, snapshot, asked);
  const orders = [...listed, ...reconcileTerms(core, snapshot, asked)];
  renewStops(core, asked);
  // While positions differ, their cost is unknown; the next snapshot shows whether a difference in cash is explained.
  const still = positions.pending || positions.differences.length > 0;
  const cash = still ? { differences: [], pending: false } : reconcileCash(core, snapshot, asked);
  const differences = [...fills, ...orders, ...positions.differences, ...cash.differences];
  const pending = positions.pending || cash.pending;
  const cashIsOpen = still && cashDiffers(core, snapshot);
  const settled =
    !pending && !cashIsOpen && !differences.some(({ rule }) => rule === 'adopt' || rule === 'halt');
  if (pending) leavePending(core, positions.unknown);
  else finish(core, asked, differences, settled, fillsThrough(core, snapshot, asked));
  // A confirmed difference has raised its own halt, and some of these halts still allow exits.
  if (pending || cashIsOpen)
    noteUnsettled(core, positions.pending ? 'positions differ' : whyCashDiffers(core));
  else core.sync.unsettled = null;
  readAgain(core, settled);
  concludeFlat(core, snapshot);
}

/** A split that ended the stop is suspected by now. */
function renewStops(core: Core, { requestId }: SnapshotRequest): void {
  for (const { id } of core.config.instruments) {
    const progress = progressAt(core, id);
    if (progress.readFirst === null || requestId <= progress.readFirst.request) continue;
    progress.readFirst = null;
    markChanged(core, id);
  }
}

/** Soon, at growing intervals, while something is unexplained; otherwise once a minute. */
function readAgain(core: Core, settled: boolean): void {
  const { sync } = core;
  sync.unsettledRounds = settled ? 0 : sync.unsettledRounds + 1;
  const delay = settled ? RECONCILE_EVERY_MS : Math.max(CONFIRM_AFTER_MS, retryDelayMs(sync.unsettledRounds));
  sync.dueAtMs = earliest(sync.dueAtMs, core.monotonicMs + delay);
}

/** At a start, stops wait for the positions to be read, but not for lists of cash movements. */
function leavePending(core: Core, positionsDiffer: boolean): void {
  core.sync.state = 'pending';
  if (positionsDiffer || core.sync.atWallMs !== null) return;
  core.sync.atWallMs = core.wallMs;
  markAllChanged(core);
}

function finish(
  core: Core,
  asked: SnapshotRequest,
  differences: readonly Difference[],
  clean: boolean,
  fillsThroughMs: number,
): void {
  const { sync } = core;
  sync.state = clean ? 'clean' : 'differences';
  sync.atWallMs = core.wallMs;
  markAllChanged(core);
  tellOrphans(core);
  const repeated = !clean && JSON.stringify(differences) === JSON.stringify(core.state.lastDifferences);
  if (repeated) return;
  commit(core, {
    type: 'reconciled',
    requestId: asked.requestId,
    clean,
    differences,
    fillsThroughMs,
    marketMs: core.marketMs,
  });
}

/** Advances even without a fill; otherwise a desk that seldom trades would request an ever longer past. */
function fillsThrough({ state }: Core, { asOfMs = 0 }: VenueSnapshot, asked: SnapshotRequest): number {
  return Math.max(state.fillsThroughMs, asked.newestFillMs, asOfMs - FILL_LISTED_LATE_MARKET_MS);
}

/** Fills are facts even in an answer that is too late for everything else. */
function takeFills(core: Core, snapshot: VenueSnapshot): Difference[] {
  const differences: Difference[] = [];
  for (const fill of snapshot.fills) {
    if (!takeFill(core, fill)) continue;
    const symbol = core.config.instruments[fill.instrument]?.symbol ?? '?';
    differences.push({ what: 'fill', symbol, ours: 'unknown', venues: fill.tradeId, rule: 'correct' });
  }
  return differences;
}

/**
 * A journal learns the venue's own id of its account once, and accepts nothing from another. False: the snapshot is of
 * another account, and so says nothing about ours.
 */
function isOfOurAccount(core: Core, { accountId, requestId }: VenueSnapshot): boolean {
  const config = core.state.config;
  if (accountId === undefined || config === null || config.accountId === accountId) return true;
  if (config.accountId === null) {
    learn(core, accountId);
    return true;
  }
  const why = `the key is of the account ${accountId}, and this journal of the account ${config.accountId}`;
  raiseFault(core, 'reconciliation', why);
  snapshotFailed(core, requestId, why);
  return false;
}

/** The journal is older than such ids, or the venue was unavailable at the start. */
function learn(core: Core, accountId: string): void {
  const { config, newestFillMs, fillsThroughMs } = core.state;
  if (config === null) return;
  commit(core, {
    type: 'config',
    ...config,
    startingCash: writeUnits(config.startingCash),
    accountId,
    marketMs: Math.max(core.marketMs, newestFillMs, fillsThroughMs),
  });
}

/** Instruments with a venue's bounds, and as they are configured: nearly every snapshot says the same again. */
const LIMITED = new WeakMap<Instrument, Instrument>();

/**
 * How much the venue takes of an instrument, according to its snapshots. The venue may change this, so no
 * record stores it. Until the first snapshot the desk file's instruments apply, and the desk can't be armed.
 */
function takeQuantityLimits(core: Core, limits: readonly QuantityLimits[]): void {
  for (const { instrument: at, minLots, maxLots, maxMarketLots, maxStops } of limits) {
    const [configured, before] = [core.config.instruments[at], core.instruments[at]];
    if (configured === undefined) continue;
    const minQuantityLots = Math.max(configured.minQuantityLots, minLots);
    const maxQuantityLots = Math.min(configured.maxQuantityLots, maxLots ?? configured.maxQuantityLots);
    const isSame =
      before !== undefined &&
      LIMITED.get(before) === configured &&
      before.minQuantityLots === minQuantityLots &&
      before.maxQuantityLots === maxQuantityLots &&
      before.maxMarketLots === (maxMarketLots ?? configured.maxMarketLots) &&
      before.maxStops === (maxStops ?? configured.maxStops);
    if (isSame) continue;
    const now = {
      ...configured,
      ...{ minQuantityLots, maxQuantityLots },
      ...(maxMarketLots === null ? {} : { maxMarketLots }),
      ...(maxStops === undefined ? {} : { maxStops }),
    };
    LIMITED.set(now, configured);
    core.instruments[at] = now;
    const changed =
      before?.minQuantityLots !== now.minQuantityLots ||
      before.maxQuantityLots !== now.maxQuantityLots ||
      before.maxMarketLots !== now.maxMarketLots;
    if (changed) markChanged(core, at);
  }
}

/** An instrument that is halted or delisted closes only itself; the others continue. Changes are noted. */
function takeClosed(core: Core, closed: readonly ClosedInstrument[]): void {
  const before = core.closed;
  core.closed = new Map(closed.map(({ instrument, why }) => [instrument, why]));
  for (const [at, why] of core.closed)
    if (before.get(at) !== why) note(core, 'alarm', `${why}; nothing is entered in it`, at);
  for (const at of before.keys())
    if (!core.closed.has(at)) note(core, 'info', 'the venue takes orders in it again', at);
}

/** Notifies people where a stop must be cancelled before the next one is sent. */
function takeFixed(core: Core, fixed: readonly FixedOrders[]): void {
  const before = core.fixedOrders;
  core.fixedOrders = new Map(fixed.map((one) => [one.instrument, one]));
  for (const { instrument: at, replaces } of fixed) {
    const instrument = core.instruments[at];
    if (replaces || instrument === undefined || before.get(at)?.replaces === false) continue;
    if (!capabilitiesIn(core.config.capabilities, instrument).replaces) continue;
    note(core, 'info', 'the venue exchanges no orders in it: a stop that changes is cancelled first', at);
  }
}
