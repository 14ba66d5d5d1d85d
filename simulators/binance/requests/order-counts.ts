/** Unfilled orders: counted for each account once accepted; the first fill of an order takes it off again. */
import { Refusal } from './refusal.js';

export const ORDER_LIMITS = [
  { interval: 'SECOND', intervalNum: 10, limit: 100, ms: 10_000, header: '10s' },
  { interval: 'DAY', intervalNum: 1, limit: 200_000, ms: 86_400_000, header: '1d' },
] as const;

interface Window {
  startMs: number;
  count: number;
}

export class OrderCounts {
  readonly #windows = new Map<string, Window[]>();

  constructor(readonly nowMs: () => number) {}

  /** Throws if this many more orders would be too many. */
  check(account: string, orders: number): void {
    this.#of(account).forEach((window, index) => {
      const rule = ORDER_LIMITS[index];
      if (rule === undefined || window.count + orders <= rule.limit) return;
      const waitMs = window.startMs + rule.ms - this.nowMs();
      throw new Refusal(
        -1015,
        `Too many new orders; current limit is ${rule.limit} orders per ${rule.intervalNum} ${rule.interval}.`,
        429,
        { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) },
      );
    });
  }

  accepted(account: string, orders = 1): void {
    for (const window of this.#of(account)) window.count += orders;
  }

  firstFill(account: string): void {
    for (const window of this.#of(account)) window.count = Math.max(0, window.count - 1);
  }

  /** Starts all intervals afresh: for tests that do in minutes what an account is allowed in hours. */
  beginAnew(account: string): void {
    this.#windows.delete(account);
  }

  /** `GET rateLimit/order`, and the `rateLimits` of an answer on the WebSocket API. */
  shown(account: string): Record<string, unknown>[] {
    const windows = this.#of(account);
    return ORDER_LIMITS.map(({ interval, intervalNum, limit }, index) => ({
      rateLimitType: 'ORDERS',
      interval,
      intervalNum,
      limit,
      count: windows[index]?.count ?? 0,
    }));
  }

  headers(account: string): Record<string, string> {
    const windows = this.#of(account);
    return Object.fromEntries(
      ORDER_LIMITS.map(({ header }, index) => [
        `x-mbx-order-count-${header}`,
        String(windows[index]?.count ?? 0),
      ]),
    );
  }

  #of(account: string): Window[] {
    const nowMs = this.nowMs();
    let windows = this.#windows.get(account);
    if (windows === undefined) {
      windows = ORDER_LIMITS.map(() => ({ startMs: 0, count: 0 }));
      this.#windows.set(account, windows);
    }
    windows.forEach((window, index) => {
      const ms = ORDER_LIMITS[index]?.ms ?? 1;
      const startMs = nowMs - (nowMs % ms);
      if (startMs === window.startMs) return;
      window.startMs = startMs;
      window.count = 0;
    });
    return windows;
  }
}
