/** A desk, minutes to run it on, and the run. */
import type { Details, OrderSeen } from '../../../src/backtest/measure/backtest-measure.js';
import type { FillModel } from '../../../src/backtest/report/execution.js';
import {
  FILL_COLUMNS,
  fillRow,
  headLine,
  ORDER_COLUMNS,
  orderRow,
  rowLine,
} from '../../../src/backtest/report/rows.js';
import { type Backtest, type BacktestSetting, runBacktest } from '../../../src/backtest/run-backtest.js';
import type { Fill } from '../../../src/domain/order.js';
import { loaded } from '../../validation/support/validations.js';

/** As without an option. */
export const PLAIN_FILLS: FillModel = { path: 'nearer', limitFill: 'touch', volumePartPct: null };

export interface Kept {
  readonly fills: Fill[];
  /** In the order in which they were sent. */
  readonly orders: Map<string, OrderSeen>;
  /** As CSV, head first. */
  readonly fillLines: string[];
  readonly orderLines: string[];
}

export type BacktestKept = Backtest & { readonly kept: Kept };

export function backtest(file: string, given: Partial<BacktestSetting> = {}): Promise<BacktestKept> {
  const { desk, configHash } = loaded;
  return keeping({
    ...{ desk, configHash, set: [], files: [{ symbol: 'BTC/USDT', file }], beginMs: null, untilMs: null },
    ...{ dataKey: null, fillModel: PLAIN_FILLS },
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...given,
  });
}

/** With every order and fill, which the run itself does not keep. */
export async function keeping(setting: BacktestSetting): Promise<BacktestKept> {
  const kept: Kept = {
    ...{ fills: [], orders: new Map(), fillLines: [headLine(FILL_COLUMNS)] },
    orderLines: [headLine(ORDER_COLUMNS)],
  };
  const details: Details = {
    onFill: (fill, order, instruments) => {
      setting.details?.onFill?.(fill, order, instruments);
      kept.fills.push(fill);
      kept.fillLines.push(rowLine(FILL_COLUMNS, fillRow(instruments, fill, order)!));
    },
    onOrder: (order, instruments) => {
      setting.details?.onOrder?.(order, instruments);
      kept.orders.set(order.intent.clientId, order);
      kept.orderLines.push(rowLine(ORDER_COLUMNS, orderRow(instruments, order)!));
    },
  };
  return { ...(await runBacktest({ ...setting, details })), kept };
}
