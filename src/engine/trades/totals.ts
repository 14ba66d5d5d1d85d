import type { EngineState, TripTotals } from '../state.js';

export function tripTotals(state: EngineState, strategy: string, instrument: number): TripTotals {
  const key = `${strategy}/${instrument}`;
  const known = state.trips.get(key);
  if (known !== undefined) return known;
  const created: TripTotals = { strategy, instrument, trades: 0, wins: 0, realised: 0n };
  state.trips.set(key, created);
  return created;
}
