/** Market data for the status: prices that are believed, and quotes that are held back. */
import type { InstrumentId } from '../domain/instrument.js';
import type { Core } from './core.js';

export interface QuoteView {
  readonly instrument: InstrumentId;
  readonly bidTicks: number;
  readonly askTicks: number;
  readonly ageMs: number;
}

export interface HeldBackView {
  readonly instrument: InstrumentId;
  readonly bidTicks: number;
  readonly askTicks: number;
  /** Why the quote is implausible. */
  readonly because: string;
  /** Quotes in a row that agree with it. */
  readonly quotes: number;
  readonly forMs: number;
}

export function quoteViews({ config, market, monotonicMs }: Core): QuoteView[] {
  return config.instruments.flatMap(({ id }) => {
    const ageMs = market.quoteAgeMs(id, monotonicMs);
    if (ageMs === null) return [];
    const bidTicks = market.bidTicks[id] as number;
    return [{ instrument: id, bidTicks, askTicks: market.askTicks[id] as number, ageMs: Math.max(0, ageMs) }];
  });
}

export function heldBackViews({ guard, monotonicMs }: Core): HeldBackView[] {
  return guard.doubted.flatMap((doubted, instrument) => {
    if (doubted === null) return [];
    const { bidTicks, askTicks, because, count, sinceMonotonicMs } = doubted;
    const forMs = Math.max(0, monotonicMs - sinceMonotonicMs);
    return [{ instrument, bidTicks, askTicks, because, quotes: count, forMs }];
  });
}
