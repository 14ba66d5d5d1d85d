/** Orders on their way: acknowledged, but not yet where they can be matched. */
import type { PaperOrder } from './book-record.js';

/**
 * An order arrives with the first quote at or after its market time of arrival, or after the same time on the wall
 * clock if no quote came until then (the last one stands), whichever is first. So a market order never waits for the
 * next quote of a slow market, and never misses hours of a fast one.
 */
export class Arrivals {
  private readonly onTheWay = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly latencyMs: number,
    private readonly arrive: (order: PaperOrder) => void,
  ) {}

  add(order: PaperOrder): void {
    const timer = setTimeout(() => {
      this.onTheWay.delete(order.clientId);
      this.arrive(order);
    }, this.latencyMs);
    this.onTheWay.set(order.clientId, timer);
  }

  has(order: PaperOrder): boolean {
    return this.onTheWay.has(order.clientId);
  }

  /** The order has arrived another way, or is no longer open. */
  remove(clientId: string): void {
    clearTimeout(this.onTheWay.get(clientId));
    this.onTheWay.delete(clientId);
  }

  clear(): void {
    for (const clientId of [...this.onTheWay.keys()]) this.remove(clientId);
  }
}
