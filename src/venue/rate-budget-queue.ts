/**
 * Requests that wait for room in the budgets: the most urgent first, then the oldest. An urgent request never waits
 * behind one that is not, and a full queue refuses only requests that are not urgent.
 */
import type { RateBudget } from './rate-budget.js';
import { URGENCIES, type Urgency } from './urgency.js';

export interface Admission {
  readonly weight: number;
  readonly urgency: Urgency;
  readonly countsAsOrder: boolean;
}

/**
 * `full`: too many are waiting already. `paused`: the venue asked for silence; until it ends nothing is sent at all.
 */
export type Admitted = 'go' | 'full' | 'paused' | 'closed';

export interface RateBudgetQueueOptions {
  readonly weight: RateBudget;
  readonly orders: RateBudget;
  readonly nowMs: () => number;
  /** The most requests that may wait, for each urgency. */
  readonly waitingMax: number;
}

export interface RateBudgetQueue {
  enter(admission: Admission): Promise<Admitted>;
  /** The venue asked for silence (429 or 418 with Retry-After). */
  pauseUntil(untilMs: number): void;
  readonly pausedUntilMs: number;
  readonly waiting: number;
  close(): void;
}

/** After this the caller of a reading has given up; sending it all the same would take the room of the next one. */
const READING_WAITS_MS_MAX = 5_000;
const READINGS: readonly Urgency[] = ['read', 'background'];
/**
 * An order is meant for current prices, and its caller takes silence for an unknown outcome: better refused than
 * late.
 */
const ORDER_WAITS_MS_MAX = 1_000;

interface Waiting {
  readonly admission: Admission;
  readonly sinceMs: number;
  readonly resolve: (admitted: Admitted) => void;
}

export function createRateBudgetQueue(options: RateBudgetQueueOptions): RateBudgetQueue {
  const { weight, orders, nowMs } = options;
  const waiting: Record<Urgency, Waiting[]> = { urgent: [], order: [], read: [], background: [] };
  let pausedUntilMs = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function waitMsOf({ weight: cost, urgency, countsAsOrder }: Admission): number {
    const now = nowMs();
    const ordersMs = countsAsOrder ? orders.wait(1, urgency, now) : 0;
    return Math.max(ordersMs, weight.wait(cost, urgency, now));
  }

  function take(admission: Admission): number {
    const waitMs = waitMsOf(admission);
    if (waitMs > 0) return waitMs;
    const now = nowMs();
    if (admission.countsAsOrder) orders.take(1, admission.urgency, now);
    return weight.take(admission.weight, admission.urgency, now);
  }

  function dropStale(): void {
    const oldestMs = nowMs() - READING_WAITS_MS_MAX;
    for (const urgency of READINGS) {
      while ((waiting[urgency][0]?.sinceMs ?? oldestMs) < oldestMs) waiting[urgency].shift()?.resolve('full');
    }
  }

  function drain(): void {
    clearTimeout(timer);
    dropStale();
    for (const urgency of URGENCIES) {
      for (let next = waiting[urgency][0]; next !== undefined; next = waiting[urgency][0]) {
        const waitMs = take(next.admission);
        if (waitMs > 0) {
          timer = setTimeout(drain, waitMs);
          timer.unref();
          return;
        }
        waiting[urgency].shift();
        next.resolve('go');
      }
    }
  }

  function empty(admitted: Admitted): void {
    clearTimeout(timer);
    for (const urgency of URGENCIES) {
      for (const { resolve } of waiting[urgency].splice(0)) resolve(admitted);
    }
  }

  return {
    enter(admission) {
      if (closed) return Promise.resolve('closed');
      if (nowMs() < pausedUntilMs) return Promise.resolve('paused');
      const ahead = URGENCIES.slice(0, URGENCIES.indexOf(admission.urgency) + 1);
      if (ahead.every((urgency) => waiting[urgency].length === 0) && take(admission) === 0) {
        return Promise.resolve('go');
      }
      if (admission.countsAsOrder && waitMsOf(admission) > ORDER_WAITS_MS_MAX) return Promise.resolve('full');
      if (waiting[admission.urgency].length >= options.waitingMax) return Promise.resolve('full');
      return new Promise((resolve) => {
        waiting[admission.urgency].push({ admission, sinceMs: nowMs(), resolve });
        drain();
      });
    },
    pauseUntil(untilMs) {
      if (untilMs <= pausedUntilMs) return;
      pausedUntilMs = untilMs;
      empty('paused');
    },
    get pausedUntilMs() {
      return pausedUntilMs;
    },
    get waiting() {
      return URGENCIES.reduce((sum, urgency) => sum + waiting[urgency].length, 0);
    },
    close() {
      closed = true;
      empty('closed');
    },
  };
}
