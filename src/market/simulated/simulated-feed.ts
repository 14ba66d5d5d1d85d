/** The simulated market as a feed, resumed where it stood still. */
import type { Instrument } from '../../domain/instrument.js';
import type { MarketFeed } from '../feed.js';
import type { MarketPositionStore } from '../position.js';
import { ReplayFeed } from '../replay/replay-feed.js';
import { SIMULATION_START_MS } from './price-walk.js';
import { SimulatedSource } from './simulated-source.js';

export interface SimulatedFeedOptions {
  readonly instruments: readonly Instrument[];
  readonly spreadTicks: readonly number[];
  readonly seed: number;
  /** Null: as fast as it goes. */
  readonly speed: number | null;
  readonly position: MarketPositionStore;
  readonly wallMs: () => number;
  /** Why prices are simulated, where real ones were asked for. */
  readonly because?: string;
}

/** A kept position counts only for the same seed; otherwise the market begins at its start. */
export function openSimulatedFeed(options: SimulatedFeedOptions): MarketFeed {
  const { instruments, spreadTicks, seed, speed, position, wallMs } = options;
  const kept = position.load();
  const resumed = kept !== null && kept.recording === null && kept.seed === seed;
  const startMs = resumed ? Math.max(SIMULATION_START_MS - 1, kept.marketMs) : SIMULATION_START_MS - 1;
  const events = new SimulatedSource(seed, instruments, spreadTicks, startMs);
  const pace = speed === null ? 'as fast as it goes' : `${speed}x`;
  const because = options.because ? ` (${options.because})` : '';
  return new ReplayFeed({
    events,
    source: {
      kind: 'simulated',
      label: `simulated market, seed ${seed}, ${pace}${because}`,
      simulated: true,
      speed,
      seed,
      venue: null,
      files: [],
    },
    startMs,
    history: (instrument, count, nowMs) => events.history(instrument, count, nowMs),
    savePosition: (marketMs) => position.save({ marketMs, seed, recording: null }),
    endedDetail: 'the simulated market does not end',
    wallMs,
  });
}
