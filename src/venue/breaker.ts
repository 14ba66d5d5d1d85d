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

export interface Breaker {
  readonly state: BreakerState;
  /** When an open breaker allows the next try; null unless open. */
  readonly nextTryMs: number | null;
  /** Whether a request may go out now. A caller that is let through reports `succeeded` or `failed` afterwards. */
  allows(urgency: Urgency, nowMs: number): boolean;
  /** The venue answered, even if it refused. */
  succeeded(): BreakerChange | null;
  failed(nowMs: number, cause: string): BreakerChange | null;
}

export function createBreaker(options: BreakerOptions = BREAKER_DEFAULTS): Breaker {
  let state: BreakerState = 'closed';
  let failures = 0;
  let openUntilMs = 0;
  let trying = false;

  function change(to: BreakerState, detail: string): BreakerChange | null {
    if (state === to) return null;
    const from = state;
    state = to;
    return { from, to, detail };
  }

  return {
    get state() {
      return state;
    },
    get nextTryMs() {
      return state === 'open' ? openUntilMs : null;
    },
    allows(urgency, nowMs) {
      if (urgency === 'urgent' || state === 'closed') return true;
      if (state === 'open' && nowMs >= openUntilMs) {
        state = 'halfOpen';
        trying = false;
      }
      if (state !== 'halfOpen' || trying) return false;
      trying = true;
      return true;
    },
    succeeded() {
      failures = 0;
      trying = false;
      return change('closed', 'the venue answers again');
    },
    failed(nowMs, cause) {
      failures += 1;
      trying = false;
      if (state === 'closed' && failures < options.failuresToOpen) return null;
      openUntilMs = nowMs + options.openMs;
      return change('open', `${failures} requests in a row without an answer (${cause})`);
    },
  };
}

/** Why a venue can't be traded on now. It is up when there are no reasons. */
export interface VenueHealth {
  readonly state: 'up' | 'down';
  /** Each reason once, oldest first, however many causes share it; empty while up. */
  readonly reasons: readonly string[];
  against(cause: string, detail: string): void;
  resolved(cause: string): void;
  /**
   * Something was missed: goes down and up again, so that the engine reconciles. Does nothing while already
   * down.
   */
  missed(detail: string): void;
}

export function createVenueHealth(
  emit: (state: 'up' | 'down', detail: string) => void,
  firstCauses: Readonly<Record<string, string>>,
): VenueHealth {
  const causes = new Map(Object.entries(firstCauses));
  return {
    get state() {
      return causes.size === 0 ? 'up' : 'down';
    },
    get reasons() {
      return [...new Set(causes.values())];
    },
    against(cause, detail) {
      const wasUp = causes.size === 0;
      causes.set(cause, detail);
      if (wasUp) emit('down', detail);
    },
    resolved(cause) {
      if (!causes.delete(cause) || causes.size > 0) return;
      emit('up', 'connected; everything since the last reading is read again');
    },
    missed(detail) {
      if (causes.size > 0) return;
      emit('down', detail);
      emit('up', detail);
    },
  };
}
