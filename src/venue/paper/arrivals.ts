/** Orders in flight: acknowledged, but not yet where they can be matched. */
import type { PaperOrder } from './book-record.js';

/** Runs `work` after `delayMs` milliseconds unless the returned function is called first. */
export type Schedule = (delayMs: number, work: () => void) => () => void;

export const onTheWallClock: Schedule = (delayMs, work) => {
  const timer = setTimeout(work, delayMs);
  return () => clearTimeout(timer);
};

/**
 * An order arrives with the first quote at or after its market time of arrival, or after the same delay on
 * the wall clock (at the last quote), whichever is first. So a market order does not wait for the next quote
 * of a slow market, and does not miss hours of a recording that is played fast.
 */
export class Arrivals {
  readonly #onTheWay = new Map<string, { readonly order: PaperOrder; readonly cancel: () => void }>();

  constructor(
    private readonly latencyMs: number,
    private readonly arrive: (order: PaperOrder) => void,
    private readonly schedule: Schedule,
  ) {}

  add(order: PaperOrder): void {
    const cancel = this.schedule(this.latencyMs, () => {
      this.#onTheWay.delete(order.clientId);
      this.arrive(order);
    });
    this.#onTheWay.set(order.clientId, { order, cancel });
  }

  has(order: PaperOrder): boolean {
    return this.#onTheWay.has(order.clientId);
  }

  /** The order that arrives first. Undefined: none is in flight. */
  next(): PaperOrder | undefined {
    let first: PaperOrder | undefined;
    for (const { order } of this.#onTheWay.values())
      if (first === undefined || order.arrivesAtMs < first.arrivesAtMs) first = order;
    return first;
  }

  /** The order has arrived another way, or is no longer open. */
  remove(clientId: string): void {
    this.#onTheWay.get(clientId)?.cancel();
    this.#onTheWay.delete(clientId);
  }

  clear(): void {
    for (const clientId of [...this.#onTheWay.keys()]) this.remove(clientId);
  }
}
