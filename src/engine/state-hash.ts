/** One hash of the durable state: equal on every machine, and equal live and after a replay. */
import { createHash } from 'node:crypto';
import type { EngineState, Holding, OrderEntry, TradeEntry } from './state.js';

/** SHA-256, hex, over the canonical JSON of the members listed here, which are not all members of the state. */
export function stateHash(state: EngineState): string {
  const orders = [...state.orders.values()]
    .map((entry) => [entry.intent.clientId, entry.state, entry.filledLots, entry.venueId, entry.trades])
    .sort(byFirst);
  const trips = [...state.trips].map(([key, { trades, wins, realised }]) => [
    key,
    trades,
    wins,
    String(realised),
  ]);
  const positions = state.positions.map(partOf);
  const { config, counters } = state;
  const content = [
    config && [config.desk, config.configHash, config.symbols, String(config.startingCash)],
    orders,
    positions,
    state.fillsSeen.map((seen) => [...seen.keys()].sort()),
    [state.newestFillMs, state.fillsThroughMs, state.fillHorizonMs],
    trips.sort(byFirst),
    [...state.balances].map(([currency, units]) => [currency, String(units)]).sort(byFirst),
    [String(state.feesElsewhere), state.unvaluedFees],
    [String(state.capitalMoved), [...state.movementsBooked].sort()],
    state.halts.map((halt) => [halt.haltId, halt.mode, halt.cause, halt.resume, halt.scope]),
    [state.mode, state.closeAll, state.clientSequence, state.adoptedTrades],
    state.day && [state.day.startMs, state.day.startEquity],
    state.peak,
    [...state.toggles.entries()].sort(byFirst),
    [...state.tracks].map(([name, { lossesInARow, off }]) => [name, lossesInARow, off]).sort(byFirst),
    state.sizeFactorPpm,
    [state.settings.version, Object.entries(state.settings.changed).sort(byFirst)],
    state.goLive && [state.goLive.release, state.goLive.attempt, state.goLive.step],
    [counters.fills, counters.intended, counters.denied, counters.halts, counters.armed, counters.commands],
  ];
  const { coins, stopGaps } = state;
  // Left out while there are none, so that the state of older journals keeps its hash.
  const all: unknown[] = coins.size === 0 ? content : [...content, [...coins].sort(byFirst)];
  const amended = [...state.orders.values()].filter((entry) => entry.amended);
  if (amended.length > 0)
    all.push(amended.map(({ intent }) => [intent.clientId, intent.quantityLots]).sort(byFirst));
  const apart = state.positions.filter(({ parts }) => parts.length > 0);
  if (apart.length > 0)
    all.push(['parts', apart.map(({ instrument, parts }) => [instrument, parts.map(partOf)])]);
  if (state.day !== null && state.day.firstEquity !== state.day.startEquity)
    all.push(['day began at', state.day.firstEquity]);
  if (state.day !== null && state.day.returnEquity !== state.day.firstEquity)
    all.push(['return counts from', state.day.returnEquity]);
  if (stopGaps.size > 0) all.push(['stop gaps', [...stopGaps].sort(byFirst)]);
  if (state.waiting.size > 0) all.push(['waiting', [...state.waiting.values()]]);
  if (state.actions.length > 0) all.push(['actions', state.actions]);
  const { signals, signalsRefused } = state;
  if (signals.size > 0 || signalsRefused.size > 0)
    all.push(['signals', [...signals].sort(byFirst), [...signalsRefused].sort(byFirst)]);
  all.push(...decidedBy(state));
  return createHash('sha256').update(JSON.stringify(all)).digest('hex');
}

/** Further state that decides and is often absent: each under its name, left out while it is empty. */
function decidedBy(state: EngineState): unknown[] {
  const {
    lossesInARow,
    cashDiffersSinceMs,
    cashExplained,
    corrections,
    feesExpected,
    formerFills,
    formerSignals,
    lastDifferences,
    mayBeClosed,
    putBack,
    volumes,
  } = state;
  const live = state.live.flat();
  const named: unknown[] = [];
  if (lossesInARow > 0) named.push(['losses in a row', lossesInARow]);
  const legs = [...state.tracks].flatMap(([name, { legsResult }]) =>
    legsResult === 0n ? [] : [[name, String(legsResult)]],
  );
  if (legs.length > 0) named.push(['legs', legs.sort(byFirst)]);
  if (cashDiffersSinceMs !== null) named.push(['cash differs since', cashDiffersSinceMs]);
  if (cashExplained.length > 0)
    named.push(['cash explained', cashExplained.map(({ units, marketMs }) => [String(units), marketMs])]);
  if (corrections.length > 0) named.push(['corrections', corrections]);
  const fees = [...feesExpected].map(([id, { corrected, ...fee }]) => [id, String(corrected), fee]);
  if (fees.length > 0) named.push(['fees expected', fees]);
  if (volumes.size > 0) named.push(['volumes', [...volumes].sort(byFirst)]);
  if (lastDifferences.length > 0) named.push(['differences', lastDifferences]);
  if (mayBeClosed.size > 0) named.push(['may be closed', [...mayBeClosed].sort((one, other) => one - other)]);
  if (putBack.size > 0) named.push(['put back', [...putBack].sort((one, other) => one - other)]);
  const fills = [...formerFills].map(([symbol, seen]) => [symbol, [...seen.keys()].sort()]);
  if (fills.length > 0) named.push(['former fills', fills.sort(byFirst)]);
  const gone = [...formerSignals].map(([key, { entry, instrument }]) => [key, entry, instrument.symbol]);
  if (gone.length > 0) named.push(['former signals', gone.sort(byFirst)]);
  if (live.length > 0) named.push(['live', live.map(whatFor).sort(byFirst)]);
  return named;
}

/** The members in one fixed order, whether the order was made here or read from the journal. */
function whatFor({ intent, replaces, intendedMarketMs }: OrderEntry): unknown[] {
  const members = Object.entries(intent).filter(([, value]) => value !== undefined);
  return [intent.clientId, members.sort(byFirst), replaces, intendedMarketMs];
}

function partOf({ quantityLots, remainder, cost, realised, carried, trade }: Holding): unknown[] {
  const amounts = [remainder, cost, realised, carried].map(String);
  return [
    quantityLots,
    ...amounts,
    trade && Object.entries(trade).map(([key, value]) => [key, written(value)]),
  ];
}

/** A trade without exits is written without the member, so that the state of older journals keeps its hash. */
function written(value: TradeEntry[keyof TradeEntry] | undefined): string | null {
  if (value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function byFirst(one: readonly unknown[], other: readonly unknown[]): number {
  return String(one[0]) < String(other[0]) ? -1 : 1;
}
