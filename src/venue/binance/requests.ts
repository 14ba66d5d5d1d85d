/**
 * The only way out: every request passes the rate budgets (with its urgency) and the circuit breaker, and
 * both learn how it was answered. Readings are retried; orders and cancels never.
 */
import { type Backoff, jitteredMs } from '../../domain/backoff.js';
import type { Breaker } from '../breaker.js';
import {
  type Admitted,
  ORDER_WAITS_MS_MAX,
  type RateBudget,
  type RateBudgetQueue,
  type Urgency,
} from '../rate-budget.js';
import { type Answer, silenceMs } from './answer.js';
import type { BinanceExchange, CcxtBinance, OnHeaders } from './exchange.js';
import { isKeyRefused } from './outcomes.js';

export interface Request {
  /** For messages and metrics, for example `GET order`. */
  readonly name: string;
  readonly weight: number;
  readonly urgency: Urgency;
  readonly countsAsOrder?: boolean;
  /** A reading: repeating it does no harm. */
  readonly safeToRepeat: boolean;
  readonly send: (ccxt: CcxtBinance) => Promise<unknown>;
}

export interface RequestFigures {
  readonly sent: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly notSent: number;
}

export interface Requests {
  ask(request: Request): Promise<Answer>;
  readonly figures: RequestFigures;
}

interface RequestsOptions {
  readonly exchange: BinanceExchange;
  readonly queue: RateBudgetQueue;
  readonly breaker: Breaker;
  readonly retry: RetryOptions;
  readonly nowMs: () => number;
  /** Why no order may leave; null if orders may. */
  readonly whyNoOrder: () => string | null;
  readonly onBreaker: (detail: string) => void;
  readonly onKeyRefused: () => void;
  /** Called when the venue says that our clock is wrong: measures the offset again. False if that failed. */
  readonly measureClock: () => Promise<boolean>;
}

/** "Timestamp for this request is outside of the recvWindow": certainly refused. */
const CLOCK_OFF = -1021;

export function createRequests(options: RequestsOptions): Requests {
  const { exchange, queue, breaker, nowMs } = options;
  const figures = { sent: 0, refused: 0, unanswered: 0, notSent: 0 };

  function report(answer: Answer): void {
    const change = answer.kind === 'unanswered' ? breaker.failed(nowMs(), answer.cause) : breaker.succeeded();
    if (change !== null) options.onBreaker(change.detail);
    if (isKeyRefused(answer)) options.onKeyRefused();
  }

  async function once(request: Request, sinceMs: number): Promise<Answer> {
    const whyNoOrder = request.countsAsOrder === true ? options.whyNoOrder() : null;
    if (whyNoOrder !== null) return { kind: 'notSent', cause: whyNoOrder };
    const admitted = await queue.enter({
      weight: request.weight,
      urgency: request.urgency,
      countsAsOrder: request.countsAsOrder ?? false,
      sinceMs,
    });
    if (admitted !== 'go') return { kind: 'notSent', cause: notSentCause(admitted, queue.pausedUntilMs) };
    const before = breaker.state;
    const allowed = breaker.allows(request.urgency, nowMs());
    if (breaker.state !== before) options.onBreaker('one request finds out whether the venue is back');
    if (!allowed) {
      return { kind: 'notSent', cause: 'the API breaker is open: the venue did not answer before' };
    }
    figures.sent += 1;
    const answer = await exchange.ask(request.send);
    report(answer);
    return answer;
  }

  /**
   * A request refused only for its timestamp is sent once more after measuring the clock. An order goes out
   * within a second of being requested or not at all, since prices move on; anything else goes out even by
   * the old clock, since it may only have been in flight too long.
   */
  async function withClock(request: Request): Promise<Answer> {
    const sinceMs = nowMs();
    const answer = await once(request, sinceMs);
    if (answer.kind !== 'refused' || answer.code !== CLOCK_OFF) return answer;
    const isOrder = request.countsAsOrder === true;
    const leftMs = isOrder ? sinceMs + ORDER_WAITS_MS_MAX - nowMs() : ORDER_WAITS_MS_MAX;
    const measured = await Promise.race([
      options.measureClock(),
      options.retry.sleep(Math.max(0, leftMs)).then(() => false),
    ]);
    const late = !measured || nowMs() - sinceMs > ORDER_WAITS_MS_MAX;
    return isOrder && late ? answer : once(request, sinceMs);
  }

  return {
    figures,
    async ask(request) {
      const answer = request.safeToRepeat
        ? await retry(
            () => withClock(request),
            (one) => one.kind === 'unanswered',
            options.retry,
          )
        : await withClock(request);
      if (answer.kind !== 'answered') figures[answer.kind] += 1;
      return answer;
    },
  };
}

function notSentCause(refused: Exclude<Admitted, 'go'>, pausedUntilMs: number): string {
  return {
    full: 'too many requests wait already',
    orderLimit: 'the limit of orders leaves no room for it within a second',
    weightLimit: 'the limit of requests leaves no room for it in time',
    paused: `the venue asked for silence until ${new Date(pausedUntilMs).toISOString()}`,
    closed: 'the connection was closed by us',
  }[refused];
}

/** Adjusts budgets and pauses from the venue's response headers. */
export function watchHeaders(
  weight: RateBudget,
  orders: RateBudget,
  queue: RateBudgetQueue,
  nowMs: () => number,
  onPause: (untilMs: number, status: number) => void,
): OnHeaders {
  return (status, headers, code) => {
    const read = (name: string): number | null => {
      const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
      return found !== undefined && /^\d{1,9}$/.test(found) ? Number(found) : null;
    };
    const used = read('x-mbx-used-weight-1m');
    if (used !== null) weight.observe(used, nowMs());
    const placed = read('x-mbx-order-count-10s');
    if (placed !== null) orders.observe(placed, nowMs());
    const waitSeconds = read('retry-after');
    if (code === TOO_MANY_ORDERS) orders.exhaust(nowMs());
    if (status !== 429 && status !== 418) return;
    if (code === TOO_MANY_ORDERS) return;
    const untilMs = nowMs() + silenceMs(waitSeconds);
    queue.pauseUntil(untilMs);
    onPause(untilMs, status);
  };
}

/**
 * The account's limit of unfilled orders, not the address's limit of requests, whatever Retry-After comes
 * with it. Cancels and readings still pass: a pause would leave open what is being closed.
 */
const TOO_MANY_ORDERS = -1015;

interface RetryOptions extends Backoff {
  /** The number of tries, the first included. */
  readonly triesMax: number;
  /** A random number in [0, 1). */
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Returns the first result that is good enough, or the last one. Only for requests that are safe to repeat
 * (readings): an order whose outcome is unknown is looked up, never sent again. No library: the pause and its
 * randomness are passed in, so a simulated venue fails and recovers in simulated time.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  again: (result: T) => boolean,
  options: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await work(attempt - 1);
    if (!again(result) || attempt >= options.triesMax) return result;
    await options.sleep(jitteredMs(attempt, options, options.random));
  }
}
