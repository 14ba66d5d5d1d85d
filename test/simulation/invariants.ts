/** What must hold once the faults have ended and everything had its time to resolve. */

import { coinsDiffer } from '../../src/backtest/measure/coin-books.js';
import { formatDecimal } from '../../src/domain/decimal.js';
import { type Fill, isBounded } from '../../src/domain/order.js';
import type { VenueOrder, VenuePosition } from '../../src/domain/venue.js';
import { createEngine, type Engine } from '../../src/engine/engine.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { PositionView } from '../../src/engine/view.js';
import { sumOf } from './followed-book.js';
import type { Oracle } from './oracle.js';
import { engineConfig, type Scenario } from './scenario.js';
import { SecondBook } from './second-book.js';
import { isTradableAt, lotsThatNeedStops } from './tradable.js';

/** The account at the venue, read without a network between. */
export interface VenueTruth {
  readonly cash: number;
  readonly positions: readonly VenuePosition[];
  readonly openOrders: readonly VenueOrder[];
  readonly fills: readonly Fill[];
  /** By coin, decimal text. */
  readonly holdings: ReadonlyMap<string, string>;
  /** Coins that were converted without a trade that is listed. */
  readonly conversions: number;
  /** Money units that came and went without a trade. */
  readonly moved: bigint;
  /** Of the desk and of others, listed or not. */
  readonly everyFill: readonly Fill[];
}

export interface EndOfRun {
  readonly scenario: Scenario;
  readonly engine: Engine;
  readonly venue: VenueTruth;
  /** How often each client id was handed to the venue. */
  readonly sent: ReadonlyMap<string, number>;
  readonly oracle: Oracle;
  readonly incarnation: string;
  /** How often the desk file was changed. */
  readonly edition: number;
  /** As read back from disk. */
  readonly records: readonly EngineRecord[];
}

export function checkInvariants(end: EndOfRun): string[] {
  return [
    ...end.oracle.violations,
    ...sentOnce(end),
    ...ordersResolved(end),
    ...positionsEqual(end),
    ...cashEqual(end),
    ...venueCounts(end),
    ...coinsEqual(end),
    ...othersKept(end),
    ...fillsKnown(end),
    ...protectedOrFlat(end),
    ...replayEqual(end),
  ];
}

function sentOnce({ sent }: EndOfRun): string[] {
  return [...sent].filter(([, times]) => times > 1).map(([id, times]) => `${id} was sent ${times} times`);
}

function ordersResolved({ engine, venue }: EndOfRun): string[] {
  const problems: string[] = [];
  const live = engine.view.orders;
  for (const { clientId, state } of live) {
    if (state !== 'working' && state !== 'partlyFilled') problems.push(`${clientId} is still ${state}`);
  }
  const ours = new Set(live.map(({ clientId }) => clientId));
  const theirs = new Set(venue.openOrders.map(({ clientId }) => clientId));
  for (const id of theirs) if (!ours.has(id)) problems.push(`${id} is open at the venue and not with us`);
  for (const id of ours) if (!theirs.has(id)) problems.push(`${id} is open with us and not at the venue`);
  if (engine.view.mode !== 'ACTIVE' && engine.view.entriesWorking > 0)
    problems.push('an entry rests while halted');
  return problems;
}

/**
 * The venue tells positions in whole lots, so of coins that were converted the desk never hears what lies below one. What
 * trades after the last reading can carry that over a lot: by one, never by more, and the next reading finds it.
 */
function positionsEqual({ engine, venue, scenario, records }: EndOfRun): string[] {
  const instrumentOf = (symbol: string) => scenario.instruments.findIndex((known) => known.symbol === symbol);
  const counted = new Set(
    records.flatMap((record) => {
      if (record.type === 'position.adopted') return [record.instrument];
      return record.type === 'coins.counted' ? [instrumentOf(record.symbol)] : [];
    }),
  );
  const held = new Map(
    engine.view.positions.map(({ instrument, quantityLots }) => [instrument, quantityLots]),
  );
  return scenario.instruments.flatMap(({ id, symbol, kind }) => {
    const ours = held.get(id) ?? 0;
    const unknown = kind === 'spot' && counted.has(id) && venue.conversions > 0 ? 1 : 0;
    const inAccount = venue.positions.find(({ instrument }) => instrument === id)?.quantityLots ?? 0;
    const theirs = inAccount - othersAt(engine, id);
    return Math.abs(ours - theirs) <= unknown ? [] : [`${symbol}: we hold ${ours}, the venue ${theirs}`];
  });
}

function othersAt(engine: Engine, instrument: number): number {
  const coins = engine.view.coins.find((counted) => counted.instrument === instrument);
  return coins === undefined ? 0 : sumOf(coins);
}

/** To the last place: what was paid in coins, what is left below a lot, what was taken from a stock. */
function coinsEqual({ engine, venue, scenario, oracle }: EndOfRun): string[] {
  // A converted coin costs a fee that nobody lists: what it left below a lot is nobody's to know.
  if (venue.conversions > 0 || oracle.adoptions > 0) return [];
  // A journal that was put back may owe less than a lot, and coins of others are counted in whole lots beside it.
  if (scenario.restoreEveryMs > 0 && scenario.ownedByOthers) return [];
  // Another hand pays its fees from the same coins: only the venue counts those.
  if (scenario.strangerEveryMs > 0 && scenario.ownedByOthers) return [];
  const ours = [...engine.view.balances];
  for (const { id, base, lotSize } of scenario.instruments) {
    const lots = othersAt(engine, id);
    if (lots > 0) ours.push({ asset: base, amount: formatDecimal(lots, lotSize) });
  }
  const stock: Record<string, string> = scenario.feeStock === null ? {} : { BNB: scenario.feeStock };
  const differing = coinsDiffer(ours, venue.holdings, stock, 'USDT');
  return differing === null ? [] : [differing];
}

/** What the desk sold was its own: bought by it, or given to it by a person. */
function othersKept({ scenario, venue, oracle }: EndOfRun): string[] {
  if (!scenario.ownedByOthers) return [];
  return scenario.instruments.flatMap(({ id, symbol }) => {
    let lots = oracle.claimed.get(symbol) ?? 0;
    for (const { instrument, clientId, side, quantityLots } of venue.fills) {
      if (instrument !== id || !clientId.startsWith('f')) continue;
      lots += side === 'buy' ? quantityLots : -quantityLots;
      if (lots < 0) return [`${symbol}: ${-lots} lots were sold that were not the desk's`];
    }
    return [];
  });
}

/** Every unit is explained, by trades, by lists of the venue, or by people. */
function cashEqual({ engine, venue }: EndOfRun): string[] {
  const ours = engine.view.cash;
  return ours === venue.cash ? [] : [`cash is ${ours}, the venue's is ${venue.cash}`];
}

/** The venue is ours, too: it has what it began with, what was traded there, and what came and went. */
function venueCounts({ scenario, venue }: EndOfRun): string[] {
  const book = new SecondBook(scenario.instruments, scenario.startingCash);
  for (const fill of venue.everyFill)
    if (!fill.tradeId.startsWith('old')) book.follow({ type: 'fill', fill });
  const counted = Number(book.cash + venue.moved);
  return counted === venue.cash ? [] : [`the venue has ${venue.cash}, its trades come to ${counted}`];
}

function fillsKnown({ venue, records, scenario }: EndOfRun): string[] {
  const times = new Map<string, number>();
  for (const record of records) {
    if (record.type === 'fill') times.set(record.fill.tradeId, (times.get(record.fill.tradeId) ?? 0) + 1);
  }
  return venue.fills.flatMap(({ tradeId, clientId }) => {
    const count = times.get(tradeId) ?? 0;
    if (tradeId.startsWith('old')) return count === 0 ? [] : [`the trade ${tradeId} of before was applied`];
    // Beside coins of others what another hand trades is a difference, and never the desk's.
    if (scenario.ownedByOthers && !clientId.startsWith('f'))
      return count === 0 ? [] : [`the trade ${tradeId} of another hand was applied`];
    return count === 1 ? [] : [`the fill ${tradeId} was applied ${count} times`];
  });
}

function protectedOrFlat({ engine, scenario, venue, records }: EndOfRun): string[] {
  const { view } = engine;
  if (scenario.endsFlat && !claimedAfterFlat(records)) {
    const open = view.positions.filter((position) => !isDust(scenario, position)).length;
    return view.closeAll === 'flat' && open === 0
      ? []
      : [`close-all ended ${view.closeAll} with ${open} positions`];
  }
  if (view.closeAll === 'running') return ['a close-all is still running'];
  return view.positions
    .filter((position) => {
      const { protection, instrument, quantityLots, parts } = position;
      const stops = venue.openOrders.filter(
        (o) => o.instrument === instrument && o.type === 'stop' && !isBounded(o),
      );
      const lots = stops.reduce((sum, stop) => sum + stop.quantityLots - stop.filledLots, 0);
      const least = lotsThatNeedStops(scenario.instruments[instrument]!, position);
      if (least === 0) return false;
      const most = parts.length > 0 ? sizeOf(parts) : Math.abs(quantityLots);
      return protection !== 'confirmed' || lots > most || lots < (parts.length > 0 ? least : most);
    })
    .map(({ instrument, protection }) => `position in ${instrument} has a ${protection} or wrong stop`);
}

/** Coins that a person gives to the desk once it is flat are kept, and end what was proven. */
function claimedAfterFlat(records: readonly EngineRecord[]): boolean {
  const last = records.findLast(
    ({ type }) => type === 'coins.claimed' || type === 'closeAll.begun' || type === 'flat.proven',
  );
  return last?.type === 'coins.claimed';
}

const sizeOf = (parts: PositionView['parts']): number =>
  parts.reduce((sum, { quantityLots }) => sum + Math.abs(quantityLots), 0);

/** As much as an order may be for: the larger side, since what is held against it is crossed or closed first. */
const largerSide = (parts: PositionView['parts']): number => {
  const side = (sign: 1 | -1) =>
    parts.reduce((sum, { quantityLots }) => sum + Math.max(0, sign * quantityLots), 0);
  return Math.max(side(1), side(-1));
};

/** Too small for the venue to take any order for it. */
function isDust(
  scenario: Scenario,
  { instrument, quantityLots, parts, stopTicks, markTicks }: PositionView,
): boolean {
  const price = Math.min(stopTicks, markTicks ?? stopTicks);
  const lots = scenario.against ? largerSide(parts) : quantityLots;
  return !isTradableAt(scenario.instruments[instrument]!, lots, price);
}

function replayEqual(end: EndOfRun): string[] {
  const { engine, scenario, incarnation, records } = end;
  const replayed = createEngine(engineConfig(scenario, incarnation, () => '', end.edition));
  for (const record of records) replayed.apply(record);
  return replayed.stateHash() === engine.stateHash() ? [] : ['the replayed state differs from the live one'];
}
