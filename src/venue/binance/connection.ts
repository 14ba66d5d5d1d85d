/** Everything between the adapter and the wire: client library, budgets, breaker, health, clock, strict reading. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Breaker, createBreaker, createVenueHealth, type VenueHealth } from '../breaker.js';
import type { RateRule } from '../definition.js';
import { type VenueStreamEvent, VenueUnavailable } from '../port.js';
import {
  createRateBudget,
  createRateBudgetQueue,
  type RateBudget,
  type RateBudgetQueue,
  type Urgency,
} from '../rate-budget.js';
import { steadyNowMs } from '../steady-clock.js';
import { fieldsOf, wholeField } from './decode.js';
import { type BinanceExchange, openExchange, RECV_WINDOW_MS } from './exchange.js';
import { BINANCE_RATES, BINANCE_TIMES, type BinanceTimes, type BinanceVenueOptions } from './options.js';
import { createReader, type Reader } from './reading.js';
import { createRequests, type Requests, watchHeaders } from './requests.js';

/** The venue's clock relative to ours: the venue checks the timestamp of every signed request. */
interface VenueClock {
  /** The venue's time minus ours, in milliseconds; null before the first measurement. */
  readonly offsetMs: number | null;
  /** An estimate of the venue's time without a request; our own time before the first measurement. */
  nowMs(): number;
  /** Measures the offset, uses it from then on, and returns the venue's time. Throws `VenueUnavailable`. */
  measure(urgency?: Urgency): Promise<number>;
}

const UNLIMITED = 1_000_000_000;
const WAITING_MAX = 1000;

export interface Connection {
  readonly exchange: BinanceExchange;
  readonly requests: Requests;
  readonly reader: Reader;
  readonly clock: VenueClock;
  readonly accountId: AccountId;
  readonly health: VenueHealth;
  readonly breaker: Breaker;
  readonly queue: RateBudgetQueue;
  readonly weight: RateBudget;
  readonly orders: RateBudget;
  readonly times: BinanceTimes;
  readonly nowMs: () => number;
}

/** What an answer says against what was verified before. */
interface Doubts {
  /** An amount between the known steps: the exchange may have made them finer. */
  readonly onBetweenSteps: () => void;
  readonly onKeyRefused: () => void;
}

export async function openConnection(
  options: BinanceVenueOptions,
  emit: (event: VenueStreamEvent) => void,
  doubts: Doubts,
): Promise<Connection> {
  const nowMs = options.nowMs ?? steadyNowMs;
  const times = { ...BINANCE_TIMES, ...options.times };
  const limited = options.rateLimited ?? true;
  const budget = (rule: RateRule): RateBudget =>
    createRateBudget(limited ? rule : { ...rule, limit: UNLIMITED });
  const [weight, orders] = [budget(BINANCE_RATES.weight), budget(BINANCE_RATES.orders)];
  const queue = createRateBudgetQueue({ weight, orders, nowMs, waitingMax: WAITING_MAX });
  const breaker = createBreaker(options.breaker);
  const health = createVenueHealth((state, detail) => emit({ kind: 'health', state, detail }), {
    setup: 'not connected yet',
    stream: 'the user stream is not connected yet',
  });
  const exchange = await openExchange({
    endpoint: options.endpoint,
    credentials: options.credentials,
    timeoutMs: times.requestTimeoutMs,
    keepAliveMs: times.keepAliveMs,
    nowMs,
    onHeaders: watchHeaders(weight, orders, queue, nowMs, (untilMs, status) => {
      health.against(
        'silence',
        `the venue asked for silence (${status}) until ${new Date(untilMs).toISOString()}`,
      );
    }),
  });
  const accountId = createAccountId(options.expectedAccount ?? (() => null));
  const requests = createRequests({
    exchange,
    whyNoOrder: () => accountId.problem(),
    queue,
    breaker,
    retry: { ...times.retry, random: options.random ?? Math.random, sleep: (ms) => sleep(ms) },
    nowMs,
    onBreaker(detail) {
      emit({ kind: 'breaker', state: breaker.state, detail });
      if (breaker.state === 'closed') health.resolved('breaker');
      else health.against('breaker', `API breaker open: ${detail}`);
    },
    onKeyRefused: doubts.onKeyRefused,
    measureClock: () =>
      clock.measure('urgent').then(
        () => true,
        () => false,
      ),
  });
  const reader = createReader(requests, nowMs, options.onRefusedAnswer ?? ignore, doubts.onBetweenSteps);
  const clock = createVenueClock(exchange, reader, nowMs);
  const limits = { breaker, queue, weight, orders };
  return { exchange, requests, reader, clock, accountId, health, ...limits, times, nowMs };
}

function ignore(): void {}

/** A request dated a second ahead of the venue's time is refused; this leaves room for whole milliseconds. */
const AHEAD_MS_MAX = 900;

function createVenueClock(exchange: BinanceExchange, reader: Reader, nowMs: () => number): VenueClock {
  /** The known bounds of the offset. */
  let known: { readonly leastMs: number; readonly mostMs: number } | null = null;
  let offsetMs: number | null = null;
  return {
    get offsetMs() {
      return offsetMs;
    },
    nowMs: () => nowMs() + (offsetMs ?? 0),
    async measure(urgency = 'background') {
      const sentMs = nowMs();
      const serverMs = await reader.read({
        name: 'GET time',
        weight: 1,
        urgency,
        send: (ccxt) => ccxt.publicGetTime(),
        decode: (body) => wholeField(fieldsOf(body, 'time'), 'serverTime', 'time'),
      });
      // The venue read its clock somewhere between request and answer. So a slow round trip says little, and
      // the bounds from a quicker one stay unless they can no longer be true: then one of the clocks was set.
      const fresh = { leastMs: serverMs - nowMs(), mostMs: serverMs - sentMs };
      const both = {
        leastMs: Math.max(fresh.leastMs, known?.leastMs ?? fresh.leastMs),
        mostMs: Math.min(fresh.mostMs, known?.mostMs ?? fresh.mostMs),
      };
      known = both.leastMs <= both.mostMs ? both : fresh;
      offsetMs = Math.round(Math.min((known.leastMs + known.mostMs) / 2, known.leastMs + AHEAD_MS_MAX));
      exchange.setClockOffset(offsetMs);
      if (known.mostMs - offsetMs > RECV_WINDOW_MS) {
        const seconds = Math.round((nowMs() - sentMs) / 1000);
        throw new VenueUnavailable(`GET time: the answer took ${seconds} s, too long to date orders by it`);
      }
      return serverMs;
    },
  };
}

interface AccountId {
  /** Null before the first reading, and if the venue gives no account id. */
  readonly known: string | null;
  /** Takes the id from the body of `account`. */
  learn(body: unknown): void;
  /** Why no order may leave; null if no reason is known. */
  problem(): string | null;
}

/**
 * Which account the key belongs to. A new key of the same account may trade; a key of another account must not,
 * since its holdings are not the desk's. `expected`: the account id in the desk's books; null if they have none.
 */
function createAccountId(expected: () => string | null): AccountId {
  let known: string | null = null;
  return {
    get known() {
      return known;
    },
    learn(body) {
      const { uid } = fieldsOf(body, 'account');
      if (Number.isSafeInteger(uid)) known = String(uid);
    },
    problem() {
      const books = expected();
      if (known === null || books === null || known === books) return null;
      return `the key is of the account ${known}, and the desk's books are of the account ${books}`;
    },
  };
}
