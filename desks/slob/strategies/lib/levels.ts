/** Where a short of the setup goes in and out, in whole ticks. */
import type { Candle, Levels } from './setup.js';

export interface LevelRules {
  /** Ticks that the stop is above the sweep: slBufferPips, rounded up. */
  readonly bufferTicks: number;
  readonly rewardRisk: number;
  readonly spikeWickToBody: number;
}

/** A price step may be no binary fraction: what is off by less than this is rounding of the machine's. */
const EPSILON = 1e-9;

/** Away from the price: no step is lost. */
export const ticksUp = (ticks: number): number => Math.ceil(ticks - EPSILON);

export function levelsOf(entry: number, sweep: Candle, rules: LevelRules): Levels {
  const top = Math.max(sweep.open, sweep.close);
  const body = top - Math.min(sweep.open, sweep.close);
  const spike = sweep.high - top > rules.spikeWickToBody * body;
  const stop = (spike ? top : sweep.high) + rules.bufferTicks;
  // Rounded towards the entry: a target that is nearer can be reached, one that is farther was never promised.
  const target = ticksUp(entry - rules.rewardRisk * (stop - entry));
  return { entry, stop, target, spike };
}
