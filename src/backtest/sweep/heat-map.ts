/** The figure over the first two keys of a sweep: a good value among bad neighbours is luck. */
import { figureOf, type RankedBy, ranked } from './ranking.js';
import type { Trial } from './trial.js';

export interface HeatMap {
  /** Across and down. Null down: the sweep has only one key. */
  readonly keys: readonly [across: string, down: string | null];
  readonly across: readonly string[];
  readonly down: readonly string[];
  /**
   * One row for each value of `down`. The best of trials that differ in a third key. Null: none, or it can't be
   * computed.
   */
  readonly cells: readonly (readonly (number | null)[])[];
}

/** Null: the sweep has no key. */
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
