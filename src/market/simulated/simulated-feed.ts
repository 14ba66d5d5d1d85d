/** The simulated market as a feed that resumes where it stood still. */

import type { MarketFeed } from '../../contracts/market-feed.js';
import type { Instrument } from '../../domain/instrument.js';
import type { MarketPositionStore } from '../position.js';
import { ReplayFeed } from '../replay/replay-feed.js';
import { SIMULATION_SERIES, SIMULATION_START_MS } from './price-walk.js';
import { SimulatedSource } from './simulated-source.js';

export interface SimulatedFeedOptions {
  readonly instruments: readonly Instrument[];
  readonly spreadTicks: readonly number[];
  readonly seed: number;
  /** Null: as fast as possible. */
  readonly speed: number | null;
  readonly position: MarketPositionStore;
  readonly steadyMs: () => number;
  /** Why prices are simulated although real ones were asked for. */
  readonly because?: string;
}

/** A different seed is a different market, which begins at its start. */
export function openSimulatedFeed(options: SimulatedFeedOptions): MarketFeed {
  const { instruments, spreadTicks, seed, speed, position, steadyMs } = options;
  const identity = `simulated-${SIMULATION_SERIES}-seed-${seed}`;
  const startMs = Math.max(SIMULATION_START_MS - 1, position.load(identity) ?? 0);
  const events = new SimulatedSource(seed, instruments, spreadTicks, startMs);
  const pace = speed === null ? 'as fast as it goes' : `${speed}x`;
  const because = options.because ? ` (${options.because})` : '';
  return new ReplayFeed({
    events,
    source: {
      kind: 'simulated',
      identity,
      label: `simulated market, seed ${seed}, ${pace}${because}`,
      simulated: true,
      speed,
      seed,
      venue: null,
      files: [],
    },
    startMs,
    history: (instrument, count, nowMs) => events.history(instrument, count, nowMs),
    savePosition: (marketMs) => position.save(identity, marketMs),
    endedDetail: 'the simulated market does not end',
    steadyMs,
  });
}
