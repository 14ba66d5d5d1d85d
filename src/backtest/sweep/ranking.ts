/** Which trial is better: by one figure, the same for choosing, for the heat map and for walking forward. */
import type { Figures } from '../statistics/figures.js';
import type { Trial } from './trial.js';

export const RANKED_BY = [
  ...(['sharpe', 'sortino', 'calmar', 'returnPct', 'profitFactor', 'expectancy', 'averageR'] as const),
  'maxDrawdownPct',
] as const satisfies readonly (keyof Figures)[];
export type RankedBy = (typeof RANKED_BY)[number];

/**
 * Null: the figure can't be computed for this trial, or it never held anything. Such a trial lost nothing either, but
 * is not a find.
 */
export const figureOf = ({ figures }: Trial, by: RankedBy): number | null =>
  figures === null || figures.exposurePct === 0 ? null : figures[by];

/** Best first. Equal ones stay in order; those that can't be judged come last. */
export function ranked(trials: readonly Trial[], by: RankedBy): readonly Trial[] {
  const sign = by === 'maxDrawdownPct' ? 1 : -1;
  const worth = (trial: Trial): number => {
    const figure = figureOf(trial, by);
    return figure === null ? Number.POSITIVE_INFINITY : sign * figure;
  };
  return trials.toSorted((left, right) => {
    const [first, second] = [worth(left), worth(right)];
    return first === second ? 0 : first - second;
  });
}
