/**
 * Decides which trade an execution belongs to if several strategies trade one instrument.
 *
 * An execution that adds to the position goes to the trade of the strategy whose order was filled; without an
 * order of ours it is nobody's. One that reduces the position is taken from that trade first, then from
 * nobody's lots, then from the other trades, oldest first: the venue has only the whole, so one trade makes
 * up for what another lacks. An order that closes the whole position starts with nobody's lots.
 *
 * Side by side on an account that nets, no trade makes up for another: whatever an order fills beyond its own
 * trade, and whatever no order of ours explains, is nobody's, on either side.
 */

import type { Instrument } from '../domain/instrument.js';
import { mulDivUnits, type Units } from '../domain/money.js';
import { bookNet, bookTrade, coinsOf, type Execution, execute, holdCoins } from './apply-holding.js';
import { stepsAt } from './books.js';
import type { EngineRecord } from './record.js';
import { type EngineState, emptyHolding, type Holding, type PositionEntry } from './state.js';
import { beginTrade, closeTrade, NOBODY, ownerOf } from './trades/trade.js';

export function isInParts({ parts }: PositionEntry, { order }: Pick<Execution, 'order'>): boolean {
  return parts.length > 0 || order?.intent.ownTrade === true;
}

export function applyInParts(
  state: EngineState,
  instrument: Instrument,
  position: PositionEntry,
  execution: Execution,
): void {
  if (position.parts.length === 0) takeApart(position);
  for (const [part, share] of sharesOf(position, execution)) {
    const before = part.realised;
    execute(state, instrument, part, share);
    position.realised += part.realised - before;
  }
  gatherRests(position);
  joinRemainders(state, position, execution.marketMs);
  for (const part of position.parts)
    if (part.quantityLots === 0 && part.trade !== null) closeTrade(state, part, 'fee', execution.marketMs);
  gatherRests(position);
  addUp(position);
}

/**
 * Strategies side by side on an account that nets: each trade has its own book, the venue's book has the net.
 */
export function applyBeside(
  state: EngineState,
  instrument: Instrument,
  position: PositionEntry,
  execution: Execution,
): void {
  if (position.parts.length === 0) takeApart(position);
  for (const [part, share] of sharesBeside(position, execution)) bookTrade(state, instrument, part, share);
  bookNet(state, instrument, position, execution);
  endWhereFlat(position);
}

/** Closes lots of two opposite trades against each other: the venue is not told, and no money moves. */
export function applyCrossed(state: EngineState, record: TradesCrossed): void {
  const { instrument: at, quantityLots, priceTicks, rate, marketMs } = record;
  const [instrument, position] = [state.config?.instruments[at], state.positions[at]];
  if (instrument === undefined || position === undefined) throw new RangeError(`no instrument ${at}`);
  for (const side of ['sell', 'buy'] as const) {
    const { trade, why } = side === 'sell' ? record.seller : record.buyer;
    const part = position.parts.find((one) => one.trade?.id === trade);
    const held = (part?.quantityLots ?? 0) * (side === 'sell' ? 1 : -1);
    if (part === undefined || held < quantityLots)
      throw new RangeError(`${quantityLots} lots of the trade ${trade} were crossed, which holds ${held}`);
    const free = { fee: 0n, paidFrom: 'cash', coins: 0n, order: null } as const;
    bookTrade(state, instrument, part, { side, quantityLots, priceTicks, rate, why, marketMs, ...free });
  }
  endWhereFlat(position);
}

type TradesCrossed = Extract<EngineRecord, { readonly type: 'trades.crossed' }>;

/** Divides the execution among the parts. Lots that an order fills beyond those it closes are nobody's. */
function sharesBeside(position: PositionEntry, execution: Execution): (readonly [Holding, Execution])[] {
  const { side, quantityLots, order } = execution;
  const { purpose = 'entry', strategy = NOBODY } = order?.intent ?? {};
  if (purpose === 'entry') return [[partOf(position, strategy), execution]];
  const givers =
    purpose === 'close'
      ? inTurn(position, NOBODY)
      : position.parts.filter((part) => part.trade !== null && ownerOf(part) === strategy);
  const shares: [Holding, number][] = [];
  let left = quantityLots;
  for (const part of givers) {
    const lots = Math.min(left, Math.max(0, side === 'sell' ? part.quantityLots : -part.quantityLots));
    if (lots > 0) shares.push([part, lots]);
    left -= lots;
  }
  if (left > 0) openBeyond(shares, partOf(position, NOBODY), left);
  return shared(shares, execution).map(([part, share]) => [
    part,
    ownerOf(part) === NOBODY ? { ...share, order: null } : share,
  ]);
}

/** Closed trades have no part, and without a trade the position is whole again. */
function endWhereFlat(position: PositionEntry): void {
  position.parts = position.parts.filter(({ trade }) => trade !== null);
}

/** Makes the parts add up to the position again after a change other than an execution. */
export function settleParts(position: PositionEntry): void {
  gatherRests(position);
  addUp(position);
}

/** Makes a position that was whole its own first part. */
function takeApart(position: PositionEntry): void {
  const { instrument, quantityLots, remainder, cost, trade, carried } = position;
  position.parts = [{ instrument, quantityLots, remainder, cost, realised: 0n, trade, carried }];
  position.trade = null;
  position.carried = 0n;
}

/** Divides the execution among the parts. */
function sharesOf(position: PositionEntry, execution: Execution): (readonly [Holding, Execution])[] {
  const { side, quantityLots } = execution;
  const owner = execution.order?.intent.strategy ?? NOBODY;
  const held = Math.sign(position.quantityLots);
  if (held === 0 || held === (side === 'buy' ? 1 : -1)) return [[partOf(position, owner), execution]];
  const shares: [Holding, number][] = [];
  let left = quantityLots;
  for (const part of inTurn(position, owner)) {
    const lots = Math.min(left, Math.abs(part.quantityLots));
    if (lots > 0) shares.push([part, lots]);
    left -= lots;
  }
  // No trade has lots left: the rest opens one on the other side.
  if (left > 0) openBeyond(shares, partOf(position, owner), left);
  return shared(shares, execution);
}

function openBeyond(shares: [Holding, number][], part: Holding, lots: number): void {
  const at = shares.findIndex(([holding]) => holding === part);
  const [[, own] = [part, 0]] = at === -1 ? [] : shares.splice(at, 1);
  shares.push([part, own + lots]);
}

/** The order in which trades are reduced: the owner's, nobody's, then the others, oldest first. */
function inTurn({ parts }: PositionEntry, owner: string): Holding[] {
  const rank = (part: Holding): number => (ownerOf(part) === owner ? 0 : ownerOf(part) === NOBODY ? 1 : 2);
  return parts.filter(({ trade }) => trade !== null).sort((one, other) => rank(one) - rank(other));
}

/**
 * Divides the fee by lots; the last share takes the rounding difference. A fee in coins comes out of the lots
 * bought beyond all trades, so the last share pays all of it.
 */
function shared(shares: readonly [Holding, number][], execution: Execution): [Holding, Execution][] {
  let { quantityLots: lotsLeft, fee: feeLeft } = execution;
  return shares.map(([part, quantityLots]) => {
    const isLast = quantityLots === lotsLeft;
    const partly = execution.coins > 0n ? 0n : mulDivUnits(feeLeft, BigInt(quantityLots), BigInt(lotsLeft));
    const fee: Units = isLast ? feeLeft : partly;
    lotsLeft -= quantityLots;
    feeLeft -= fee;
    return [part, { ...execution, quantityLots, fee, coins: isLast ? execution.coins : 0n }];
  });
}

/**
 * The owner's part; else one below a lot, with or without a trade, which the owner's trade takes over; else a
 * new one.
 */
function partOf(position: PositionEntry, owner: string): Holding {
  const { parts, instrument } = position;
  const known =
    parts.find((part) => part.trade !== null && ownerOf(part) === owner) ??
    parts.find(({ trade, quantityLots }) => trade === null || quantityLots === 0);
  if (known !== undefined) return known;
  const part = emptyHolding(instrument);
  parts.push(part);
  return part;
}

/** Gathers the remainders below a lot that closed trades leave, in one part without a trade. */
function gatherRests(position: PositionEntry): void {
  const rests = position.parts.filter(({ trade }) => trade === null);
  const trades = position.parts.filter(({ trade }) => trade !== null);
  const rest = emptyHolding(position.instrument);
  for (const { remainder, cost, carried } of rests) {
    rest.remainder += remainder;
    rest.cost += cost;
    rest.carried += carried;
  }
  const isEmpty = rest.remainder === 0n && rest.cost === 0n && rest.carried === 0n;
  position.parts = isEmpty ? trades : [...trades, rest];
}

/**
 * Whole lots are never left in pieces: when the remainders of several parts make a lot, the oldest trade
 * takes them over at their cost. If no trade is open, the lot is nobody's.
 */
function joinRemainders(state: EngineState, position: PositionEntry, marketMs: number): void {
  const steps = stepsAt(state, position.instrument);
  const [oldest, ...others] = position.parts;
  if (oldest === undefined) return;
  const wholeLots = (): number => {
    const coins = position.parts.reduce((sum, part) => sum + coinsOf(part, steps), 0n);
    return Number(coins / steps.perLot);
  };
  for (const other of others.reverse()) {
    if (wholeLots() === position.parts.reduce((sum, { quantityLots }) => sum + quantityLots, 0)) break;
    const { remainder } = other;
    if (remainder === 0n) continue;
    const cost = mulDivUnits(other.cost, remainder, coinsOf(other, steps));
    other.remainder = 0n;
    other.cost -= cost;
    oldest.cost += cost;
    holdCoins(oldest, steps, coinsOf(oldest, steps) + remainder);
  }
  holdCoins(oldest, steps, coinsOf(oldest, steps));
  const { quantityLots, trade } = oldest;
  if (quantityLots !== 0 && trade === null)
    beginTrade(state, oldest, null, quantityLots > 0 ? 'long' : 'short', marketMs).risk = null;
}

/** Once no trade is open, the position is whole again. */
function addUp(position: PositionEntry): void {
  const { parts } = position;
  position.quantityLots = parts.reduce((sum, part) => sum + part.quantityLots, 0);
  position.remainder = parts.reduce((sum, part) => sum + part.remainder, 0n);
  position.cost = parts.reduce((sum, part) => sum + part.cost, 0n);
  if (parts.some(({ trade }) => trade !== null)) return;
  position.carried = parts.reduce((sum, part) => sum + part.carried, 0n);
  position.parts = [];
}
