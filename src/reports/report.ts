/** A report computes something from stored data and returns it in one line; it judges nothing. */
import { z } from 'zod';
import type { Desk } from '../desk/schema.js';
import { type StepPart, stepPart } from '../desk/step-parts.js';
import { DAY_MS } from '../domain/civil-date.js';
import { counted, placesIn } from '../domain/figure-text.js';
import type { Runtime } from '../home/runtime.js';
import type { Span } from '../store/ledger-figures.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';

export interface ReportContext {
  readonly runtime: Runtime;
  readonly desk: Desk;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly pool: Pick<Pool, 'query'>;
  /** The end of the report's span, in market time. */
  readonly marketMs: number;
  /** When the routine that runs it was due, in market time; absent outside a routine. */
  readonly nominalMs?: number | undefined;
  /** How long after that the step began; absent outside a routine. */
  readonly lateMs?: number | undefined;
  /** The step's time limit in milliseconds; absent outside a step. */
  readonly stepMs?: number;
}

export type Report = StepPart<ReportContext, string>;

/** `run` may throw: a report that can't be finished has failed. */
export const report = <P extends z.ZodObject>(
  title: string,
  parameters: P,
  run: (context: ReportContext, parameters: z.output<P>) => Promise<string>,
): Report => stepPart(title, parameters, run);

/** Parameters of a report that looks back. */
export const SPAN = z.strictObject({ days: z.number().min(0).default(7) });

/**
 * The last `days` of market time; in a routine since that long before it was due, or what came between two of its runs would be
 * in neither if one began late.
 */
export function spanOf(
  { desk, marketMs, lateMs = 0 }: ReportContext,
  { days }: z.output<typeof SPAN>,
): Span & { days: number } {
  const fromMs = marketMs - lateMs - days * DAY_MS;
  return { desk: desk.desk, fromMs, toMs: marketMs, days: days < 1 ? (marketMs - fromMs) / DAY_MS : days };
}

/** In hours if it is less than a day. */
export function lengthOf(days: number): string {
  if (days >= 1) return counted(days, 'day');
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
