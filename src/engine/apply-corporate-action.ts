/**
 * How a split and a dividend change a position. A split moves no money except the payout for fractions of a
 * lot: lots and prices change in proportion, and the cost stays the same.
 */
import type { BookSteps } from '../domain/book-steps.js';
import {
  type CorporateAction,
  inLieuUnits,
  splitCount,
  splitPrice,
  splitShares,
} from '../domain/corporate-action.js';
import type { ExitPlan } from '../domain/exits.js';
import { mulDivUnits, readUnits, type Units } from '../domain/money.js';
import { coinsOf, move, realise } from './apply-holding.js';
import { settleParts } from './apply-parts.js';
import { stepsAt } from './books.js';
import type { EngineRecord } from './record.js';
import type { EngineState, Holding, PositionEntry, TradeEntry, TradeExits } from './state.js';
import { beginTrade, closeTrade } from './trades/trade.js';

type Of<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;
type Split = Of<'split'>;

/** The newest actions are passed to the venue again after a restart; it knows which it has applied. */
const ACTIONS_KEPT = 50;

/** Throws RangeError if the resulting position differs from the record's. */
export function applySplit(state: EngineState, record: Split): void {
  const position = positionOf(state, record);
  const steps = stepsAt(state, record.instrument);
  const paid = readUnits(record.inLieu) * steps.perMoney;
  const shares = partsOf(position).map((holding) => ({
    holding,
    ...splitShares(coinsOf(holding, steps), record, steps),
  }));
  const whole = splitShares(coinsOf(position, steps), record, steps).lots;
  // Whole lots made up of fractions of several trades go to the oldest of them, at the price of a fraction.
  let joined = whole - shares.reduce((sum, { lots }) => sum + lots, 0n);
  let paidOut = 0n;
  for (const { holding, lots, over } of shares) {
    const proceeds = shares.length === 1 ? paid : inLieuUnits(over, record, record.priceTicks, steps);
    paidOut += proceeds;
    const before = holding.realised;
    splitHolding(state, holding, record, { lots: Number(lots + joined), over, proceeds, steps });
    if (holding !== position) position.realised += holding.realised - before;
    joined = 0n;
  }
  const [oldest] = shares;
  if (oldest !== undefined) oldest.holding.cost += paidOut - paid;
  closeEmpty(state, position, record);
  if (position.parts.length > 0) settleParts(position);
  move(state, steps.quote, paid);
  if (position.quantityLots !== record.quantityLots)
    throw new RangeError(
      `the split ${record.actionId} leaves ${record.quantityLots} lots, and the position comes to ${position.quantityLots}`,
    );
  const { numerator, denominator } = record;
  keep(state, record, { kind: 'split', ...symbolOf(state, record), numerator, denominator });
}

export function applyDividend(state: EngineState, record: Of<'dividend'>): void {
  const position = positionOf(state, record);
  const steps = stepsAt(state, record.instrument);
  const paid = readUnits(record.amount) * steps.perMoney;
  const all = coinsOf(position, steps);
  const holdings = partsOf(position);
  let left = paid;
  for (const [place, holding] of holdings.entries()) {
    const isLast = place === holdings.length - 1;
    const share = isLast || all === 0n ? left : mulDivUnits(paid, coinsOf(holding, steps), all);
    left -= share;
    realise(holding, share);
    if (holding !== position) position.realised += share;
  }
  move(state, steps.quote, paid);
  keep(state, record, { kind: 'dividend', ...symbolOf(state, record), perShare: record.perShare });
}

interface Shares {
  readonly lots: number;
  readonly over: Units;
  readonly proceeds: Units;
  readonly steps: BookSteps;
}

function splitHolding(state: EngineState, holding: Holding, record: Split, shares: Shares): void {
  const { lots, over, proceeds, steps } = shares;
  const all = coinsOf(holding, steps) * BigInt(record.numerator);
  const costOut = over === 0n ? 0n : mulDivUnits(holding.cost, over, all);
  const heldLots = Math.abs(holding.quantityLots);
  holding.cost -= costOut;
  realise(holding, proceeds - costOut);
  holding.quantityLots = lots;
  holding.remainder = 0n;
  if (holding.trade !== null) splitTrade(holding.trade, record, heldLots, Math.abs(lots));
  else if (lots !== 0)
    beginTrade(state, holding, null, lots > 0 ? 'long' : 'short', record.marketMs).risk = null;
}

/** A trade with no lot left was paid out in full. */
function closeEmpty(state: EngineState, position: PositionEntry, { marketMs }: Split): void {
  for (const holding of partsOf(position))
    if (holding.quantityLots === 0 && holding.trade !== null) closeTrade(state, holding, 'split', marketMs);
}

function splitTrade(trade: TradeEntry, record: Split, heldLots: number, lots: number): void {
  const { numerator, denominator, priceTicks } = record;
  if (lots === 0) {
    // Its exit is counted in old shares, like the rest of the trade.
    const beforeTicks = splitPrice(priceTicks, { numerator: denominator, denominator: numerator });
    trade.exitLots += heldLots;
    trade.exitTickLots += BigInt(heldLots) * BigInt(beforeTicks);
    return;
  }
  const sum = (tickLots: bigint, now: number, before: number): bigint =>
    before === 0
      ? tickLots
      : mulDivUnits(tickLots * BigInt(denominator), BigInt(now), BigInt(before) * BigInt(numerator));
  const exitLots = splitCount(trade.exitLots, record);
  const adds = trade.entryLots === trade.exitLots + heldLots;
  const entryLots = adds ? lots + exitLots : splitCount(trade.entryLots, record);
  trade.entryTickLots = sum(trade.entryTickLots, entryLots, trade.entryLots);
  trade.exitTickLots = sum(trade.exitTickLots, exitLots, trade.exitLots);
  trade.entryLots = entryLots;
  trade.exitLots = exitLots;
  if (trade.protectTicks !== null) trade.protectTicks = splitStop(trade.side, trade.protectTicks, record);
  if (trade.exits !== undefined) trade.exits = splitExits(trade.exits, record);
}

/** Rounded towards the market: the risk never grows. */
function splitStop(side: TradeEntry['side'], ticks: number, { numerator, denominator }: Split): number {
  const exact = (BigInt(ticks) * BigInt(denominator)) / BigInt(numerator);
  const isWhole = exact * BigInt(numerator) === BigInt(ticks) * BigInt(denominator);
  return Math.max(1, Number(side === 'long' && !isWhole ? exact + 1n : exact));
}

function splitExits(exits: TradeExits, record: Split): TradeExits {
  const { targets, trailTicks, breakEvenAtTicks } = exits.plan;
  const plan: ExitPlan = {
    ...exits.plan,
    ...(targets === undefined
      ? {}
      : { targets: targets.map((one) => ({ ...one, ticks: splitPrice(one.ticks, record) })) }),
    ...(trailTicks === undefined ? {} : { trailTicks: splitPrice(trailTicks, record) }),
    ...(breakEvenAtTicks === undefined ? {} : { breakEvenAtTicks: splitPrice(breakEvenAtTicks, record) }),
  };
  return { ...exits, plan, soldBefore: splitCount(exits.soldBefore, record) };
}

const partsOf = (position: PositionEntry): readonly Holding[] =>
  position.parts.length === 0 ? [position] : position.parts;

function positionOf(state: EngineState, { instrument }: Pick<Split, 'instrument'>): PositionEntry {
  const position = state.positions[instrument];
  if (position === undefined) throw new RangeError(`no instrument ${instrument}`);
  return position;
}

function symbolOf({ config }: EngineState, { instrument }: Pick<Split, 'instrument'>): { symbol: string } {
  return { symbol: config?.symbols[instrument] ?? '?' };
}

function keep(state: EngineState, record: Split | Of<'dividend'>, action: CorporateAction): void {
  const { actionId, marketMs } = record;
  const priceTicks = record.type === 'split' ? record.priceTicks : 0;
  const byVenue = record.type === 'split' && record.byVenue === true;
  state.actions = [...state.actions, { actionId, action, priceTicks, marketMs, byVenue }].slice(
    -ACTIONS_KEPT,
  );
}
