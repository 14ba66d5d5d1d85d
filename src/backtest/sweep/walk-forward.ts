/**
 * Walk-forward (Pardo, The Evaluation and Optimization of Trading Strategies, 2008): values are chosen on one
 * part of the time and traded on the next part, which they have not seen. Then both windows move on by the
 * traded part.
 */

import { DAY_MS } from '../../domain/civil-date.js';
import { round } from '../statistics/figures.js';
import { figureOf, type RankedBy, ranked, type Trial } from './trial.js';

/** The time that values are chosen on, as a multiple of the traded part. */
export const CHOSEN_ON_PARTS = 3;

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Window {
  readonly chosenOn: Span;
  readonly tradedOn: Span;
}

export interface Step extends Window {
  /** Null: no set of values could be judged, so nothing is traded. */
  readonly chosen: Trial | null;
  readonly traded: Trial | null;
}

export interface WalkForward {
  readonly steps: readonly Step[];
  /** Compound return of all traded parts, each begun with the desk's starting equity, in percent. */
  readonly returnPct: number;
  /** Daily return of the traded parts ÷ that of the parts chosen on. Null: the latter is not above 0. */
  readonly efficiency: number | null;
}

/** `count` windows from the first to the last price. Each window's traded part ends where the next one's begins. */
export function windowsOf({ fromMs, untilMs }: Span, count: number): readonly Window[] {
  const partMs = (untilMs - fromMs) / (count + CHOSEN_ON_PARTS);
  const at = (part: number): number => Math.round(fromMs + part * partMs);
  return Array.from({ length: count }, (_, index) => ({
    chosenOn: { fromMs: at(index), untilMs: at(index + CHOSEN_ON_PARTS) },
    tradedOn: { fromMs: at(index + CHOSEN_ON_PARTS), untilMs: at(index + CHOSEN_ON_PARTS + 1) },
  }));
}

/** The best trial. Null: none can be judged. */
export function chosenOf(trials: readonly Trial[], by: RankedBy): Trial | null {
  const [best] = ranked(trials, by);
  return best === undefined || figureOf(best, by) === null ? null : best;
}

export function walked(steps: readonly Step[]): WalkForward {
  const returns = (which: 'chosen' | 'traded'): readonly number[] =>
    steps.map((step) => step[which]?.figures?.returnPct ?? 0);
  const aDay = (which: 'chosen' | 'traded', days: number): number =>
    days === 0 ? 0 : returns(which).reduce((sum, percent) => sum + percent, 0) / days;
  const daysOf = (span: (step: Step) => Span): number =>
    steps.reduce((sum, step) => sum + span(step).untilMs - span(step).fromMs, 0) / DAY_MS;
  const before = aDay(
    'chosen',
    daysOf(({ chosenOn }) => chosenOn),
  );
  const grown = returns('traded').reduce((product, percent) => product * (1 + percent / 100), 1);
  const efficiency =
    aDay(
      'traded',
      daysOf(({ tradedOn }) => tradedOn),
    ) / before;
  return {
    steps,
    returnPct: round((grown - 1) * 100),
    efficiency: before > 0 ? round(efficiency) : null,
  };
}
