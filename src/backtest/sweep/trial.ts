/** One set of values, run once: what a sweep keeps of a backtest. */

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
  /** Values of the keys of the sweep, in the order in which they were requested. */
  readonly values: readonly Value[];
  readonly configHash: string;
  readonly period: BacktestReport['period'];
  readonly netProfit: string;
  /** Null: there was no price. */
  readonly figures: Figures | null;
  /** Distribution of hourly returns. Null: they can't be judged. */
  readonly shape: ReturnShape | null;
  readonly stateHash: string | null;
}

export function trialOf(values: readonly Value[], { report, measure }: Backtest): Trial {
  const { configHash, period, netProfit, figures, stateHash } = report;
  const hourly = (measure?.hourly ?? []).map((money) => money / MONEY_SCALE);
  return { values, configHash, period, netProfit, figures, shape: shapeOf(returnsOf(hourly)), stateHash };
}
