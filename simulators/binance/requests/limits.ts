/**
 * Request weight per minute for each address, and what happens to clients that exceed it. `order-counts.ts`
 * counts orders.
 */
import { ORDER_LIMITS } from './order-counts.js';
import { Refusal } from './refusal.js';

const WEIGHT_LIMIT = 6000;
const RAW_LIMIT = 61_000;
const MINUTE_MS = 60_000;
const RAW_MS = 300_000;
/** Requests refused with 429 before the address is banned with 418. */
const WARNINGS_MAX = 10;
const BAN_MS = 120_000;

const WEIGHT_RATE = {
  rateLimitType: 'REQUEST_WEIGHT',
  interval: 'MINUTE',
  intervalNum: 1,
  limit: WEIGHT_LIMIT,
};

export const RATE_LIMITS = [
  WEIGHT_RATE,
  ...ORDER_LIMITS.map(({ interval, intervalNum, limit }) => ({
    rateLimitType: 'ORDERS',
    interval,
    intervalNum,
    limit,
  })),
  { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: RAW_LIMIT },
];

export class Limits {
  #minute = 0;
  #weight = 0;
  #rawWindow = 0;
  #raw = 0;
  #warnings = 0;
  #banUntilMs = 0;
  #banStatus = 418;

  constructor(readonly nowMs: () => number) {}

  ban(status: number, forMs: number): void {
    this.#banStatus = status;
    this.#banUntilMs = forMs > 0 ? this.nowMs() + forMs : 0;
  }

  /** Starts all intervals afresh: for tests that do in minutes what an address is allowed in hours. A ban stays. */
  beginAnew(): void {
    this.#minute = this.#rawWindow = 0;
  }

  /** Counts a request; throws the venue's 429 or 418. */
  count(weight: number): void {
    const nowMs = this.nowMs();
    this.#roll(nowMs);
    if (nowMs < this.#banUntilMs) throw this.#banned(nowMs);
    this.#weight += weight;
    this.#raw += 1;
    if (this.#weight > WEIGHT_LIMIT) {
      const what = `request weight used; current limit is ${WEIGHT_LIMIT} request weight per 1 MINUTE`;
      throw this.#tooMuch(nowMs, what, this.#minute + MINUTE_MS);
    }
    if (this.#raw > RAW_LIMIT) {
      const what = `requests; current limit is ${RAW_LIMIT} requests per 5 MINUTE`;
      throw this.#tooMuch(nowMs, what, this.#rawWindow + RAW_MS);
    }
  }

  headers(): Record<string, string> {
    return {
      'x-mbx-used-weight': String(this.#weight),
      'x-mbx-used-weight-1m': String(this.#weight),
    };
  }

  /** The `rateLimits` of an answer on the WebSocket API. */
  shown(): Record<string, unknown> {
    return { ...WEIGHT_RATE, count: this.#weight };
  }

  #roll(nowMs: number): void {
    if (nowMs - this.#minute >= MINUTE_MS) {
      this.#minute = nowMs - (nowMs % MINUTE_MS);
      this.#weight = 0;
      this.#warnings = 0;
    }
    if (nowMs - this.#rawWindow >= RAW_MS) {
      this.#rawWindow = nowMs - (nowMs % RAW_MS);
      this.#raw = 0;
    }
  }

  #tooMuch(nowMs: number, what: string, untilMs: number): Refusal {
    this.#warnings += 1;
    if (this.#warnings > WARNINGS_MAX) {
      this.ban(418, BAN_MS);
      return this.#banned(nowMs);
    }
    return new Refusal(
      -1003,
      `Too much ${what}. Please use WebSocket Streams for live updates to avoid polling the API.`,
      429,
      { 'Retry-After': String(Math.ceil((untilMs - nowMs) / 1000)) },
    );
  }

  #banned(nowMs: number): Refusal {
    return new Refusal(
      -1003,
      `Way too much request weight used; IP banned until ${this.#banUntilMs}. Please use WebSocket Streams for live updates to avoid bans.`,
      this.#banStatus,
      { 'Retry-After': String(Math.max(1, Math.ceil((this.#banUntilMs - nowMs) / 1000))) },
    );
  }
}
