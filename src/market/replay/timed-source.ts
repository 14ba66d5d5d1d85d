/** Timed market events, in order, from a source that does not depend on the wall clock. */
import type { MarketEvent } from '../../contracts/market-feed.js';

export type TimedEvent = Extract<MarketEvent, { marketMs: number }>;

export interface TimedSource {
  /** The next event. Null: call `fill` first. */
  peek(): TimedEvent | null;
  /** Takes the event that `peek` showed. */
  shift(): void;
  /** Prepares more events. False: there are no more. Throws if something is wrong with the source. */
  fill(): Promise<boolean>;
  /** It delivers trades, or can be made to by `wantTrades`. */
  readonly tellsTrades: boolean;
  wantTrades?(): void;
  /** Up to this market time the reader is so far behind that the extremes of bars are enough. */
  coarseUntil?(marketMs: number): void;
  close(): Promise<void>;
}
