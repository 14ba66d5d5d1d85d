/** Market events with a time, in order, from something that does not depend on the wall clock. */
import type { MarketEvent } from '../../contracts/market-feed.js';

export type TimedEvent = Extract<MarketEvent, { marketMs: number }>;

export interface TimedSource {
  /** The next event; null: `fill` first. */
  peek(): TimedEvent | null;
  /** Takes the event that `peek` showed. */
  shift(): void;
  /** Gets more events ready; false: there are none, for good. Throws what is wrong with the source. */
  fill(): Promise<boolean>;
  /** It tells of trades, or can be made to by `wantTrades`. */
  readonly tellsTrades: boolean;
  wantTrades?(): void;
  /** Up to this market time the reader is so late that bars' extremes are enough. */
  coarseUntil?(marketMs: number): void;
  close(): Promise<void>;
}
