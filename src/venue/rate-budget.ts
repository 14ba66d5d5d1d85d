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

/** Windows begin at whole multiples of their length, as the venue counts them. */
export class RateBudget {
  readonly #windowMs: number;
  #limit: number;
  #windowStartMs = 0;
  #used = 0;
  #exhausted = false;

  constructor({ limit, windowMs }: RateBudgetOptions) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** 0 if there is room for the weight now, else the milliseconds to wait. */
  wait(weight: number, urgency: Urgency, nowMs: number): number {
    this.#roll(nowMs);
    const isWithin = this.#used + weight <= this.#limit * SHARES[urgency];
    const room = isWithin && (urgency === 'urgent' || !this.#exhausted);
    return room ? 0 : this.#windowStartMs + this.#windowMs - nowMs;
  }

  /** Takes the weight and returns 0, or takes nothing and returns the milliseconds to wait. */
  take(weight: number, urgency: Urgency, nowMs: number): number {
    const waitMs = this.wait(weight, urgency, nowMs);
    if (waitMs === 0) this.#used += weight;
    return waitMs;
  }

  /** Uses the venue's own count of the current window if it is higher than ours. */
  observe(used: number, nowMs: number): void {
    this.#roll(nowMs);
    if (Number.isFinite(used) && used > this.#used) this.#used = used;
  }

  /** The venue says that the limit is used up: in this window only urgent requests are still tried. */
  exhaust(nowMs: number): void {
    this.#roll(nowMs);
    this.#exhausted = true;
  }

  /** Uses the venue's own limit once it is known. */
  setLimit(limit: number): void {
    if (limit > 0) this.#limit = limit;
  }

  state(nowMs: number): RateBudgetState {
    this.#roll(nowMs);
    return {
      limit: this.#limit,
      windowMs: this.#windowMs,
      used: this.#used,
      exhausted: this.#exhausted,
    };
  }

  #roll(nowMs: number): void {
    const startMs = nowMs - (nowMs % this.#windowMs);
    if (startMs === this.#windowStartMs) return;
    this.#windowStartMs = startMs;
    this.#used = 0;
    this.#exhausted = false;
  }
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
export class RateBudgetQueue {
  readonly #waiting: Record<Urgency, Waiting[]> = { urgent: [], order: [], read: [], background: [] };
  #pausedUntilMs = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: RateBudgetQueueOptions) {}

  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  get waiting(): number {
    return URGENCIES.reduce((sum, urgency) => sum + this.#waiting[urgency].length, 0);
  }

  enter(admission: Admission): Promise<Admitted> {
    if (this.#closed) return Promise.resolve('closed');
    if (this.options.nowMs() < this.#pausedUntilMs) return Promise.resolve('paused');
    return new Promise((resolve) => {
      this.#waiting[admission.urgency].push({ admission, resolve });
      this.#drain();
      const same = this.#waiting[admission.urgency];
      if (same.length > this.options.waitingMax) same.pop()?.resolve('full');
    });
  }

  /** The venue asked for silence (429 or 418 with Retry-After). */
  pauseUntil(untilMs: number): void {
    if (untilMs <= this.#pausedUntilMs) return;
    this.#pausedUntilMs = untilMs;
    this.#empty('paused');
  }

  close(): void {
    this.#closed = true;
    this.#empty('closed');
  }

  #ordersWaitMsOf({ urgency, countsAsOrder }: Admission): number {
    return countsAsOrder ? this.options.orders.wait(1, urgency, this.options.nowMs()) : 0;
  }

  #weightWaitMsOf({ weight, urgency }: Admission): number {
    return this.options.weight.wait(weight, urgency, this.options.nowMs());
  }

  #waitMsOf(admission: Admission): number {
    return Math.max(this.#ordersWaitMsOf(admission), this.#weightWaitMsOf(admission));
  }

  #take(admission: Admission): number {
    const waitMs = this.#waitMsOf(admission);
    if (waitMs > 0) return waitMs;
    const now = this.options.nowMs();
    if (admission.countsAsOrder) this.options.orders.take(1, admission.urgency, now);
    return this.options.weight.take(admission.weight, admission.urgency, now);
  }

  #drain(): void {
    clearTimeout(this.#timer);
    let nextMs = Number.POSITIVE_INFINITY;
    // Until there is room for a waiting request's weight, nothing behind it is sent: it would take that room.
    let heldMs = 0;
    for (const urgency of URGENCIES) {
      this.#waiting[urgency] = this.#waiting[urgency].filter(({ admission, resolve }) => {
        const waitMs = heldMs > 0 ? Math.max(heldMs, this.#waitMsOf(admission)) : this.#take(admission);
        const late = this.options.nowMs() + waitMs - admission.sinceMs > waitsMsMax(admission);
        if (waitMs === 0 || late) {
          const byOrders =
            this.#ordersWaitMsOf(admission) > Math.max(heldMs, this.#weightWaitMsOf(admission));
          resolve(waitMs === 0 ? 'go' : byOrders ? 'orderLimit' : 'weightLimit');
          return false;
        }
        nextMs = Math.min(nextMs, waitMs);
        heldMs = Math.max(heldMs, this.#weightWaitMsOf(admission));
        return true;
      });
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#drain(), nextMs).unref();
  }

  #empty(admitted: Admitted): void {
    clearTimeout(this.#timer);
    for (const urgency of URGENCIES) {
      for (const { resolve } of this.#waiting[urgency].splice(0)) resolve(admitted);
    }
  }
}
