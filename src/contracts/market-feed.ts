/**
 * The source of prices. Each trader has exactly one feed; the paper venue and the engine both listen to it.
 */
import { z } from 'zod';
import type { InstrumentId } from '../domain/instrument.js';
import type { FinishedBar, QuoteColumns } from '../domain/quote-columns.js';
import type { Shape } from './json-values.js';

export const marketSourceSchema = z.object({
  kind: z.enum(['live', 'simulated', 'recorded']),
  /**
   * Equal only for the same prices: positions held under one identity are meaningless under another. Valid as
   * a file name.
   */
  identity: z.string(),
  /** Always shown, for example `simulated market, seed 7, 60x` or `live: VENUE public quotes`. */
  label: z.string(),
  simulated: z.boolean(),
  /** Market milliseconds per millisecond of real time; null: as fast as possible. */
  speed: z.number().nullable(),
  seed: z.number().nullable(),
  venue: z.string().nullable(),
  files: z.array(z.string()),
});
export type MarketSource = Shape<typeof marketSourceSchema>;

export interface MarketBar extends FinishedBar {
  readonly instrument: InstrumentId;
}

/** A bar with the quote that strategies saw with it. Left out: not known. */
export interface SeenBar extends MarketBar {
  readonly quote?: { readonly bidTicks: number; readonly askTicks: number };
}

/** What rests at one price of the book. */
export interface BookLevel {
  readonly priceTicks: number;
  readonly lots: number;
}

/** Each side best first. */
export interface BookLevels {
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

export type MarketEvent =
  | {
      readonly kind: 'quote';
      readonly instrument: InstrumentId;
      readonly marketMs: number;
      readonly bidTicks: number;
      readonly askTicks: number;
      readonly bidLots: number;
      readonly askLots: number;
      /** Inside a bar: the time of the price before, from which the market has passed every price. Left out: not known. */
      readonly wayFromMs?: number;
      /** The book behind it. Left out: not recorded. */
      readonly book?: BookLevels;
    }
  | {
      readonly kind: 'trade';
      readonly instrument: InstrumentId;
      readonly marketMs: number;
      readonly priceTicks: number;
      readonly quantityLots: number;
      readonly taker: 'buy' | 'sell' | null;
    }
  /**
   * Delivered right after the bar's span ends, and after its last quote. `late`: a newer bar has already
   * ended, for example after an interruption; a late bar must not cause an entry. `past`: of the history,
   * which was away when it was asked for at the start: for the warm-up.
   */
  | {
      readonly kind: 'bar';
      readonly marketMs: number;
      readonly bar: MarketBar;
      readonly late?: boolean;
      readonly past?: boolean;
    }
  | { readonly kind: 'health'; readonly state: 'up' | 'down'; readonly detail: string }
  /** The recording is over; `detail`: its files. */
  | { readonly kind: 'ended'; readonly detail: string };

/**
 * Usually synchronous. On a simulated or recorded market it may return a promise, which the market awaits, so
 * that orders reach the venue before time advances, however fast the market runs. A live feed doesn't wait.
 */
export type MarketListener = (event: MarketEvent) => void | Promise<void>;

export type QuoteEvent = Extract<MarketEvent, { readonly kind: 'quote' }>;

export interface MarketWants {
  readonly trades: boolean;
  /**
   * For prices made from bars: an earlier quote to deliver before `next`, because something waits at a price that the
   * market passes on the way to it, or for a time, or because of `momentMs`. `nowMs`: it is no earlier. Called again until
   * it returns null. Left out: bars have four prices.
   */
  readonly between?: (next: QuoteEvent, nowMs: number, momentMs: number) => QuoteEvent | null;
  /**
   * For recordings: moments at which the listener acts whatever prices come, after those of that time. `nextMs`: the next
   * one, or one that has passed; Infinity: none. `pass`: called at it, or at once. Left out: it acts at prices alone.
   */
  readonly moments?: {
    readonly nextMs: () => number;
    readonly pass: (marketMs: number) => void | Promise<void>;
  };
  /**
   * Quotes to come, where nothing else comes between them: how many of them, from the first on, the listener has taken,
   * without anything having happened at them. They are only valid until it returns. Left out: each is delivered.
   */
  readonly passes?: (quotes: QuoteColumns) => number;
  /** Bars that end between them may be among them: something may have happened at the last one taken. Left out: none is. */
  readonly passesBars?: boolean;
}

export interface MarketFeed {
  readonly source: MarketSource;
  /** Market time of a recording's last price; approximate for a long one. Left out: prices do not end. */
  readonly endMs?: number | undefined;
  /**
   * Instruments whose quotes are the four prices of recorded bars: nothing later can confirm one, and none is a
   * flicker. Left out: none.
   */
  readonly quotesFromBars?: readonly InstrumentId[];
  /** Some of its quotes are the tops of books: an order takes what the levels have, and its rest may wait. Left out: none. */
  readonly showsBooks?: boolean;
  /** Instruments whose bid and ask are both recorded: no spread is put around a price of theirs. Left out: none. */
  readonly withOwnSpread?: readonly InstrumentId[];
  /** SHA-256, hex, of each recorded file by its path, as it was when the feed was opened. Left out: there are none. */
  readonly fileHashes?: ReadonlyMap<string, string>;
  /**
   * Market time now, in milliseconds: simulated and recorded feeds have their own clock; a live feed has the venue's.
   */
  nowMs(): number;
  /** The last `count` finished one-minute bars before `nowMs`, oldest first; fewer if the source has no more. */
  history(instrument: InstrumentId, count: number): Promise<readonly MarketBar[]>;
  /** The feed can deliver trades. A recording of trades delivers them whether wanted or not. */
  readonly tellsTrades: boolean;
  /**
   * Starts delivery, with trades only if wanted. A feed at full speed yields to the event loop at least every
   * 10 ms.
   */
  start(listener: MarketListener, wanted?: MarketWants): void;
  /** Simulated and recorded markets stand still between stop and the next start. */
  stop(): Promise<void>;
}
