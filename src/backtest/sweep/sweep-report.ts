/** The result of a sweep. Pure: the same trials yield the same bytes, however many cores ran them. */
import type { BacktestReport } from '../report/build-report.js';
import { deflatedSharpe } from '../statistics/deflated-sharpe.js';
import { round } from '../statistics/figures.js';
import { figureOf, type RankedBy, ranked, type Trial, type Value, valuesText } from './trial.js';
import { chosenOf, type WalkForward } from './walk-forward.js';

/** A set of values that the rules of a desk file refuse, and why. */
export interface LeftOut {
  readonly values: readonly Value[];
  readonly why: string;
}

export interface SweepReport {
  readonly version: 1;
  readonly kind: 'sweep-report';
  readonly desk: string;
  readonly currency: string;
  readonly market: BacktestReport['market'];
  /** How orders were filled, in sentences; only what is the same for all trials. */
  readonly execution: readonly string[];
  /** The same for all trials: from the first to the last price. */
  readonly period: BacktestReport['period'];
  /** Values set the same for all trials. */
  readonly set: readonly string[];
  readonly rankedBy: RankedBy;
  /** Best first. */
  readonly trials: readonly Trial[];
  readonly leftOut: readonly LeftOut[];
  readonly best: Trial | null;
  /**
   * The probability that the best trial by Sharpe ratio is better than luck among so many. Null: it can't be
   * computed.
   */
  readonly deflatedSharpe: number | null;
  /** How many trials the deflated Sharpe ratio counts: those with a `shape`. */
  readonly judged: number;
  readonly heatMap: HeatMap | null;
  /** Null: not requested. */
  readonly walkForward: WalkForward | null;
  /** Problems of the data, found by the first trial; all read the same files. Then the trials that failed. */
  readonly problems: readonly string[];
}

type SweepFindings = Omit<
  SweepReport,
  'version' | 'kind' | 'best' | 'deflatedSharpe' | 'judged' | 'heatMap' | 'period' | 'trials'
> & { readonly trials: readonly Trial[] };

export function sweepReport(findings: SweepFindings): SweepReport {
  const { rankedBy, trials: all } = findings;
  const trials = ranked(all, rankedBy);
  const shapes = all.flatMap(({ shape }) => shape ?? []);
  const [bySharpe] = ranked(all, 'sharpe');
  const shape = bySharpe?.shape ?? null;
  const chance = shape === null ? null : deflatedSharpe(shape, shapes);
  return {
    version: 1,
    kind: 'sweep-report',
    ...findings,
    problems: [...findings.problems, ...failuresText(all, findings.walkForward)],
    period: all[0]?.period ?? { from: null, to: null, days: 0 },
    trials,
    best: chosenOf(all, rankedBy),
    deflatedSharpe: chance === null ? null : round(chance),
    judged: shapes.length,
    heatMap: heatMapOf(all, rankedBy),
  };
}

/** One line for all trials with a failed strategy, here or in a traded part of walk-forward. Empty: none. */
function failuresText(trials: readonly Trial[], walkForward: WalkForward | null): readonly string[] {
  const traded = walkForward?.steps.flatMap(({ traded }) => traded ?? []) ?? [];
  const failed = [...trials, ...traded].filter((one) => one.failed !== null);
  const [first] = failed;
  if (first === undefined) return [];
  const where = valuesText(first.values);
  return [
    `in ${failed.length} ${failed.length === 1 ? 'run' : 'runs'} a strategy failed, and nothing is judged by that; at ${where}: ${first.failed}`,
  ];
}

export interface HeatMap {
  /** Across and down. Null down: the sweep has only one key. */
  readonly keys: readonly [across: string, down: string | null];
  readonly across: readonly string[];
  readonly down: readonly string[];
  /**
   * One row for each value of `down`. A cell is the best of trials that differ in a third key. Null: no
   * trial, or the figure can't be computed.
   */
  readonly cells: readonly (readonly (number | null)[])[];
}

/**
 * The figure over the first two keys of a sweep: a good value among bad neighbours is luck. Null: the sweep has no
 * key.
 */
export function heatMapOf(trials: readonly Trial[], by: RankedBy): HeatMap | null {
  const [first, second] = trials[0]?.values ?? [];
  if (first === undefined) return null;
  const valuesOf = (at: number): readonly string[] => [
    ...new Set(trials.map(({ values }) => values[at]?.value ?? '')),
  ];
  const [across, down] = [valuesOf(0), second === undefined ? [''] : valuesOf(1)];
  const cell = (row: string, column: string): number | null => {
    const here = trials.filter(
      ({ values: [x, y] }) => x?.value === column && (second === undefined || y?.value === row),
    );
    const [best] = ranked(here, by);
    return best === undefined ? null : figureOf(best, by);
  };
  return {
    keys: [first.key, second?.key ?? null],
    across,
    down,
    cells: down.map((row) => across.map((column) => cell(row, column))),
  };
}
