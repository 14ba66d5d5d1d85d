/**
 * The desk file as the engine last accepted it. When the list of symbols changes, positions stay with their symbol.
 */
import { PAPER_ACCOUNT } from '../domain/account-name.js';
import { placesOf, type Scales, scalesFor, stepsOf } from '../domain/book-steps.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import { readUnits, type Units } from '../domain/money.js';
import { settleOf } from '../domain/value.js';
import { remapSignals } from './apply-signals.js';
import type { EngineRecord } from './record.js';
import {
  type EngineState,
  emptyPosition,
  type Holding,
  openLots,
  type PositionEntry,
  type TradeEntry,
} from './state.js';
import { beginTrade } from './trades/trade.js';

type ConfigRecord = Extract<EngineRecord, { readonly type: 'config' }>;

export function applyConfig(state: EngineState, record: ConfigRecord): void {
  const before = state.config?.instruments ?? [];
  const first = state.config === null;
  state.config = {
    desk: record.desk,
    configHash: record.configHash,
    symbols: record.symbols,
    instruments: record.instruments,
    startingCash: readUnits(record.startingCash),
    account: record.account ?? PAPER_ACCOUNT,
    accountId: record.accountId ?? state.config?.accountId ?? null,
  };
  if (record.incarnation !== undefined) {
    if (!first && !state.incarnations.has(record.incarnation))
      for (const at of record.instruments.keys()) state.putBack.add(at);
    state.incarnations.add(record.incarnation);
  }
  const scales = scalesFor(record.instruments, state.scales);
  rescale(state, before, scales);
  state.scales = scales;
  state.steps = record.instruments.map((instrument) => stepsOf(instrument, scales));
  const [steps] = state.steps;
  if (first) state.beganMs = record.historyBeginsMs ?? record.marketMs;
  if (first && steps !== undefined)
    state.balances.set(steps.quote, readUnits(record.startingCash) * steps.perMoney);
  if (first && record.historyBeginsMs !== undefined) beginHistory(state, record.historyBeginsMs);
  else forgetLaterThan(state, record.marketMs);
  if (first || !(sameInstruments(before, record.instruments) || isRollBeside(state, before, record)))
    remap(state, before, record);
}

/** Another future was rolled while something was open: open positions and orders stay as they are. */
function isRollBeside(
  state: EngineState,
  before: readonly Instrument[],
  { instruments: after }: ConfigRecord,
): boolean {
  const isOpen = before.some((_, at) => isOpenAt(state, at));
  return isOpen && rolledPlaces(before, after) !== null;
}

export const isOpenAt = (state: EngineState, at: number): boolean =>
  holdsAny(state.positions[at]) || (state.live[at]?.length ?? 0) > 0;

const holdsAny = (position: PositionEntry | undefined): boolean =>
  position !== undefined && openLots(position) !== 0;

/** Instruments that now stand for another contract month. Null: more than the month differs. */
export function rolledPlaces(
  before: readonly Instrument[],
  after: readonly Instrument[],
): readonly number[] | null {
  const months = after.map(({ contractMonth }) => contractMonth);
  const inOldMonths = after.map(({ contractMonth: _, ...now }, at): Instrument => {
    const month = before[at]?.contractMonth;
    return month === undefined ? now : { ...now, contractMonth: month };
  });
  if (!sameInstruments(before, inOldMonths)) return null;
  return before.flatMap(({ contractMonth }, at) => (contractMonth === months[at] ? [] : [at]));
}

/** Converts amounts from a coarser scale to the finer one. */
function rescale(state: EngineState, instruments: readonly Instrument[], scales: Scales): void {
  const finer = (currency: string): Units =>
    10n ** BigInt(placesOf(scales, currency) - placesOf(state.scales, currency));
  for (const [currency, units] of state.balances) state.balances.set(currency, units * finer(currency));
  const settlesIn = (instrument: Instrument | undefined) =>
    instrument === undefined ? '' : settleOf(instrument);
  const quoteOf = (at: number) => settlesIn(instruments[at]);
  state.feesElsewhere *= finer(quoteOf(0));
  for (const position of state.positions) {
    const instrument = instruments[position.instrument];
    const quote = settlesIn(instrument);
    for (const holding of [position, ...position.parts])
      rescaleHolding(holding, finer(instrument?.base ?? ''), finer(quote));
  }
  for (const trip of state.trips.values()) trip.realised *= finer(quoteOf(trip.instrument));
}

function rescaleHolding(holding: Holding, byCoins: Units, by: Units): void {
  holding.remainder *= byCoins;
  holding.cost *= by;
  holding.realised *= by;
  holding.carried *= by;
  if (holding.trade !== null) rescaleTrade(holding.trade, by);
}

function rescaleTrade(trade: TradeEntry, by: Units): void {
  trade.fees *= by;
  trade.result *= by;
  if (trade.risk !== null) trade.risk *= by;
}

/** Fills before this time are already part of the balance that the journal begins with. */
function beginHistory(state: EngineState, beginsMs: number): void {
  state.fillHorizonMs = beginsMs;
  state.fillsThroughMs = beginsMs;
  state.newestFillMs = beginsMs;
}

/** A recording may begin earlier than the market that was traded before; its fills must not count as old ones. */
function forgetLaterThan(state: EngineState, marketMs: number): void {
  state.fillHorizonMs = Math.min(state.fillHorizonMs, marketMs);
  state.fillsThroughMs = Math.min(state.fillsThroughMs, marketMs);
  state.newestFillMs = Math.min(state.newestFillMs, marketMs);
}

/** The same contracts in the same order, with the same steps. */
export function sameInstruments(before: readonly Instrument[], after: readonly Instrument[]): boolean {
  return (
    before.length === after.length &&
    before.every((old, at) => {
      const now = after[at];
      return (
        now !== undefined &&
        old.symbol === now.symbol &&
        old.kind === now.kind &&
        (old.multiplier ?? '1') === (now.multiplier ?? '1') &&
        old.exchange === now.exchange &&
        old.contractMonth === now.contractMonth &&
        old.sideBySide === now.sideBySide &&
        old.conversion?.to === now.conversion?.to &&
        old.tickSize === now.tickSize &&
        old.lotSize === now.lotSize
      );
    })
  );
}

/**
 * Allowed only without live orders and with only dust held. Converts results and the remaining coins. Whatever in the
 * state is by the number of an instrument stays with its symbol.
 */
function remap(
  state: EngineState,
  before: readonly Instrument[],
  { instruments: after, marketMs }: ConfigRecord,
): void {
  const oldPlace = new Map(before.map((instrument, at) => [instrument.symbol, at]));
  const positions = state.positions;
  state.orders.clear();
  Object.assign(state.finals, { ids: [], oldest: 0 });
  state.live = after.map(() => []);
  remapFills(state, before, after);
  remapTotals(state, before, after);
  remapSignals(state, before, after);
  convertCoins(state, before, after);
  // All or none of them: the account has not been read since.
  const isPutBack = state.putBack.size > 0;
  state.putBack.clear();
  if (isPutBack) for (const at of after.keys()) state.putBack.add(at);
  state.mayBeClosed.clear();
  state.positions = after.map(({ symbol }, at) => {
    const place = oldPlace.get(symbol) ?? -1;
    const [old, instrument] = [positions[place], before[place]];
    if (old === undefined || instrument === undefined) return emptyPosition(at);
    const { cost, realised } = old;
    const carried = [old, ...old.parts].reduce((sum, holding) => sum + holding.carried, 0n);
    const perLot = state.steps[at]?.perLot ?? 1n;
    const coins = BigInt(old.quantityLots) * stepsOf(instrument, state.scales).perLot + old.remainder;
    const quantityLots = Number(coins / perLot);
    const held = { quantityLots, remainder: coins % perLot, cost, realised, carried };
    const position = { ...emptyPosition(at), ...held };
    // With a finer lot, a former remainder may make whole lots.
    if (quantityLots !== 0) {
      const trade = beginTrade(state, position, null, quantityLots > 0 ? 'long' : 'short', marketMs);
      trade.risk = null;
    }
    return position;
  });
}

/** Coins that are not the desk's are the same amount in lots of another size; less than one lot is not counted. */
function convertCoins(state: EngineState, before: readonly Instrument[], after: readonly Instrument[]): void {
  for (const old of before) {
    const now = after.find(({ symbol }) => symbol === old.symbol);
    const coins = state.coins.get(old.symbol);
    if (now === undefined || coins === undefined || now.lotSize === old.lotSize) continue;
    const [from, to] = [stepsOf(old, state.scales).perLot, stepsOf(now, state.scales).perLot];
    const inNewLots = (lots: number): number => Number((BigInt(lots) * from) / to);
    const { nobodys, foreign, toMove } = coins;
    state.coins.set(old.symbol, {
      nobodys: inNewLots(nobodys),
      foreign: inNewLots(foreign),
      toMove: inNewLots(toMove),
    });
  }
}

/** A symbol that is gone has no totals any more, so a fee of it that waits for its value is charged to none. */
function remapTotals(state: EngineState, before: readonly Instrument[], after: readonly Instrument[]): void {
  const placeNow = (at: InstrumentId): InstrumentId | null => {
    const now = after.findIndex(({ symbol }) => symbol === before[at]?.symbol);
    return now === -1 ? null : now;
  };
  const trips = [...state.trips.values()];
  state.trips.clear();
  for (const trip of trips) {
    const at = placeNow(trip.instrument);
    if (at !== null) state.trips.set(`${trip.strategy}/${at}`, { ...trip, instrument: at });
  }
  state.unvaluedFees = state.unvaluedFees.map(({ instrument: at, ...fee }) => ({
    instrument: at === null ? null : placeNow(at),
    ...fee,
  }));
}

/** The ids of a symbol that is gone are kept: it may return before the venue has ceased to list its fills. */
function remapFills(state: EngineState, before: readonly Instrument[], after: readonly Instrument[]): void {
  const seen = new Map(before.map(({ symbol }, at) => [symbol, state.fillsSeen[at]]));
  state.fillsSeen = after.map(({ symbol }) => seen.get(symbol) ?? new Map());
  for (const { symbol } of after) seen.delete(symbol);
  for (const [symbol, fills = new Map<string, number>()] of seen) {
    const former = state.formerFills.get(symbol) ?? [];
    if (fills.size > 0) state.formerFills.set(symbol, new Map([...former, ...fills]));
  }
}
