/** One set of values, run once: what a sweep retains of a backtest, and the ranking of trials. */
import { grouped } from '../../domain/figure-text.js';
import { MONEY_SCALE } from '../../domain/money.js';
import { returnsOf } from '../../domain/statistics.js';
import type { BacktestReport } from '../report/build-report.js';
import type { Backtest } from '../run-backtest.js';
import { type ReturnShape, shapeOf } from '../statistics/deflated-sharpe.js';
import type { Figures } from '../statistics/figures.js';

/** For example `ema-cross.fastBars` and `20`, as requested. */
export interface Value {
  readonly key: string;
  readonly value: string;
}

export const valuesText = (values: readonly Value[]): string =>
  values.map(({ key, value }) => `${key}=${value}`).join(' ');

export interface Trial {
  /** Values of the sweep's keys, in the order requested. */
  readonly values: readonly Value[];
  readonly configHash: string;
  readonly period: BacktestReport['period'];
  readonly netProfit: string;
  /** As in the report of one run: entries that a limit denied, and orders that the venue rejected. */
  readonly denied: BacktestReport['denied'];
  readonly rejected: BacktestReport['rejected'];
  /** Which strategy failed, when and why: figures don't show what it would have done since. Null: none. */
  readonly failed: string | null;
  /** Null: there was no price. */
  readonly figures: Figures | null;
  /** Distribution of hourly returns. Null: they can't be judged. */
  readonly shape: ReturnShape | null;
  readonly stateHash: string | null;
}

export function trialOf(values: readonly Value[], { report, measure }: Backtest): Trial {
  const { configHash, period, netProfit, denied, rejected, figures, stateHash } = report;
  const hourly = (measure?.hourly ?? []).map((money) => money / MONEY_SCALE);
  const failed = report.data.problems.find(({ kind }) => kind === 'strategy-failed')?.text ?? null;
  const shape = failed === null ? shapeOf(returnsOf(hourly)) : null;
  return { values, configHash, period, netProfit, denied, rejected, failed, figures, shape, stateHash };
}

/** Why requested entries traded nothing, with counts. Empty: there were no such entries. */
export function untradedText({ denied, rejected }: Pick<Trial, 'denied' | 'rejected'>): string {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((all, count) => all + count, 0);
  const said = [
    [sum(denied), 'refused'],
    [sum(rejected), 'rejected by the venue'],
  ] as const;
  return said.flatMap(([count, what]) => (count === 0 ? [] : `${grouped(String(count))} ${what}`)).join(', ');
}

export const RANKED_BY = [
  ...(['sharpe', 'sortino', 'calmar', 'returnPct', 'profitFactor', 'expectancy', 'averageR'] as const),
  'maxDrawdownPct',
] as const satisfies readonly (keyof Figures)[];
export type RankedBy = (typeof RANKED_BY)[number];

/**
 * Null: the figure can't be computed for this trial, the trial never held a position, or its strategy failed.
 * Such a trial may have lost nothing, but proves nothing either.
 */
export const figureOf = ({ figures, failed }: Trial, by: RankedBy): number | null =>
  figures === null || failed !== null || figures.exposurePct === 0 ? null : figures[by];

/**
 * Trials by one figure, best first: the same for choosing, for the heat map and for walk-forward. Equal
 * trials stay in order; trials that can't be judged come last.
 */
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
