/** A desk, minutes to run it on, and the run. */
import type { FillModel } from '../../../src/backtest/report/execution.js';
import { type Backtest, type BacktestSetting, runBacktest } from '../../../src/backtest/run-backtest.js';
import { loaded } from '../../validation/support/validations.js';

/** As without an option. */
export const PLAIN_FILLS: FillModel = { path: 'nearer', limitFill: 'touch', volumePartPct: null };

export function backtest(file: string, given: Partial<BacktestSetting> = {}): Promise<Backtest> {
  const { desk, configHash } = loaded;
  return runBacktest({
    ...{ desk, configHash, set: [], files: [{ symbol: 'BTC/USDT', file }], beginMs: null, untilMs: null },
    ...{ dataKey: null, fillModel: PLAIN_FILLS },
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...given,
  });
}
