/** Where prices come from. Exactly one feed per trader; the paper venue and the engine both listen to it. */
import { z } from 'zod';
import type { InstrumentId } from '../domain/instrument.js';
import type { Shape } from './json-values.js';

export const marketSourceSchema = z.object({
  kind: z.enum(['live', 'simulated', 'recorded']),
  /** The same for the same prices only: positions held at one identity are worth nothing at another. Fits a file name. */
  identity: z.string(),
  /** Shown all the time, for example `simulated market, seed 7, 60x` or `live: VENUE public quotes`. */
  label: z.string(),
  simulated: z.boolean(),
  /** Market milliseconds per millisecond of real time; null: as fast as it goes. */
  speed: z.number().nullable(),
  seed: z.number().nullable(),
  venue: z.string().nullable(),
  files: z.array(z.string()),
});
export type MarketSource = Shape<typeof marketSourceSchema>;

export interface MarketBar {
  readonly instrument: InstrumentId;
  readonly openMs: number;
  readonly spanMs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
  readonly volumeLots: number;
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
   * Delivered right after the bar's span has ended, and after its last quote. `late`: a newer one has ended since, as after
   * an interruption; it is no news to enter on.
   */
  | { readonly kind: 'bar'; readonly marketMs: number; readonly bar: MarketBar; readonly late?: boolean }
  | { readonly kind: 'health'; readonly state: 'up' | 'down'; readonly detail: string }
  /** The recording is over; `detail`: its files. */
  | { readonly kind: 'ended'; readonly detail: string };

/**
 * Synchronous as a rule. On a simulated or recorded market it may return a promise, and the market waits for it: so can
 * orders reach the venue before time goes on, however fast the market runs. A live feed waits for nobody.
 */
export type MarketListener = (event: MarketEvent) => void | Promise<void>;

export interface MarketWants {
  readonly trades: boolean;
}

export interface MarketFeed {
  readonly source: MarketSource;
  /** Market time now: simulated and recorded feeds have a clock of their own; live is the venue's. */
  nowMs(): number;
  /** The last `count` finished bars of one minute before `nowMs`, oldest first; fewer where the source has no more. */
  history(instrument: InstrumentId, count: number): Promise<readonly MarketBar[]>;
  /** It can tell of trades; a recording of trades does so whether they are wanted or not. */
  readonly tellsTrades: boolean;
  /** Starts delivery, with trades only where they are wanted. A feed at full speed yields to the event loop at least every 10 ms. */
  start(listener: MarketListener, wanted?: MarketWants): void;
  /** Simulated and recorded markets stand still between stop and the next start. */
  stop(): Promise<void>;
}
