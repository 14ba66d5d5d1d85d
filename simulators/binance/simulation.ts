/** One running simulator: the exchange and everything that can be done to it from outside. */

import { seededRandom } from '../random.js';
import { DEFAULT_ACCOUNTS, DEFAULT_KEYS } from './accounts.js';
import { Exchange, type ExchangeOptions } from './exchange/exchange.js';
import { type Depth, type Market, moved, ofStart, type PlayedMinute } from './exchange/market.js';
import { followPrice } from './exchange/matching.js';
import { DEFAULT_SYMBOLS } from './exchange/symbols.js';
import { type Waves, wavePpm } from './exchange/waves.js';
import { type Fault, Faults } from './faults.js';
import { endpointFor } from './requests/endpoints.js';
import { Limits } from './requests/limits.js';
import { units } from './units.js';

export interface SimulationOptions extends Partial<Omit<ExchangeOptions, 'nowMs'>> {
  readonly wallMs?: () => number;
  /** When a message in transit arrives; absent: prices at once, others after `latencyMs` / 2, by a timer. */
  readonly travel?: Travel;
}

/** The messages in transit between a client and the exchange. */
export type Way = 'request' | 'answer' | 'event' | 'price';
export type Travel = (way: Way, arrive: () => void) => void;

export interface RequestSeen {
  readonly method: string;
  readonly path: string;
  readonly atMs: number;
  readonly values: Readonly<Record<string, string>>;
}

const REQUESTS_KEPT = 5000;
const SECRETS = new Set(['signature', 'apiKey']);

export class Simulation {
  readonly exchange: Exchange;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly requests: RequestSeen[] = [];
  maintenance = false;
  latencyMs = 0;
  skewMs = 0;
  readonly travel: Travel;
  readonly #random: () => number;

  constructor(options: SimulationOptions) {
    const wallMs = options.wallMs ?? Date.now;
    const nowMs = () => wallMs() + this.skewMs;
    const seed = options.seed ?? 1;
    this.exchange = new Exchange({
      symbols: options.symbols ?? DEFAULT_SYMBOLS,
      accounts: options.accounts ?? DEFAULT_ACCOUNTS,
      keys: options.keys ?? DEFAULT_KEYS,
      seed,
      nowMs,
      history: options.history,
    });
    this.faults = new Faults(seed);
    this.limits = new Limits(wallMs);
    this.travel =
      options.travel ??
      ((way, arrive) => {
        if (way === 'price') arrive();
        else setTimeout(arrive, this.latencyMs / 2);
      });
    this.#random = seededRandom(seed);
  }

  addFault(fault: Fault): void {
    this.faults.add(fault);
  }

  setPrice(symbol: string, price: string): void {
    this.#move(this.exchange.market(symbol), units(price));
  }

  setDepth(symbol: string, depth: Depth): void {
    const market = this.exchange.market(symbol);
    market.setDepth(depth);
    this.exchange.onMarket(market, null);
  }

  /**
   * Plays a recorded price: best bid and ask as they were. Others trade at both, so a stop triggers once the
   * side at which it would be executed reaches it.
   */
  playQuote(symbol: string, bid: string, ask: string): void {
    const { exchange } = this;
    const market = exchange.market(symbol);
    const prices = { bid: units(bid), ask: units(ask) };
    if (prices.bid >= prices.ask) throw new Error(`expected "bid" below "ask", found ${bid} and ${ask}`);
    market.playQuote(prices.bid, prices.ask, exchange.nowMs());
    for (const side of ['ask', 'bid'] as const) {
      const made = { price: prices[side], quantity: market.symbol.stepSize, buyerMaker: side === 'bid' };
      exchange.onMarket(market, market.recordTrade({ ...made, taker: null }, exchange.nowMs()));
      followPrice(exchange, market);
    }
  }

  /** Ends a minute of a recording: its candle is reported as recorded. */
  playMinute(symbol: string, minute: PlayedMinute): void {
    const market = this.exchange.market(symbol);
    market.playMinute(minute);
    this.exchange.onMarket(market, null);
  }

  /** Moves every price by one step of at most `ppm` parts per million, from the seed. */
  walk(ppm: number): void {
    for (const market of this.exchange.markets.values())
      this.#move(market, moved(market.last, (this.#random() * 2 - 1) * ppm, market.symbol.tickSize));
  }

  /** Moves every price to where its wave is now. */
  wave(waves: Waves): void {
    const ppm = wavePpm(waves, this.exchange.nowMs());
    for (const market of this.exchange.markets.values()) {
      const { startPrice, tickSize } = market.symbol;
      this.#move(market, ofStart(startPrice, ppm, tickSize));
    }
  }

  #move(market: Market, price: bigint): void {
    const trade = market.setPrice(price, this.exchange.nowMs());
    this.exchange.onMarket(market, trade);
    followPrice(this.exchange, market);
  }

  see(method: string, path: string, values: ReadonlyMap<string, string>): void {
    const shown = Object.fromEntries([...values].filter(([name]) => !SECRETS.has(name)));
    this.requests.push({ method, path, atMs: this.exchange.nowMs(), values: shown });
    if (this.requests.length > REQUESTS_KEPT) this.requests.shift();
  }

  /** Counts a request to an endpoint. */
  count(method: string, path: string): number {
    if (endpointFor(method, path) === undefined) throw new Error(`the simulator has no ${method} ${path}`);
    return this.requests.filter((one) => one.method === method && one.path === path).length;
  }
}
