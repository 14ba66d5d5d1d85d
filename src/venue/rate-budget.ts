/**
 * How much of a venue's rate limit is left. Each urgency may use only its share, so that requests that reduce risk
 * find room when everything else has used up its own. Pure: the time is given.
 */
import type { Urgency } from './urgency.js';

export interface RateBudgetOptions {
  /** What the venue allows in one window. */
  readonly limit: number;
  readonly windowMs: number;
}

/** The fraction of the limit that each urgency may fill. */
export const SHARES: Readonly<Record<Urgency, number>> = {
  urgent: 1,
  order: 0.9,
  read: 0.75,
  background: 0.5,
};

export interface RateBudgetState {
  readonly limit: number;
  readonly windowMs: number;
  readonly used: number;
  /** The venue said that nothing is left of this window. */
  readonly exhausted: boolean;
}

export interface RateBudget {
  /** 0 if there is room for the weight now, else the milliseconds to wait. */
  wait(weight: number, urgency: Urgency, nowMs: number): number;
  /** Takes the weight and returns 0, or takes nothing and returns the milliseconds to wait. */
  take(weight: number, urgency: Urgency, nowMs: number): number;
  /** Takes over the venue's own count of the current window if it is higher than ours. */
  observe(used: number, nowMs: number): void;
  /** The venue says that the limit is used up: in this window only urgent requests are still tried. */
  exhaust(nowMs: number): void;
  /** Takes over the venue's own limit, once it is known. */
  setLimit(limit: number): void;
  state(nowMs: number): RateBudgetState;
}

/** Windows begin at whole multiples of their length, as the venue counts them. */
export function createRateBudget(options: RateBudgetOptions): RateBudget {
  const { windowMs } = options;
  let limit = options.limit;
  let windowStartMs = 0;
  let used = 0;
  let exhausted = false;

  function roll(nowMs: number): void {
    const startMs = nowMs - (nowMs % windowMs);
    if (startMs === windowStartMs) return;
    windowStartMs = startMs;
    used = 0;
    exhausted = false;
  }

  function wait(weight: number, urgency: Urgency, nowMs: number): number {
    roll(nowMs);
    const room = used + weight <= limit * SHARES[urgency] && (urgency === 'urgent' || !exhausted);
    return room ? 0 : windowStartMs + windowMs - nowMs;
  }

  return {
    wait,
    take(weight, urgency, nowMs) {
      const waitMs = wait(weight, urgency, nowMs);
      if (waitMs === 0) used += weight;
      return waitMs;
    },
    observe(count, nowMs) {
      roll(nowMs);
      if (Number.isFinite(count) && count > used) used = count;
    },
    exhaust(nowMs) {
      roll(nowMs);
      exhausted = true;
    },
    setLimit(next) {
      if (next > 0) limit = next;
    },
    state(nowMs) {
      roll(nowMs);
      return { limit, windowMs, used, exhausted };
    },
  };
}
