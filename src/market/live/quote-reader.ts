/**
 * Keeps the best prices of each symbol fresh: from the stream, or by request if the stream is away or silent
 * about a symbol. Each symbol has its own freshness: a silent one is requested and subscribed again, while
 * the others continue.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '../../domain/backoff.js';
import { messageOf } from '../../domain/message-of.js';
import type { PriceConnection, PriceStream, Ticker } from '../../venue/prices.js';

interface QuoteReaderEvents {
  quote(ticker: Ticker): void;
  health(state: 'up' | 'down', detail: string): void;
}

export interface QuoteReaderTimes {
  /** A symbol about which the stream is silent for this long is requested. */
  readonly silentMs: number;
  readonly pollMs: number;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
}

export const QUOTE_READER_TIMES: QuoteReaderTimes = {
  silentMs: 5000,
  pollMs: 1000,
  backoffMs: 500,
  backoffMsMax: 10_000,
};

/** The feed is down once no symbol has had a price for this many periods of `silentMs`. */
const SILENCES_BEFORE_DOWN = 2;
/** After this many subscriptions without a frame, the whole connection is made again. */
const RESUBSCRIPTIONS_MAX = 3;
const RESUBSCRIBE_MS_MAX = 60_000;
const CONNECT_MS_MIN = 5000;

interface SymbolState {
  readonly symbol: string;
  /** Steady time of the newest price, from either source. */
  heardMs: number;
  last: Ticker | null;
  /** The venue's counter in the newest frame: a frame with an older one is late. */
  updateId: number | null;
  /** The stream has shown that it omits this symbol, so it is polled. */
  missing: boolean;
  resubscriptions: number;
  resubscribeAtMs: number;
}

export class QuoteReader {
  readonly #states: readonly SymbolState[];
  readonly #bySymbol: ReadonlyMap<string, SymbolState>;
  readonly #closing = new AbortController();
  #stream: PriceStream | null = null;
  #streaming = false;
  /** Since when no prices are known to arrive. Null: they arrive. */
  #downSinceMs: number | null = null;
  #askProblem: string | null = null;
  #running: Promise<unknown> | null = null;

  constructor(
    private readonly prices: Pick<PriceConnection, 'fetchQuotes' | 'close'>,
    symbols: readonly string[],
    private readonly events: QuoteReaderEvents,
    private readonly times: QuoteReaderTimes,
    private readonly steadyMs: () => number,
  ) {
    this.#states = symbols.map((symbol) => ({
      symbol,
      heardMs: Number.NEGATIVE_INFINITY,
      last: null,
      updateId: null,
      missing: false,
      resubscriptions: 0,
      resubscribeAtMs: 0,
    }));
    this.#bySymbol = new Map(this.#states.map((state) => [state.symbol, state]));
  }

  /** `stream`: null if the venue has none; then prices are always polled. */
  start(stream: PriceStream | null): void {
    this.#stream = stream;
    const nowMs = this.steadyMs();
    for (const state of this.#states) state.heardMs = nowMs;
    this.#running = Promise.all([stream === null ? null : this.#keepConnected(stream), this.#keepFresh()]);
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.prices.close().catch(() => {});
    await this.#running;
  }

  /** Takes one frame of the stream. */
  streamed(ticker: Ticker, updateId: number | null): void {
    const state = this.#bySymbol.get(ticker.symbol);
    if (state === undefined || this.#closing.signal.aborted) return;
    if (updateId !== null && state.updateId !== null && updateId < state.updateId) return;
    state.updateId = updateId;
    state.missing = false;
    state.resubscriptions = 0;
    this.#accept(state, ticker);
  }

  #accept(state: SymbolState, ticker: Ticker): void {
    state.heardMs = this.steadyMs();
    state.last = ticker;
    this.events.quote(ticker);
    if (this.#downSinceMs !== null) this.#judgeHealth();
  }

  /** Runs until stopped, whatever the venue does. */
  async #keepConnected(stream: PriceStream): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted; failures += 1) {
      const beganMs = this.steadyMs();
      const cause = await this.#stayConnected(stream);
      this.#streaming = false;
      if (this.#closing.signal.aborted) return;
      this.#goDown(cause);
      if (this.#states.some(({ updateId, heardMs }) => updateId !== null && heardMs > beganMs)) failures = 0;
      const { backoffMs: firstMs, backoffMsMax: mostMs } = this.times;
      await this.#pause(backoffMs(failures + 1, { firstMs, mostMs }));
    }
  }

  /** Returns why the connection ended or could not be made. */
  async #stayConnected(stream: PriceStream): Promise<string> {
    for (const state of this.#states) {
      state.updateId = null;
      state.missing = false;
      state.resubscriptions = 0;
    }
    try {
      const { ended } = await stream.connect(Math.max(CONNECT_MS_MIN, this.times.silentMs));
      this.#streaming = true;
      return await ended;
    } catch (error) {
      return messageOf(error).slice(0, 200);
    }
  }

  async #keepFresh(): Promise<void> {
    const { silentMs, pollMs, backoffMsMax } = this.times;
    for (let failures = 0; !this.#closing.signal.aborted; ) {
      await this.#pause(
        backoffMs(failures + 1, { firstMs: Math.min(pollMs, silentMs / 4), mostMs: backoffMsMax }),
      );
      const due = this.#states.filter((state) => this.#isDue(state)).map(({ symbol }) => symbol);
      if (due.length > 0) failures = (await this.#ask(due)) ? 0 : failures + 1;
      this.#judgeHealth();
    }
  }

  #isDue({ heardMs, missing }: SymbolState): boolean {
    const { silentMs, pollMs } = this.times;
    return this.steadyMs() - heardMs >= (this.#streaming && !missing ? silentMs : pollMs);
  }

  async #ask(symbols: readonly string[]): Promise<boolean> {
    const askedMs = this.steadyMs();
    let tickers: readonly Ticker[];
    try {
      tickers = await this.prices.fetchQuotes(symbols);
      const priced = new Set(tickers.flatMap(({ symbol, bid }) => (Number(bid) > 0 ? [symbol] : [])));
      const none = symbols.filter((symbol) => !priced.has(symbol));
      this.#askProblem = none.length === 0 ? null : `the venue names none of ${none.join(', ')}`;
    } catch (error) {
      this.#askProblem = messageOf(error).slice(0, 200);
      return false;
    }
    if (this.#closing.signal.aborted) return true;
    const lost: SymbolState[] = [];
    for (const ticker of tickers) {
      const state = this.#bySymbol.get(ticker.symbol);
      // Anything streamed since the request is newer than the answer.
      if (state === undefined || state.heardMs > askedMs || !(Number(ticker.bid) > 0)) continue;
      const moved = !samePrice(state.last, ticker);
      this.#accept(state, ticker);
      if (this.#streaming && (moved || state.missing)) lost.push(state);
    }
    this.#resubscribe(lost);
    return true;
  }

  /** The price moved while the stream was silent: the market is not quiet, the subscription is lost. */
  #resubscribe(lost: readonly SymbolState[]): void {
    const nowMs = this.steadyMs();
    const due = lost.filter(({ resubscribeAtMs }) => nowMs >= resubscribeAtMs);
    if (due.length === 0) return;
    for (const state of due) {
      state.missing = true;
      state.resubscriptions += 1;
      const pauses = { firstMs: this.times.silentMs, mostMs: RESUBSCRIBE_MS_MAX };
      state.resubscribeAtMs = nowMs + backoffMs(state.resubscriptions, pauses);
    }
    const all = this.#states.every(
      ({ missing, resubscriptions }) => missing && resubscriptions > RESUBSCRIPTIONS_MAX,
    );
    if (all) this.#stream?.drop('no symbol has a price');
    else this.#stream?.resubscribe(due.map(({ symbol }) => symbol));
  }

  /** Health of the feed as a whole. The engine itself judges a single silent symbol (halted, empty, delisted). */
  #judgeHealth(): void {
    if (this.#closing.signal.aborted) return;
    const { times } = this;
    const downSinceMs = this.#downSinceMs;
    if (downSinceMs !== null) {
      if (!this.#states.some(({ heardMs }) => heardMs > downSinceMs)) return;
      this.#downSinceMs = null;
      this.events.health('up', 'prices arrive');
      return;
    }
    const oldestMs = this.steadyMs() - times.silentMs * SILENCES_BEFORE_DOWN;
    if (this.#states.some(({ heardMs }) => heardMs >= oldestMs)) return;
    const symbols = this.#states.map(({ symbol }) => symbol).join(', ');
    this.#goDown(`no price of ${symbols}: ${this.#askProblem ?? 'silent'}`);
  }

  #goDown(detail: string): void {
    if (this.#downSinceMs !== null) return;
    this.#downSinceMs = this.steadyMs();
    this.events.health('down', detail);
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }
}

function samePrice(before: Ticker | null, now: Ticker): boolean {
  return before !== null && Number(before.bid) === Number(now.bid) && Number(before.ask) === Number(now.ask);
}
