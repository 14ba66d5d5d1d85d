/**
 * How much of a venue's rate limit is left, and the requests that wait for room in it. Each urgency may use
 * only its share, so requests that reduce risk find room when everything else has used up its own. Pure
 * except for the queue's timers: time is passed in.
 */

/** What a request to a venue is for. Requests that reduce risk go first, even when a queue is full. */
export type Urgency =
  /** Cancels, protective stops and closing orders, and the lookup of an order whose answer was lost. */
  | 'urgent'
  /** Orders that add risk. */
  | 'order'
  /** Reconciliation. */
  | 'read'
  /** Anything that can wait: clock, symbols, permissions. */
  | 'background';

export const URGENCIES: readonly Urgency[] = ['urgent', 'order', 'read', 'background'];

interface RateBudgetOptions {
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
  /** Uses the venue's own count of the current window if it is higher than ours. */
  observe(used: number, nowMs: number): void;
  /** The venue says that the limit is used up: in this window only urgent requests are still tried. */
  exhaust(nowMs: number): void;
  /** Uses the venue's own limit once it is known. */
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

interface Admission {
  readonly weight: number;
  readonly urgency: Urgency;
  readonly countsAsOrder: boolean;
  /** When it was requested. */
  readonly sinceMs: number;
}

/**
 * `full`: too many are waiting. `orderLimit`, `weightLimit`: this limit leaves no room for it in time.
 * `paused`: the venue asked for silence; nothing is sent until it ends.
 */
export type Admitted = 'go' | 'full' | 'orderLimit' | 'weightLimit' | 'paused' | 'closed';

interface RateBudgetQueueOptions {
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

/** By then the caller of a reading has given up; sending it anyway would take the next one's room. */
const READING_WAITS_MS_MAX = 5_000;
/**
 * An order is meant for current prices, and its caller treats silence as an unknown outcome: better refused
 * than late.
 */
export const ORDER_WAITS_MS_MAX = 1_000;

function waitsMsMax({ urgency, countsAsOrder }: Admission): number {
  if (countsAsOrder) return ORDER_WAITS_MS_MAX;
  return urgency === 'read' || urgency === 'background' ? READING_WAITS_MS_MAX : Number.POSITIVE_INFINITY;
}

interface Waiting {
  readonly admission: Admission;
  readonly resolve: (admitted: Admitted) => void;
}

/**
 * Requests that wait for room in the budgets: the most urgent first, then the oldest. An urgent request never
 * waits behind one that is not, nothing waits behind an order that only the order limit holds back, and a
 * full queue refuses only requests that are not urgent.
 */
export function createRateBudgetQueue(options: RateBudgetQueueOptions): RateBudgetQueue {
  const { weight, orders, nowMs } = options;
  const waiting: Record<Urgency, Waiting[]> = { urgent: [], order: [], read: [], background: [] };
  let pausedUntilMs = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function ordersWaitMsOf({ urgency, countsAsOrder }: Admission): number {
    return countsAsOrder ? orders.wait(1, urgency, nowMs()) : 0;
  }

  function weightWaitMsOf({ weight: cost, urgency }: Admission): number {
    return weight.wait(cost, urgency, nowMs());
  }

  function waitMsOf(admission: Admission): number {
    return Math.max(ordersWaitMsOf(admission), weightWaitMsOf(admission));
  }

  function take(admission: Admission): number {
    const waitMs = waitMsOf(admission);
    if (waitMs > 0) return waitMs;
    const now = nowMs();
    if (admission.countsAsOrder) orders.take(1, admission.urgency, now);
    return weight.take(admission.weight, admission.urgency, now);
  }

  function drain(): void {
    clearTimeout(timer);
    let nextMs = Number.POSITIVE_INFINITY;
    // Until there is room for a waiting request's weight, nothing behind it is sent: it would take that room.
    let heldMs = 0;
    for (const urgency of URGENCIES) {
      waiting[urgency] = waiting[urgency].filter(({ admission, resolve }) => {
        const waitMs = heldMs > 0 ? Math.max(heldMs, waitMsOf(admission)) : take(admission);
        const late = nowMs() + waitMs - admission.sinceMs > waitsMsMax(admission);
        if (waitMs === 0 || late) {
          const byOrders = ordersWaitMsOf(admission) > Math.max(heldMs, weightWaitMsOf(admission));
          resolve(waitMs === 0 ? 'go' : byOrders ? 'orderLimit' : 'weightLimit');
          return false;
        }
        nextMs = Math.min(nextMs, waitMs);
        heldMs = Math.max(heldMs, weightWaitMsOf(admission));
        return true;
      });
    }
    if (nextMs < Number.POSITIVE_INFINITY) timer = setTimeout(drain, nextMs).unref();
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
      return new Promise((resolve) => {
        waiting[admission.urgency].push({ admission, resolve });
        drain();
        const same = waiting[admission.urgency];
        if (same.length > options.waitingMax) same.pop()?.resolve('full');
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
