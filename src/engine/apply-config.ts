/** The desk file as the engine last accepted it. Positions follow their symbol when the list of symbols changes. */
import { PAPER_ACCOUNT } from '../domain/account.js';
import type { Instrument } from '../domain/instrument.js';
import type { EngineRecord } from './record.js';
import { type EngineState, emptyPosition } from './state.js';

type ConfigRecord = Extract<EngineRecord, { readonly type: 'config' }>;

export function applyConfig(state: EngineState, record: ConfigRecord): void {
  const before = state.config?.instruments ?? [];
  const first = state.config === null;
  state.config = {
    desk: record.desk,
    configHash: record.configHash,
    symbols: record.symbols,
    instruments: record.instruments,
    startingCash: record.startingCash,
    account: record.account ?? PAPER_ACCOUNT,
  };
  if (record.incarnation !== undefined) state.incarnations.add(record.incarnation);
  if (first) state.cash = record.startingCash;
  forgetLaterThan(state, record.marketMs);
  if (first || !sameInstruments(before, record.instruments)) remap(state, before, record.instruments);
}

/** A recording may begin earlier than the market that was traded before: its fills are not old ones. */
function forgetLaterThan(state: EngineState, marketMs: number): void {
  state.fillHorizonMs = Math.min(state.fillHorizonMs, marketMs);
  state.fillsThroughMs = Math.min(state.fillsThroughMs, marketMs);
  state.newestFillMs = Math.min(state.newestFillMs, marketMs);
}

/** Same symbols in the same places, computed with the same steps. */
export function sameInstruments(before: readonly Instrument[], after: readonly Instrument[]): boolean {
  return (
    before.length === after.length &&
    before.every((old, at) => {
      const now = after[at];
      return (
        now !== undefined &&
        old.symbol === now.symbol &&
        old.kind === now.kind &&
        old.tickSize === now.tickSize &&
        old.lotSize === now.lotSize
      );
    })
  );
}

/** Only allowed while flat and without live orders, so that there is nothing to convert but results. */
function remap(state: EngineState, before: readonly Instrument[], after: readonly Instrument[]): void {
  const oldPlace = new Map(before.map((instrument, at) => [instrument.symbol, at]));
  const positions = state.positions;
  const trips = [...state.trips.values()];
  state.orders.clear();
  state.finals.clear();
  state.live = after.map(() => new Map());
  state.trips.clear();
  const seen = state.fillsSeen;
  state.fillsSeen = after.map(({ symbol }) => seen[oldPlace.get(symbol) ?? -1] ?? new Map());
  state.positions = after.map(({ symbol }, at) => {
    const old = positions[oldPlace.get(symbol) ?? -1];
    return { ...emptyPosition(at), realised: old?.realised ?? 0 };
  });
  for (const trip of trips) {
    const at = after.findIndex(({ symbol }) => symbol === before[trip.instrument]?.symbol);
    if (at !== -1) state.trips.set(`${trip.strategy}/${at}`, { ...trip, instrument: at });
  }
}
