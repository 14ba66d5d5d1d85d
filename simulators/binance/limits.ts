/** Request weight a minute, orders in ten seconds, and what happens to those who go on. */
import { ORDERS_PER_TEN_SECONDS, WEIGHT_LIMIT } from './queries.js';
import { Refusal } from './refusal.js';

const MINUTE_MS = 60_000;
const TEN_SECONDS_MS = 10_000;
/** Requests refused with 429 before the address is banned with 418. */
const WARNINGS_MAX = 10;
const BAN_MS = 120_000;

export class Limits {
  #minute = 0;
  #weight = 0;
  #ten = 0;
  #orders = 0;
  #warnings = 0;
  #banUntilMs = 0;
  #banStatus = 418;

  constructor(readonly nowMs: () => number) {}

  ban(status: number, forMs: number): void {
    this.#banStatus = status;
    this.#banUntilMs = forMs > 0 ? this.nowMs() + forMs : 0;
  }

  /** Counts a request; throws the 429 or 418 that the venue would answer. */
  count(weight: number, isOrder: boolean): void {
    const nowMs = this.nowMs();
    this.#roll(nowMs);
    if (nowMs < this.#banUntilMs) throw this.#banned(nowMs);
    this.#weight += weight;
    if (this.#weight > WEIGHT_LIMIT) throw this.#tooMuch(nowMs);
    if (!isOrder) return;
    this.#orders += 1;
    if (this.#orders > ORDERS_PER_TEN_SECONDS) {
      // The one 429 for which the venue sends no Retry-After.
      throw new Refusal(
        -1015,
        `Too many new orders; current limit is ${ORDERS_PER_TEN_SECONDS} orders per 10 SECOND.`,
        429,
      );
    }
  }

  headers(isOrder: boolean): Record<string, string> {
    const headers: Record<string, string> = {
      'x-mbx-used-weight': String(this.#weight),
      'x-mbx-used-weight-1m': String(this.#weight),
    };
    if (isOrder) headers['x-mbx-order-count-10s'] = String(this.#orders);
    return headers;
  }

  #roll(nowMs: number): void {
    if (nowMs - this.#minute >= MINUTE_MS) {
      this.#minute = nowMs - (nowMs % MINUTE_MS);
      this.#weight = 0;
      this.#warnings = 0;
    }
    if (nowMs - this.#ten >= TEN_SECONDS_MS) {
      this.#ten = nowMs - (nowMs % TEN_SECONDS_MS);
      this.#orders = 0;
    }
  }

  #tooMuch(nowMs: number): Refusal {
    this.#warnings += 1;
    if (this.#warnings > WARNINGS_MAX) {
      this.ban(418, BAN_MS);
      return this.#banned(nowMs);
    }
    return new Refusal(
      -1003,
      `Too much request weight used; current limit is ${WEIGHT_LIMIT} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
      429,
      { 'Retry-After': String(Math.ceil((this.#minute + MINUTE_MS - nowMs) / 1000)) },
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
