/** Entry, stop and target of a short, in whole ticks. */
import type { Candle, Levels } from './setup.js';

export interface LevelRules {
  /** Ticks from the sweep up to the stop: slBufferPips, rounded up. */
  readonly bufferTicks: number;
  readonly rewardRisk: number;
  readonly spikeWickToBody: number;
}

/** A price step may not be a binary fraction: a difference below this is floating-point rounding. */
const EPSILON = 1e-9;

/** Rounds up, but not because of floating-point rounding. */
export const ticksUp = (ticks: number): number => Math.ceil(ticks - EPSILON);

export function levelsOf(entry: number, sweep: Candle, rules: LevelRules): Levels {
  const top = Math.max(sweep.open, sweep.close);
  const body = top - Math.min(sweep.open, sweep.close);
  const spike = sweep.high - top > rules.spikeWickToBody * body;
  const stop = (spike ? top : sweep.high) + rules.bufferTicks;
  // Rounded towards the entry: a nearer target can be reached, a farther one was never promised.
  const target = ticksUp(entry - rules.rewardRisk * (stop - entry));
  return { entry, stop, target, spike };
}
