/** Applies an execution to one holding and the balances: average cost, and results when the position shrinks. Exact. */

import type { BookSteps } from '../domain/book-steps.js';
import type { ExitReason } from '../domain/exits.js';
import type { Instrument } from '../domain/instrument.js';
import { mulDivUnits, type Units } from '../domain/money.js';
import type { Side } from '../domain/order.js';
import { isTooSmall } from '../domain/order-bounds.js';
import { convertedUnits, isOwned, VALUE } from '../domain/value.js';
import { stepsAt } from './books.js';
import type { EngineState, Holding, OrderEntry, TradeEntry } from './state.js';
import { beginTrade, closeTrade } from './trades/trade.js';
import { takeExits } from './trades/trade-exits.js';

export interface Execution {
  readonly side: Side;
  readonly quantityLots: number;
  readonly priceTicks: number;
  /** Worth of one unit of the quote currency in the desk's currency. Left out: nothing is converted. */
  readonly rate?: number | undefined;
  /** Units of the settlement currency's books; positive is a cost. */
  readonly fee: Units;
  /**
   * Where the fee was paid from: `cash`, the coin that was bought (`coins` of it), or an asset kept for fees.
   */
  readonly paidFrom: 'cash' | 'coins' | 'elsewhere';
  /** Units of the coin's books that the venue kept; 0 if the fee was paid otherwise. */
  readonly coins: Units;
  /**
   * The filled order: its strategy owns the trade that this may open, and the order says where the stop goes.
   * Null: no order of ours.
   */
  readonly order: OrderEntry | null;
  /** Why the trade ends, if this execution ends it. */
  readonly why: ExitReason;
  readonly marketMs: number;
}

/** Books the execution on the one holding it belongs to, money included. */
export function execute(
  state: EngineState,
  instrument: Instrument,
  position: Holding,
  execution: Execution,
): void {
  const steps = stepsAt(state, instrument.id);
  const notional = valueAt(steps, signedOf(execution), execution.priceTicks);
  const realisedBefore = position.realised;
  bookTrade(state, instrument, position, execution);
  const gained = position.realised - realisedBefore;
  const paid = isOwned(instrument) ? notional : -gained;
  move(state, steps.quote, -paid);
  payFee(state, steps, position, execution);
}

/** Books only the trade: no money moves. */
export function bookTrade(
  state: EngineState,
  instrument: Instrument,
  position: Holding,
  execution: Execution,
): void {
  const steps = stepsAt(state, instrument.id);
  const signed = signedOf(execution);
  const opposite = position.quantityLots !== 0 && Math.sign(position.quantityLots) !== Math.sign(signed);
  if (opposite) {
    chargeFee(position, execution.fee);
    const reducing = Math.min(Math.abs(signed), Math.abs(position.quantityLots));
    reduce(state, steps, position, reducing, execution);
    const opening = Math.abs(signed) - reducing;
    if (opening > 0) open(state, instrument, position, Math.sign(signed) * opening, execution);
  } else {
    open(state, instrument, position, signed, execution);
    chargeFee(position, execution.fee);
  }
}

/**
 * Books only the account, for contracts whose trades have their own books: the venue's net at average cost,
 * and the resulting cash.
 */
export function bookNet(
  state: EngineState,
  { id }: Instrument,
  position: Holding,
  execution: Execution,
): void {
  const steps = stepsAt(state, id);
  const { quantityLots } = position;
  const signed = signedOf(execution);
  const isOpposite = quantityLots !== 0 && Math.sign(quantityLots) !== Math.sign(signed);
  const closing = isOpposite ? -Math.sign(signed) * Math.min(Math.abs(signed), Math.abs(quantityLots)) : 0;
  const costOut = closing === 0 ? 0n : mulDivUnits(position.cost, BigInt(closing), BigInt(quantityLots));
  const gained =
    closing === 0
      ? 0n
      : convertedUnits(valueAt(steps, closing, execution.priceTicks) - costOut, execution.rate);
  const opening = signed + closing;
  position.quantityLots += signed;
  position.cost += (opening === 0 ? 0n : valueAt(steps, opening, execution.priceTicks)) - costOut;
  position.realised += gained;
  move(state, steps.quote, gained);
  payFee(state, steps, position, execution);
}

const signedOf = ({ side, quantityLots }: Execution): number =>
  side === 'buy' ? quantityLots : -quantityLots;

/** Adds `by`, in units of the currency's books, to the balance. */
export function move(state: EngineState, currency: string, by: Units): void {
  state.balances.set(currency, (state.balances.get(currency) ?? 0n) + by);
}

/** The whole fee of a fill that reverses a position is charged to the trade that it closes. */
function chargeFee({ trade }: Holding, fee: Units): void {
  if (trade === null) return;
  trade.fees += fee;
  trade.result -= fee;
}

/** Without a trade, the result is carried over to the next one. */
export function realise(position: Holding, gained: Units): void {
  position.realised += gained;
  if (position.trade === null) position.carried += gained;
  else position.trade.result += gained;
}

function payFee(state: EngineState, steps: BookSteps, position: Holding, execution: Execution): void {
  const { fee, paidFrom, coins } = execution;
  if (paidFrom === 'cash') move(state, steps.quote, -fee);
  if (paidFrom === 'elsewhere') state.feesElsewhere += fee;
  if (paidFrom === 'coins' && coins > 0n) takeCoins(state, steps, position, execution);
}

/**
 * A fee taken in coins is a sale of those coins at their worth, and the proceeds pay the fee: their cost
 * leaves the position with them. If the position holds fewer coins than the fee takes (the fill of a sale can
 * arrive before that of its purchase), the rest is owed and counts as sold at this price.
 */
function takeCoins(state: EngineState, steps: BookSteps, position: Holding, execution: Execution): void {
  const { coins, fee: value } = execution;
  const held = coinsOf(position, steps);
  const own = held < 0n ? 0n : held < coins ? held : coins;
  const costOut = own === 0n ? 0n : mulDivUnits(position.cost, own, held);
  const owed = mulDivUnits(value, coins - own, coins);
  position.cost -= costOut + owed;
  realise(position, value - owed - costOut);
  const wasOpen = position.quantityLots !== 0;
  holdCoins(position, steps, held - coins);
  const isOpen = position.quantityLots !== 0;
  if (wasOpen && !isOpen) closeTrade(state, position, 'fee', execution.marketMs);
  if (isOpen && position.trade === null) tradeOf(state, position, execution, -1);
}

/** Units of the coin, signed, including the remainder below one lot. */
export function coinsOf({ quantityLots, remainder }: Holding, { perLot }: BookSteps): Units {
  return BigInt(quantityLots) * perLot + remainder;
}

export function holdCoins(position: Holding, { perLot }: BookSteps, coins: Units): void {
  position.quantityLots = Number(coins / perLot);
  position.remainder = coins % perLot;
}

function open(
  state: EngineState,
  instrument: Instrument,
  position: Holding,
  signedLots: number,
  execution: Execution,
): void {
  const steps = stepsAt(state, instrument.id);
  const trade = tradeOf(state, position, execution, signedLots);
  const { order, priceTicks, rate, marketMs } = execution;
  const { quantityLots } = position;
  const protectTicks = order?.intent.protectTicks ?? null;
  const cost = valueAt(steps, signedLots, priceTicks);
  const lost =
    protectTicks === null ? null : convertedUnits(cost - valueAt(steps, signedLots, protectTicks), rate);
  trade.risk = trade.risk === null || lost === null ? null : trade.risk + (lost < 0n ? -lost : lost);
  const isLeftOver = quantityLots === 0 || isTooSmall(instrument, quantityLots, priceTicks);
  if (order !== null && protectTicks !== null)
    takeExits(trade, order.intent, { protectTicks, marketMs, isLeftOver });
  trade.entryLots += Math.abs(signedLots);
  trade.entryTickLots += VALUE[steps.kind].averaged(Math.abs(signedLots), priceTicks);
  holdCoins(position, steps, coinsOf(position, steps) + BigInt(signedLots) * steps.perLot);
  position.cost += cost;
}

/** The open trade if whole lots are held, else a new one. */
function tradeOf(
  state: EngineState,
  position: Holding,
  { order, marketMs }: Execution,
  signedLots: number,
): TradeEntry {
  if (position.trade !== null && position.quantityLots !== 0) return position.trade;
  return beginTrade(state, position, order, signedLots > 0 ? 'long' : 'short', marketMs);
}

/** The remainder below one lot keeps its share of the cost. */
function reduce(
  state: EngineState,
  steps: BookSteps,
  position: Holding,
  lots: number,
  execution: Execution,
): void {
  const signedLots = Math.sign(position.quantityLots) * lots;
  const held = coinsOf(position, steps);
  const leaving = BigInt(signedLots) * steps.perLot;
  const costOut = mulDivUnits(position.cost, leaving, held);
  const proceeds = valueAt(steps, signedLots, execution.priceTicks);
  holdCoins(position, steps, held - leaving);
  position.cost -= costOut;
  realise(position, convertedUnits(proceeds - costOut, execution.rate));
  if (position.trade !== null) {
    position.trade.exitLots += lots;
    position.trade.exitTickLots += VALUE[steps.kind].averaged(lots, execution.priceTicks);
  }
  if (position.quantityLots === 0) closeTrade(state, position, execution.why, execution.marketMs);
}

function valueAt({ kind, perTickLot }: BookSteps, lots: number, priceTicks: number): Units {
  return VALUE[kind].cost(perTickLot, lots, priceTicks);
}
