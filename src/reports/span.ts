import { numberOf, type StepParameters } from '../desk/step-parameters.js';
import type { Span } from '../store/performance.js';
import type { ReportContext } from './report.js';

const DAYS_DEFAULT = 7;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** The last `with.days` days of market time, 7 by default. */
export function spanOf(
  { desk, marketMs }: ReportContext,
  parameters: StepParameters,
): Span & { days: number } {
  const days = numberOf(parameters, 'days', DAYS_DEFAULT);
  return { desk: desk.desk, fromMs: marketMs - days * DAY_MS, toMs: marketMs, days };
}

export const money = (value: number): string => value.toFixed(2);
export const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`;
export const listed = (counted: readonly { what: string; count: number }[]): string =>
  counted.length === 0 ? 'none' : counted.map(({ what, count }) => `${what} ${count}`).join(', ');
