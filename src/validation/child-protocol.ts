/** What the process of a validation sends to the process that started it. */
import type { Progress } from '../backtest/run-on-prices.js';

export type ValidationMessage =
  | { readonly type: 'progress'; readonly progress: Progress }
  /** The report is on disk. */
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly message: string; readonly interrupted: boolean };
