/** How a Binance venue is opened. Times and randomness are passed in. */
import type { DeskVenue } from '../../desk/desk-venue.js';
import type { Backoff } from '../../domain/backoff.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { BreakerOptions } from '../breaker.js';
import type { RateRule, RefusedAnswer } from '../definition.js';
import type { VenueEndpoint } from '../prices.js';
import type { BinanceCredentials } from './credentials.js';

export interface BinanceTimes {
  /** Time limit of one request. */
  readonly requestTimeoutMs: number;
  /** Interval between two checks of the venue's clock and state. */
  readonly monitorMs: number;
  /** Interval between two readings of what the exchange accepts for each symbol. */
  readonly symbolsMs: number;
  /** Interval of the pings on the user stream. */
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  readonly reconnect: Backoff;
  readonly retry: Backoff & { readonly triesMax: number };
}

export const BINANCE_TIMES: BinanceTimes = {
  requestTimeoutMs: 10_000,
  monitorMs: 15_000,
  symbolsMs: 3_600_000,
  keepAliveMs: 10_000,
  connectTimeoutMs: 10_000,
  reconnect: { firstMs: 500, mostMs: 30_000 },
  retry: { triesMax: 3, firstMs: 200, mostMs: 2000 },
};

/** For spot. */
export const BINANCE_RATES = {
  weight: { counts: 'weight of requests', of: 'address', limit: 6000, windowMs: 60_000 },
  orders: { counts: 'orders', of: 'account', limit: 100, windowMs: 10_000 },
} as const satisfies Record<string, RateRule>;

export const BINANCE_TAKES = {
  spot: {
    symbols: {
      form: /^[A-Z0-9]+\/[A-Z0-9]+$/,
      parts: 'the asset that is bought and the one it is paid in',
      example: 'BTC/USDT',
    },
    can: {
      entries: ['limit', 'market', 'stop'],
      shorting: false,
      stopLocksBalance: true,
      reduceOnly: false,
      amends: true,
      replaces: true,
      linksOrders: false,
      postOnly: true,
      fillOrKill: true,
    },
    lotSize: null,
    stopsMax: 5,
  },
} as const satisfies DeskVenue['takes'];

export interface BinanceVenueOptions {
  readonly endpoint: VenueEndpoint;
  readonly credentials: BinanceCredentials;
  readonly instruments: readonly Instrument[];
  /**
   * Coins in the account that are not the desk's: decimal text by currency. A currency not listed counts as the
   * desk's.
   */
  readonly foreign?: Readonly<Record<string, string>>;
  /** False: requests do not wait for the rate budgets. */
  readonly rateLimited?: boolean;
  /** The engine's position in lots, so that dust is not reported as a difference; 0 if absent. */
  readonly expectedLots?: (instrument: InstrumentId) => number;
  /** The venue's id of the account in the desk's books; null if they have none. */
  readonly expectedAccount?: () => string | null;
  /** Milliseconds since 1970, by a clock that nobody sets. */
  readonly nowMs?: () => number;
  /** A random number in [0, 1). */
  readonly random?: () => number;
  readonly breaker?: BreakerOptions;
  readonly times?: Partial<BinanceTimes>;
  /** Called for each answer that can't be trusted, for the log. Holds no secret. */
  readonly onRefusedAnswer?: (answer: RefusedAnswer) => void;
}
