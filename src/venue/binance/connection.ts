/** Everything between the adapter and the wire: client library, budgets, breaker, health, clock, strict reading. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Breaker, VenueHealth } from '../breaker.js';
import type { RateRule } from '../definition.js';
import { type VenueStreamEvent, VenueUnavailable } from '../port.js';
import { RateBudget, RateBudgetQueue, type Urgency } from '../rate-budget.js';
import { steadyNowMs } from '../steady-clock.js';
import { fieldsOf, wholeField } from './decode.js';
import { type BinanceExchange, openExchange, RECV_WINDOW_MS } from './exchange.js';
import { BINANCE_RATES, BINANCE_TIMES, type BinanceTimes, type BinanceVenueOptions } from './options.js';
import { Reader } from './reading.js';
import { createRequests, type Requests, watchHeaders } from './requests.js';

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
    new RateBudget(limited ? rule : { ...rule, limit: UNLIMITED });
  const [weight, orders] = [budget(BINANCE_RATES.weight), budget(BINANCE_RATES.orders)];
  const queue = new RateBudgetQueue({ weight, orders, nowMs, waitingMax: WAITING_MAX });
  const breaker = new Breaker(options.breaker);
  const health = new VenueHealth((state, detail) => emit({ kind: 'health', state, detail }), {
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
  const accountId = new AccountId(options.expectedAccount ?? (() => null));
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
  const reader = new Reader(requests, nowMs, options.onRefusedAnswer ?? ignore, doubts.onBetweenSteps);
  const clock = new VenueClock(exchange, reader, nowMs);
  const limits = { breaker, queue, weight, orders };
  return { exchange, requests, reader, clock, accountId, health, ...limits, times, nowMs };
}

function ignore(): void {}

/** A request dated a second ahead of the venue's time is refused; this leaves room for whole milliseconds. */
const AHEAD_MS_MAX = 900;

/** The venue's clock relative to ours: the venue checks the timestamp of every signed request. */
class VenueClock {
  /** The known bounds of the offset. */
  #known: { readonly leastMs: number; readonly mostMs: number } | null = null;
  #offsetMs: number | null = null;

  constructor(
    private readonly exchange: BinanceExchange,
    private readonly reader: Reader,
    private readonly ownNowMs: () => number,
  ) {}

  /** The venue's time minus ours, in milliseconds; null before the first measurement. */
  get offsetMs(): number | null {
    return this.#offsetMs;
  }

  /** An estimate of the venue's time without a request; our own time before the first measurement. */
  readonly nowMs = (): number => this.ownNowMs() + (this.#offsetMs ?? 0);

  /** Measures the offset, uses it from then on, and returns the venue's time. Throws `VenueUnavailable`. */
  async measure(urgency: Urgency = 'background'): Promise<number> {
    const sentMs = this.ownNowMs();
    const serverMs = await this.reader.read({
      name: 'GET time',
      weight: 1,
      urgency,
      send: (ccxt) => ccxt.publicGetTime(),
      decode: (body) => wholeField(fieldsOf(body, 'time'), 'serverTime', 'time'),
    });
    // The venue read its clock somewhere between request and answer. So a slow round trip says little, and
    // the bounds from a quicker one stay unless they can no longer be true: then one of the clocks was set.
    const fresh = { leastMs: serverMs - this.ownNowMs(), mostMs: serverMs - sentMs };
    const both = {
      leastMs: Math.max(fresh.leastMs, this.#known?.leastMs ?? fresh.leastMs),
      mostMs: Math.min(fresh.mostMs, this.#known?.mostMs ?? fresh.mostMs),
    };
    const known = both.leastMs <= both.mostMs ? both : fresh;
    const offsetMs = Math.round(Math.min((known.leastMs + known.mostMs) / 2, known.leastMs + AHEAD_MS_MAX));
    this.#known = known;
    this.#offsetMs = offsetMs;
    this.exchange.setClockOffset(offsetMs);
    if (known.mostMs - offsetMs > RECV_WINDOW_MS) {
      const seconds = Math.round((this.ownNowMs() - sentMs) / 1000);
      throw new VenueUnavailable(`GET time: the answer took ${seconds} s, too long to date orders by it`);
    }
    return serverMs;
  }
}

/**
 * Which account the key belongs to. A new key of the same account may trade; a key of another account must not,
 * since its holdings are not the desk's. `expected`: the account id in the desk's books; null if they have none.
 */
class AccountId {
  #known: string | null = null;

  constructor(private readonly expected: () => string | null) {}

  /** Null before the first reading, and if the venue gives no account id. */
  get known(): string | null {
    return this.#known;
  }

  /** Takes the id from the body of `account`. */
  learn(body: unknown): void {
    const { uid } = fieldsOf(body, 'account');
    if (Number.isSafeInteger(uid)) this.#known = String(uid);
  }

  /** Why no order may leave; null if no reason is known. */
  problem(): string | null {
    const [known, books] = [this.#known, this.expected()];
    if (known === null || books === null || known === books) return null;
    return `the key is of the account ${known}, and the desk's books are of the account ${books}`;
  }
}
