/** How a Binance venue is opened. Times and randomness come in. */
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { BreakerOptions } from '../breaker.js';
import type { RefusedAnswer } from '../definition.js';
import type { VenueEndpoint } from '../endpoint.js';
import type { BinanceCredentials } from './credentials.js';

export interface BinanceTimes {
  /** One request. */
  readonly requestTimeoutMs: number;
  /** Between two looks at the venue's clock and state. */
  readonly monitorMs: number;
  /** Between two readings of what the exchange takes of each symbol. */
  readonly symbolsMs: number;
  /** Silence on the user stream after which it is asked whether it lives. */
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  readonly reconnect: { readonly baseMs: number; readonly capMs: number };
  readonly retry: { readonly triesMax: number; readonly baseMs: number; readonly capMs: number };
}

export const BINANCE_TIMES: BinanceTimes = {
  requestTimeoutMs: 10_000,
  monitorMs: 15_000,
  symbolsMs: 3_600_000,
  keepAliveMs: 10_000,
  connectTimeoutMs: 10_000,
  reconnect: { baseMs: 500, capMs: 30_000 },
  retry: { triesMax: 3, baseMs: 200, capMs: 2000 },
};

export interface BinanceVenueOptions {
  readonly endpoint: VenueEndpoint;
  readonly credentials: BinanceCredentials;
  /** `read`: an auditor's key, which must not be able to trade. */
  readonly purpose?: 'trade' | 'read';
  readonly instruments: readonly Instrument[];
  /** Coins in the account that are not the desk's, by currency, as decimal text. What is not named counts as its own. */
  readonly foreign?: Readonly<Record<string, string>>;
  /** False: requests do not wait for the exchange's allowance. */
  readonly rateLimited?: boolean;
  /** The engine's position, so that leftovers too small to sell are not shown as a difference; 0 where absent. */
  readonly expectedLots?: (instrument: InstrumentId) => number;
  /** The venue's id of the account that the desk's books are of; null: they don't know it. */
  readonly expectedAccount?: () => string | null;
  /** Milliseconds since 1970, never set back or forth. */
  readonly nowMs?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly breaker?: BreakerOptions;
  readonly times?: Partial<BinanceTimes>;
  /** Each answer that could not be believed; for the log. Holds no secret. */
  readonly onRefusedAnswer?: (answer: RefusedAnswer) => void;
}
