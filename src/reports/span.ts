import { z } from 'zod';
import { DAY_MS } from '../domain/civil-date.js';
import { placesIn } from '../domain/figure-text.js';
import type { Span } from '../store/performance.js';
import type { ReportContext } from './report.js';

/** Parameters of a report that looks back. */
export const SPAN = z.strictObject({ days: z.number().min(0).default(7) });

/** The last `days` of market time. */
export function spanOf(
  { desk, marketMs }: ReportContext,
  { days }: z.output<typeof SPAN>,
): Span & { days: number } {
  return { desk: desk.desk, fromMs: marketMs - days * DAY_MS, toMs: marketMs, days };
}

/** In hours if it is less than a day. */
export function lengthOf(days: number): string {
  if (days >= 1) return `${days} days`;
  const hours = Number((days * 24).toFixed(1));
  return hours === 1 ? '1 hour' : `${hours} hours`;
}

/** Amounts of the desk's account. */
export function moneyOf({ desk }: Pick<ReportContext, 'desk'>): (value: number) => string {
  const places = placesIn(desk.paper.currency);
  return (value) => value.toFixed(places);
}

export const percent = (fraction: number): string => `${(fraction * 100).toFixed(2)} %`;
export const listed = (counted: readonly { what: string; count: number }[]): string =>
  counted.length === 0 ? 'none' : counted.map(({ what, count }) => `${what} ${count}`).join(', ');
