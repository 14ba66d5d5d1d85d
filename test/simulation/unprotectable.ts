/** Positions that no stop can protect, by what the venue and the market said: these are closed in every mode. */
import type { EngineEvent } from '../../src/engine/event.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { FollowedBook } from './followed-book.js';

/** Of the desk of the simulation, less what a quote may be late. */
const OVERRUN_MS = 9_000;
/** What the desk tells people when it closes one. */
const CLOSED_WORDS = 'the position is closed at the market now';

export class Unprotectable {
  /** The venue refused a stop because the market is past its price, by instrument. */
  readonly #passed = new Set<number>();
  /** Since when the market is past a stop that rests, by instrument. */
  readonly #overrunSinceMs = new Map<number, number>();

  constructor(private readonly book: FollowedBook) {}

  restart(): void {
    this.#passed.clear();
    this.#overrunSinceMs.clear();
  }

  heard(event: EngineEvent, wallMs: number): void {
    const isRefusal = event.kind === 'order.rejected' || event.kind === 'order.replaceRejected';
    if (isRefusal && event.wouldTrigger === true) {
      const order = this.book.live.get(event.clientId);
      if (order?.intent.purpose === 'protective') this.#passed.add(order.intent.instrument);
    } else if (event.kind === 'quote') {
      const { instrument, bidTicks, askTicks } = event;
      const past = this.book
        .liveOn(instrument, 'protective')
        .some(({ intent: { side, stopTicks } }) =>
          side === 'sell' ? bidTicks < (stopTicks ?? 0) : askTicks > (stopTicks ?? Number.POSITIVE_INFINITY),
        );
      if (!past) this.#overrunSinceMs.delete(instrument);
      else if (!this.#overrunSinceMs.has(instrument)) this.#overrunSinceMs.set(instrument, wallMs);
      this.#forgetProtected(instrument);
    }
  }

  /** Told to people, and so no order that left by itself; whether it was right is judged by the rest. */
  recorded(record: EngineRecord, instrumentOf: (symbol: string | null) => number): void {
    if (record.type === 'note' && record.level === 'alarm' && record.text.endsWith(CLOSED_WORDS))
      this.#passed.add(instrumentOf(record.symbol));
  }

  has(instrument: number, wallMs: number): boolean {
    const sinceMs = this.#overrunSinceMs.get(instrument);
    return (
      this.#passed.has(instrument) ||
      this.book.isUnprotectable(instrument) ||
      (sinceMs !== undefined && wallMs - sinceMs >= OVERRUN_MS)
    );
  }

  #forgetProtected(instrument: number): void {
    if (this.book.openLots(instrument) === 0) this.#passed.delete(instrument);
  }
}
