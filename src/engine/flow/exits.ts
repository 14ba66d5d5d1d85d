/**
 * What a trade's exit plan asks for in the current market: how far the stop has moved, how many lots the
 * reached targets leave, and whether the time is up or the session ends. Targets, time and session end close
 * at the market, in the modes that let a strategy close. A stop moves nearer in every mode, never back.
 */
import { MINUTE_MS } from '../../domain/civil-date.js';
import { type ExitReason, PLAN_EXITS, type TargetReason, WHOLE_TRADE_PPM } from '../../domain/exits.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { isTooSmall } from '../../domain/order-bounds.js';
import { VALUE } from '../../domain/value.js';
import { leastAtStop } from '../../limits/gate-rules.js';
import { staleMsOf } from '../../limits/stale-data.js';
import {
  type Core,
  commit,
  exitNote,
  instrumentAt,
  isSplitAsked,
  note,
  positionAt,
  tradeProgressAt,
} from '../core.js';
import { mayReduce } from '../halts.js';
import { restingTargets } from '../orders/linked-orders.js';
import { type Holding, holdingsOf, openLots, type TradeEntry, type TradeExits } from '../state.js';
import { isNearer } from '../trades/trade-exits.js';
import { isDustOf } from './dust.js';
import { closesWithin, isMarketOpen, nextFlatMs, sessionEndWords } from './session.js';

/** A trailing stop moves in steps of its distance divided by this, not with each tick. */
const TRAIL_STEPS = 10;

type WithExits = TradeEntry & { readonly exits: TradeExits };

/**
 * Records what the market has reached. Only a fresh price counts: an old one does not show what could be had
 * now, and one in new shares says nothing about prices in old ones.
 */
export function followExits(core: Core, at: InstrumentId): void {
  const age = core.market.quoteAgeMs(at, core.monotonicMs);
  const isFresh = age !== null && age <= staleMsOf(core.config.risk) && !isSplitAsked(core, at);
  const trades = holdingsOf(positionAt(core, at)).map((holding) => ({
    holding,
    trade: tradeWithExits(core, holding),
  }));
  for (const { trade } of trades) if (trade !== null && isFresh) follow(core, at, trade);
  core.market.exitAboveTicks[at] = Number.POSITIVE_INFINITY;
  core.market.exitBelowTicks[at] = Number.NEGATIVE_INFINITY;
  for (const { holding, trade } of trades) {
    if (trade === null) continue;
    watchExits(core, at, trade);
    leaveWhereDue(core, holding, trade);
  }
}

function follow(core: Core, at: InstrumentId, trade: WithExits): void {
  const priceTicks = closingTicks(core, at, trade.side);
  // The venue fills a resting target.
  if (mayReduce(core) && restingTargets(core, at).length === 0) noteTargets(core, at, trade, priceTicks);
  moveStop(core, at, trade, priceTicks);
}

function noteTargets(core: Core, at: InstrumentId, { id, side, exits }: WithExits, priceTicks: number): void {
  const { targets = [] } = exits.plan;
  let reached = exits.reached;
  while (reached < targets.length && isAt(side, priceTicks, targets[reached]!.ticks)) reached += 1;
  if (reached === exits.reached) return;
  commit(core, {
    type: 'target.reached',
    instrument: at,
    trade: id,
    targets: reached,
    priceTicks,
    marketMs: core.marketMs,
  });
}

function moveStop(core: Core, at: InstrumentId, trade: WithExits, priceTicks: number): void {
  const stops = [
    { why: 'breakEvenStop', stopTicks: breakEvenTicks(core, at, trade, priceTicks) },
    { why: 'trailingStop', stopTicks: trailingTicks(trade, priceTicks) },
  ] as const;
  for (const { why, stopTicks } of stops) {
    const { protectTicks } = trade;
    if (stopTicks === null || protectTicks === null || !isNearer(trade.side, stopTicks, protectTicks))
      continue;
    // The market would pass the stop before it rests.
    if (!isNearer(trade.side, priceTicks, stopTicks)) continue;
    commit(core, {
      type: 'stop.moved',
      instrument: at,
      trade: trade.id,
      stopTicks,
      why,
      marketMs: core.marketMs,
    });
  }
}

function breakEvenTicks(core: Core, at: InstrumentId, trade: WithExits, priceTicks: number): number | null {
  const { breakEvenAtTicks } = trade.exits.plan;
  if (breakEvenAtTicks === undefined || !isAt(trade.side, priceTicks, breakEvenAtTicks)) return null;
  return evenTicks(core, at, trade);
}

/** Average price of the entry, rounded so that a stop there does not lose. Null: nothing was entered. */
function evenTicks(
  core: Core,
  at: InstrumentId,
  { side, entryTickLots, entryLots }: TradeEntry,
): number | null {
  if (entryLots === 0) return null;
  return VALUE[instrumentAt(core, at).kind].evenTicks(entryTickLots, entryLots, side === 'long');
}

function trailingTicks(trade: WithExits, priceTicks: number): number | null {
  const nextTicks = nextTrailTicks(trade);
  if (nextTicks === null || !isAt(trade.side, priceTicks, nextTicks)) return null;
  const { trailTicks = 0 } = trade.exits.plan;
  return trade.side === 'long' ? priceTicks - trailTicks : priceTicks + trailTicks;
}

/** The price at which the trailing stop moves next. */
function nextTrailTicks({ side, exits, protectTicks }: WithExits): number | null {
  const { trailTicks } = exits.plan;
  if (trailTicks === undefined || protectTicks === null) return null;
  const away = trailTicks + Math.max(1, Math.floor(trailTicks / TRAIL_STEPS));
  return side === 'long' ? protectTicks + away : protectTicks - away;
}

/** Sets the prices that quotes are compared with; nothing is computed until one of them is reached. */
function watchExits(core: Core, at: InstrumentId, trade: WithExits): void {
  const { exitAboveTicks, exitBelowTicks } = core.market;
  for (const ticks of exitPrices(core, at, trade)) {
    if (trade.side === 'long') exitAboveTicks[at] = Math.min(exitAboveTicks[at] as number, ticks);
    else exitBelowTicks[at] = Math.max(exitBelowTicks[at] as number, ticks);
  }
}

function exitPrices(core: Core, at: InstrumentId, trade: WithExits): number[] {
  const { exits, protectTicks } = trade;
  const { breakEvenAtTicks } = exits.plan;
  const target = heldTarget(core, at, trade);
  const isEven = protectTicks === null || isAtBreakEven(core, at, trade);
  const waits = [target, isEven ? undefined : breakEvenAtTicks, nextTrailTicks(trade) ?? undefined];
  return waits.filter((ticks) => ticks !== undefined);
}

/**
 * Of a position that is one trade with exits: the market time up to which they ask for nothing while the market reaches
 * none of their prices. Null: something is due, is under way, or depends on more than that.
 */
export function exitsRestUntilMs(core: Core, position: Holding): number | null {
  const { instrument: at } = position;
  const { market } = core;
  const trade = tradeWithExits(core, position);
  if (trade === null || market.isExitPrice(at) || market.flatAtMs[at] !== Number.POSITIVE_INFINITY)
    return null;
  const { targets = [], beforeCloseMs } = trade.exits.plan;
  if (beforeCloseMs !== undefined) return null;
  const last = targets[trade.exits.reached - 1];
  if (last !== undefined && restAfter(position, trade, last) < Math.abs(position.quantityLots)) return null;
  // The prices may have been found in another mode.
  const prices = exitPrices(core, at, trade);
  const [above, below] =
    trade.side === 'long'
      ? [Math.min(...prices), Number.NEGATIVE_INFINITY]
      : [Number.POSITIVE_INFINITY, Math.max(...prices)];
  if (market.exitAboveTicks[at] !== above || market.exitBelowTicks[at] !== below) return null;
  return timeExitMs(trade.exits) ?? Number.POSITIVE_INFINITY;
}

/** Prices of the next targets that the desk itself sells or buys back at: of long trades, and of short ones. */
export function heldTargets(core: Core, at: InstrumentId): Record<TradeEntry['side'], number[]> {
  const held: Record<TradeEntry['side'], number[]> = { long: [], short: [] };
  for (const holding of watchesPrices(core, at) ? holdingsOf(positionAt(core, at)) : []) {
    const trade = tradeWithExits(core, holding);
    const target = trade === null ? undefined : heldTarget(core, at, trade);
    if (trade !== null && target !== undefined) held[trade.side].push(target);
  }
  return held;
}

/** Whether any price is an exit's. */
export const watchesPrices = ({ market }: Core, at: InstrumentId): boolean =>
  market.exitAboveTicks[at] !== Number.POSITIVE_INFINITY ||
  market.exitBelowTicks[at] !== Number.NEGATIVE_INFINITY;

/** The next target, unless orders for the targets rest at the venue or the mode lets none be closed. */
function heldTarget(core: Core, at: InstrumentId, { exits }: WithExits): number | undefined {
  const isHeld = mayReduce(core) && restingTargets(core, at).length === 0;
  return isHeld ? exits.plan.targets?.[exits.reached]?.ticks : undefined;
}

/** Closes the whole trade, as an exit of its strategy would; noted once. */
function leaveWhereDue(core: Core, holding: Holding, trade: WithExits): void {
  const progress = tradeProgressAt(core, holding);
  if (progress.exiting !== null || !mayReduce(core)) return;
  const due = whyDue(core, holding, trade);
  if (due === null) return;
  note(core, 'info', exitNote(due.because), holding.instrument, trade.strategy);
  progress.exiting = due;
}

/** Why the whole trade must be closed. Null: it need not be. */
function whyDue(
  core: Core,
  holding: Holding,
  trade: WithExits,
): { readonly because: string; readonly why: ExitReason } | null {
  const { maxBars, beforeCloseMs } = trade.exits.plan;
  if (leftByTargets(core, holding) === 0) {
    const why = reachedTarget(trade);
    return { because: PLAN_EXITS.target(why), why };
  }
  if (maxBars !== undefined && isTimeUp(core, trade))
    return { because: PLAN_EXITS.time(maxBars), why: 'time' };
  const at = holding.instrument;
  if (beforeCloseMs === undefined || !closesWithin(core, at, beforeCloseMs)) return null;
  return { because: sessionEndWords(core, at), why: 'sessionEnd' };
}

function isTimeUp({ marketMs }: Core, { exits }: WithExits): boolean {
  const dueMs = timeExitMs(exits);
  return dueMs !== null && marketMs >= dueMs;
}

/** Market time from which the trade is closed. Null: it has no time exit. */
export function timeExitMs({ openedMs, plan: { maxBars } }: TradeExits): number | null {
  return maxBars === undefined ? null : (Math.floor(openedMs / MINUTE_MS) + 1 + maxBars) * MINUTE_MS;
}

/** See `Engine.nextDueMs`. */
export function nextDueMs(core: Core): number {
  const { config, marketMs, state } = core;
  let nextMs = nextFlatMs(core);
  for (const position of state.positions) {
    if (openLots(position) === 0) continue;
    const dues = [config.contracts?.[position.instrument]?.traded.flatMs ?? null];
    for (const { trade } of holdingsOf(position))
      if (trade?.exits !== undefined) dues.push(timeExitMs(trade.exits));
    for (const dueMs of dues) if (dueMs !== null && dueMs > marketMs && dueMs < nextMs) nextMs = dueMs;
  }
  return nextMs;
}

/** The stop is at the average price of the entry, or nearer to the market. */
export function isAtBreakEven(core: Core, at: InstrumentId, trade: TradeEntry): boolean {
  const { side, protectTicks } = trade;
  const even = evenTicks(core, at, trade);
  return even === null || (protectTicks !== null && !isNearer(side, even, protectTicks));
}

/**
 * Lots left after the reached targets and the part that the strategy closes. Null: all of them. Never leaves
 * lots that no order could sell. While nothing can be sold, the stop covers the whole.
 */
export function lotsAfterTargets(core: Core, position: Holding): number | null {
  const [byTargets, byPart] = [leftByTargets(core, position), leftByPart(core, position)];
  return byTargets === null || byPart === null ? (byTargets ?? byPart) : Math.min(byTargets, byPart);
}

/** Why that part is closed. Null: the strategy asked for it. */
export function reasonOfPart(core: Core, position: Holding): ExitReason | null {
  const [byTargets, byPart] = [leftByTargets(core, position), leftByPart(core, position)];
  const exits = position.trade?.exits;
  if (exits === undefined || byTargets === null) return null;
  return byPart !== null && byPart < byTargets ? null : reachedTarget({ exits });
}

/**
 * Lots of an order for `partPpm` of the holding, rounded down: all of it if the rest would be too small at
 * its stop. Null: the part itself is too small for an order.
 */
export function lotsOfPart(core: Core, holding: Holding, partPpm: number): number | null {
  const { instrument: at, quantityLots, trade } = holding;
  const held = Math.abs(quantityLots);
  const lots = Number((BigInt(held) * BigInt(partPpm)) / BigInt(WHOLE_TRADE_PPM));
  if (trade === null || isRestTooSmall(core, at, trade, held - lots)) return held;
  const priceTicks = closingTicks(core, at, trade.side);
  return lots === 0 || isTooSmall(instrumentAt(core, at), lots, priceTicks) ? null : lots;
}

function isRestTooSmall(
  core: Core,
  at: InstrumentId,
  { side, protectTicks }: TradeEntry,
  rest: number,
): boolean {
  const stopTicks = protectTicks ?? closingTicks(core, at, side);
  return isTooSmall(
    instrumentAt(core, at),
    rest,
    leastAtStop(instrumentAt(core, at), side === 'long', stopTicks),
  );
}

function leftByPart(core: Core, position: Holding): number | null {
  const { instrument: at, trade, quantityLots } = position;
  const { parting } = tradeProgressAt(core, position);
  if (parting === null || trade === null || parting.trade !== trade.id) return null;
  if (!mayReduce(core) || !isMarketOpen(core, at)) return null;
  const held = Math.abs(quantityLots);
  const lots = parting.untilLots - trade.exitLots;
  if (lots <= 0 || held === 0) return null;
  return lots >= held || isRestTooSmall(core, at, trade, held - lots) ? 0 : held - lots;
}

/**
 * Ends a partial close that is done, or whose rest is too small for an order. One that would leave nothing
 * becomes an exit.
 */
export function followPart(core: Core, holding: Holding): void {
  const at = holding.instrument;
  const progress = tradeProgressAt(core, holding);
  const { parting } = progress;
  if (parting === null) return;
  const { trade } = holding;
  const lots = trade?.id === parting.trade ? parting.untilLots - trade.exitLots : 0;
  if (
    trade === null ||
    lots <= 0 ||
    isTooSmall(instrumentAt(core, at), lots, closingTicks(core, at, trade.side))
  ) {
    progress.parting = null;
  } else if (leftByPart(core, holding) === 0) {
    progress.parting = null;
    progress.exiting ??= { because: parting.because, why: null };
  }
}

/** A part too small for an order waits for the next target. */
function leftByTargets(core: Core, position: Holding): number | null {
  const trade = tradeWithExits(core, position);
  const target = trade?.exits.plan.targets?.[trade.exits.reached - 1];
  if (trade === null || target === undefined) return null;
  if (!mayReduce(core) || !isMarketOpen(core, position.instrument)) return null;
  const instrument = instrumentAt(core, position.instrument);
  const held = Math.abs(position.quantityLots);
  const rest = restAfter(position, trade, target);
  if (rest >= held) return null;
  const stopTicks = trade.protectTicks ?? target.ticks;
  if (rest === 0 || isTooSmall(instrument, rest, leastAtStop(instrument, trade.side === 'long', stopTicks)))
    return 0;
  const priceTicks = closingTicks(core, position.instrument, trade.side);
  return isTooSmall(instrument, held - rest, priceTicks) ? null : rest;
}

/** Lots that the trade is to hold once this target has closed its part. */
function restAfter(
  { quantityLots }: Holding,
  { exitLots, exits }: WithExits,
  { closedPpm }: { readonly closedPpm: number },
): number {
  const whole = Math.abs(quantityLots) + exitLots - exits.soldBefore;
  return whole - Number((BigInt(whole) * BigInt(closedPpm)) / BigInt(WHOLE_TRADE_PPM));
}

/** The exit reason for the target reached last. */
function reachedTarget({ exits }: Pick<WithExits, 'exits'>): TargetReason {
  return `target ${exits.reached} of ${exits.plan.targets?.length ?? 0}`;
}

/** Null: the trade has no exits, or is too small to sell, so nothing could be done. */
export function tradeWithExits(core: Core, holding: Holding): WithExits | null {
  const { trade, quantityLots } = holding;
  if (trade?.exits === undefined || quantityLots === 0 || isDustOf(core, holding)) return null;
  return trade as WithExits;
}

/** The price at which a long can be sold (bid) or a short bought back (ask). */
export function closingTicks({ market }: Core, at: InstrumentId, side: TradeEntry['side']): number {
  return (side === 'long' ? market.bidTicks[at] : market.askTicks[at]) as number;
}

function isAt(side: TradeEntry['side'], priceTicks: number, ticks: number): boolean {
  return side === 'long' ? priceTicks >= ticks : priceTicks <= ticks;
}
