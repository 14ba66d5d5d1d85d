/**
 * Whether a venue can be traded on now: its health, and the circuit breaker of one connection. Closed:
 * requests go out. Open: none goes out, except urgent ones (a stop is always tried). Half open: one request
 * at a time tests whether the venue is back. Pure: time is passed in.
 */
import type { Urgency } from './rate-budget.js';

export type BreakerState = 'closed' | 'open' | 'halfOpen';

export interface BreakerOptions {
  /** Consecutive failures that open it. */
  readonly failuresToOpen: number;
  /** How long it stays open before a request may try again. */
  readonly openMs: number;
}

const BREAKER_DEFAULTS: BreakerOptions = { failuresToOpen: 5, openMs: 60_000 };

interface BreakerChange {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly detail: string;
}

export class Breaker {
  #state: BreakerState = 'closed';
  #failures = 0;
  #openUntilMs = 0;
  #trying = false;

  constructor(private readonly options: BreakerOptions = BREAKER_DEFAULTS) {}

  get state(): BreakerState {
    return this.#state;
  }

  /** When an open breaker allows the next try; null unless open. */
  get nextTryMs(): number | null {
    return this.#state === 'open' ? this.#openUntilMs : null;
  }

  /** Whether a request may go out now. A caller that is let through reports `succeeded` or `failed` afterwards. */
  allows(urgency: Urgency, nowMs: number): boolean {
    if (urgency === 'urgent' || this.#state === 'closed') return true;
    if (this.#state === 'open' && nowMs >= this.#openUntilMs) {
      this.#state = 'halfOpen';
      this.#trying = false;
    }
    if (this.#state !== 'halfOpen' || this.#trying) return false;
    this.#trying = true;
    return true;
  }

  /** The venue answered, even if it refused. */
  succeeded(): BreakerChange | null {
    this.#failures = 0;
    this.#trying = false;
    return this.#change('closed', 'the venue answers again');
  }

  failed(nowMs: number, cause: string): BreakerChange | null {
    this.#failures += 1;
    this.#trying = false;
    if (this.#state === 'closed' && this.#failures < this.options.failuresToOpen) return null;
    this.#openUntilMs = nowMs + this.options.openMs;
    return this.#change('open', `${this.#failures} requests in a row without an answer (${cause})`);
  }

  #change(to: BreakerState, detail: string): BreakerChange | null {
    const from = this.#state;
    if (from === to) return null;
    this.#state = to;
    return { from, to, detail };
  }
}

/** Why a venue can't be traded on now. It is up when there are no reasons. */
export class VenueHealth {
  readonly #causes: Map<string, string>;

  constructor(
    private readonly emit: (state: 'up' | 'down', detail: string) => void,
    firstCauses: Readonly<Record<string, string>>,
  ) {
    this.#causes = new Map(Object.entries(firstCauses));
  }

  get state(): 'up' | 'down' {
    return this.#causes.size === 0 ? 'up' : 'down';
  }

  /** Each reason once, oldest first, however many causes share it; empty while up. */
  get reasons(): readonly string[] {
    return [...new Set(this.#causes.values())];
  }

  against(cause: string, detail: string): void {
    const wasUp = this.#causes.size === 0;
    this.#causes.set(cause, detail);
    if (wasUp) this.emit('down', detail);
  }

  resolved(cause: string): void {
    if (!this.#causes.delete(cause) || this.#causes.size > 0) return;
    this.emit('up', 'connected; everything since the last reading is read again');
  }

  /**
   * Something was missed: goes down and up again, so that the engine reconciles. Does nothing while already
   * down.
   */
  missed(detail: string): void {
    if (this.#causes.size > 0) return;
    this.emit('down', detail);
    this.emit('up', detail);
  }
}
