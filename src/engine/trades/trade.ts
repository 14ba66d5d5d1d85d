/** How a trade begins and ends, and its record. */
import { type BookSteps, placesOf } from '../../domain/book-steps.js';
import type { ExitReason } from '../../domain/exits.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { formatUnits, type Units } from '../../domain/money.js';
import { isTooSmall } from '../../domain/order-bounds.js';
import { VALUE } from '../../domain/value.js';
import { stepsAt } from '../books.js';
import type { EngineRecord } from '../record.js';
import {
  type ClosedTrade,
  type EngineState,
  type Holding,
  holdingsOf,
  type OrderEntry,
  type PositionEntry,
  type TradeEntry,
  type TripTotals,
  trackOf,
} from '../state.js';

/** Owns whatever no order of ours opened. */
export const NOBODY = 'fermata';

export function ownerOf(holding: Pick<Holding, 'trade'> | undefined): string {
  return holding?.trade?.strategy ?? NOBODY;
}

/** What the strategy's own trade holds. Undefined: it has none. */
export function holdingOf(position: PositionEntry, strategy: string): Holding | undefined {
  if (position.parts.length === 0) return ownerOf(position) === strategy ? position : undefined;
  return holdingsOf(position).find((holding) => ownerOf(holding) === strategy);
}

/** Takes over what the position carried, and a previous trade that never held a whole lot. */
export function beginTrade(
  state: EngineState,
  position: Holding,
  order: OrderEntry | null,
  side: TradeEntry['side'],
  openedMs: number,
): TradeEntry {
  const former = position.trade;
  const trade: TradeEntry = {
    id: idOf(state, order),
    strategy: order?.intent.strategy ?? 'fermata',
    side,
    openedMs,
    configHash: state.config?.configHash ?? '',
    entryLots: former?.entryLots ?? 0,
    entryTickLots: former?.entryTickLots ?? 0n,
    exitLots: 0,
    exitTickLots: 0n,
    fees: former?.fees ?? 0n,
    result: (former?.result ?? 0n) + position.carried,
    risk: former === null ? 0n : former.risk,
    protectTicks: former?.protectTicks ?? null,
    ...(former?.exits === undefined ? {} : { exits: former.exits }),
    ...(order?.intent.ownTrade === undefined ? {} : { own: true }),
    ...(order?.intent.leg === undefined ? {} : { leg: true }),
  };
  position.carried = 0n;
  position.trade = trade;
  return trade;
}

/** A late fill, after the order's trade has closed, opens another trade; its id gets a number. */
function idOf(state: EngineState, order: OrderEntry | null): string {
  if (order === null) {
    state.adoptedTrades += 1;
    return `t${[...state.incarnations].at(-1) ?? ''}a${state.adoptedTrades}`;
  }
  order.trades += 1;
  const id = `t${order.intent.clientId.slice(1)}`;
  return order.trades === 1 ? id : `${id}-${order.trades}`;
}

/** Client id of the entry that opened the trade, from the trade's id. */
export const entryOf = ({ id }: Pick<TradeEntry, 'id'>): string => `f${id.slice(1).replace(/-\d+$/, '')}`;

export function exitReason(state: EngineState, order: OrderEntry | null): ExitReason {
  if (order?.intent.why !== undefined) return order.intent.why;
  switch (order?.intent.purpose) {
    case 'protective':
      return 'stop';
    case 'exit':
      return 'strategy';
    case 'close':
      return state.closeAll === 'idle' ? 'unprotectable' : 'closeAll';
    case 'entry':
      return 'reversal';
    default:
      return 'venue';
  }
}

/**
 * Adds the trade to the totals and to the streaks of its strategy and the desk; its own record is written
 * next.
 */
export function closeTrade(state: EngineState, position: Holding, why: ExitReason, closedMs: number): void {
  const { trade, instrument } = position;
  if (trade === null) throw new RangeError(`no trade is open in instrument ${instrument}`);
  const totals = tripTotals(state, trade.strategy, instrument);
  totals.trades += 1;
  if (trade.result > 0n) totals.wins += 1;
  totals.realised += trade.result;
  countStreak(state, instrument, trade);
  state.tradesToTell.push({ trade, instrument, why, closedMs, told: null });
  position.trade = null;
}

/**
 * A trade that broke even neither extends nor ends a streak. Legs count together, once the last one closes:
 * one leg of a pair nearly always loses.
 */
function countStreak(state: EngineState, at: InstrumentId, trade: TradeEntry): void {
  const track = trackOf(state, trade.strategy);
  let { result } = trade;
  if (trade.leg === true) {
    result += track.legsResult;
    const isLast = state.positions.every((position) => !holdsLeg(state, position, trade, at));
    track.legsResult = isLast ? 0n : result;
    if (!isLast) return;
  }
  for (const streak of [track, state]) {
    if (result > 0n) streak.lossesInARow = 0;
    if (result < 0n) streak.lossesInARow += 1;
  }
}

/** Whether another leg of the same strategy is open in this position. Dust does not count. */
function holdsLeg(
  { config }: EngineState,
  position: PositionEntry,
  { strategy }: TradeEntry,
  closed: InstrumentId,
): boolean {
  const instrument = config?.instruments[position.instrument];
  if (position.instrument === closed || instrument === undefined) return false;
  return holdingsOf(position).some(
    ({ trade, quantityLots }) =>
      trade?.leg === true &&
      trade.strategy === strategy &&
      quantityLots !== 0 &&
      !isTooSmall(instrument, quantityLots, averageOf(instrument, trade.entryTickLots, trade.entryLots)),
  );
}

/** Average price of a trade's entries or exits, in ticks. Null: there were none. */
export function averageOf({ kind }: Pick<BookSteps, 'kind'>, tickLots: bigint, lots: number): number | null {
  return lots === 0 ? null : VALUE[kind].meanTicks(tickLots, lots);
}

/** Result divided by the amount risked. Null: the risk is unknown or zero. */
function riskMultiple(result: Units, risk: Units | null): number | null {
  return risk === null || risk === 0n ? null : Number(result) / Number(risk);
}

export type TradeClosed = Extract<EngineRecord, { readonly type: 'trade.closed' }>;

/** Made once: applying it asks for it again. */
export function tradeClosed(state: EngineState, closed: ClosedTrade): TradeClosed {
  closed.told ??= recordOf(state, closed);
  return closed.told;
}

function recordOf(state: EngineState, { trade, instrument, why, closedMs }: ClosedTrade): TradeClosed {
  const steps = stepsAt(state, instrument);
  const places = placesOf(state.scales, steps.quote);
  const targets = trade.exits?.reached ?? 0;
  const record: TradeClosed = {
    type: 'trade.closed',
    trade: trade.id,
    instrument,
    strategy: trade.strategy,
    side: trade.side,
    quantityLots: trade.entryLots,
    entryTicks: averageOf(steps, trade.entryTickLots, trade.entryLots),
    exitTicks: averageOf(steps, trade.exitTickLots, trade.exitLots),
    result: formatUnits(trade.result, places),
    fees: formatUnits(trade.fees, places),
    risk: trade.risk === null ? null : formatUnits(trade.risk, places),
    r: riskMultiple(trade.result, trade.risk),
    why,
    configHash: trade.configHash,
    openedMs: trade.openedMs,
    marketMs: closedMs,
  };
  return targets === 0 ? record : { ...record, targets };
}

/** Older records of inverse contracts hold arithmetic means. */
const OTHER_MEANS: ReadonlySet<string> = new Set(['entryTicks', 'exitTicks']);

/**
 * The record states the totals of the fills. If a replay arrives at others, its state is not the one that
 * wrote the record.
 */
export function applyTradeClosed(state: EngineState, record: TradeClosed): void {
  const trade = state.tradesToTell.shift();
  if (trade === undefined) throw new RangeError(`the trade ${record.trade} was closed by no fill`);
  const made = tradeClosed(state, trade);
  if (made === record) return;
  const ours: Readonly<Record<string, unknown>> = made;
  const isInverse = stepsAt(state, trade.instrument).kind === 'inverse';
  for (const [key, said] of Object.entries(record))
    if (ours[key] !== said && !(isInverse && OTHER_MEANS.has(key)))
      throw new RangeError(`the trade ${record.trade} has ${key} ${said}, its fills come to ${ours[key]}`);
}

export function tripTotals(state: EngineState, strategy: string, instrument: number): TripTotals {
  const key = `${strategy}/${instrument}`;
  const known = state.trips.get(key);
  if (known !== undefined) return known;
  const created: TripTotals = { strategy, instrument, trades: 0, wins: 0, realised: 0n };
  state.trips.set(key, created);
  return created;
}
