/** Reads bid and ask from a ccxt exchange: by its stream where it has one, by asking once a second where that fails. */
import type { CcxtExchange, Ticker } from './ccxt-exchange.js';

export interface QuoteReaderEvents {
  quote(ticker: Ticker): void;
  health(state: 'up' | 'down', detail: string): void;
}

export interface QuoteReaderTimes {
  /** A stream that shows nothing for so long counts as failed. */
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

/** Failures of the stream in a row after which the exchange is asked instead, and for how many rounds. */
const STREAM_FAILURES_MAX = 2;
const POLLS_BEFORE_STREAM = 60;

export class QuoteReader {
  private stopped = false;
  private up = true;
  private wake: () => void = () => {};
  private running: Promise<void> | null = null;

  constructor(
    private readonly exchange: CcxtExchange,
    private readonly symbols: readonly string[],
    private readonly events: QuoteReaderEvents,
    private readonly times: QuoteReaderTimes,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.exchange.close().catch(() => {});
    await this.running;
  }

  /** Goes on until stopped, whatever the exchange does. */
  private async run(): Promise<void> {
    let streamFailures = canStream(this.exchange) ? 0 : STREAM_FAILURES_MAX;
    let failures = 0;
    let polls = 0;
    while (!this.stopped) {
      const streaming = streamFailures < STREAM_FAILURES_MAX;
      try {
        await (streaming ? this.readStream() : this.poll());
        failures = 0;
        if (streaming) streamFailures = 0;
        else if (++polls % POLLS_BEFORE_STREAM === 0 && canStream(this.exchange)) streamFailures = 0;
        this.setHealth('up', 'prices arrive');
      } catch (error) {
        if (this.stopped) return;
        failures += 1;
        if (streaming) streamFailures += 1;
        this.setHealth('down', error instanceof Error ? error.message.slice(0, 200) : String(error));
        await this.pause(
          Math.min(this.times.backoffMsMax, this.times.backoffMs * 2 ** Math.min(failures - 1, 10)),
        );
      }
    }
  }

  /** One delivery of the stream. */
  private async readStream(): Promise<void> {
    const { exchange, symbols } = this;
    if (exchange.has.watchBidsAsks) {
      this.emit(Object.values(await this.inTime(exchange.watchBidsAsks(symbols))));
    } else if (exchange.has.watchTicker) {
      const first = Promise.race(symbols.map((symbol) => quietly(exchange.watchTicker(symbol))));
      this.emit([await this.inTime(first)]);
    } else {
      const first = Promise.race(symbols.map((symbol) => this.watchTop(symbol)));
      this.emit([await this.inTime(first)]);
    }
  }

  private async watchTop(symbol: string): Promise<Ticker> {
    const { bids, asks } = await quietly(this.exchange.watchOrderBook(symbol));
    return { symbol, bid: bids[0]?.[0], ask: asks[0]?.[0], bidVolume: bids[0]?.[1], askVolume: asks[0]?.[1] };
  }

  private async poll(): Promise<void> {
    this.emit(await readQuotesOnce(this.exchange, this.symbols));
    await this.pause(this.times.pollMs);
  }

  private emit(tickers: readonly Ticker[]): void {
    if (this.stopped) return;
    for (const ticker of tickers) this.events.quote(ticker);
  }

  private setHealth(state: 'up' | 'down', detail: string): void {
    if (this.up === (state === 'up') || this.stopped) return;
    this.up = state === 'up';
    this.events.health(state, detail);
  }

  private async inTime<T>(promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const { silentMs } = this.times;
      timer = setTimeout(() => reject(new Error(`the stream has been silent for ${silentMs} ms`)), silentMs);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Best prices by asking once. Throws what the exchange says. */
export async function readQuotesOnce(
  exchange: CcxtExchange,
  symbols: readonly string[],
): Promise<readonly Ticker[]> {
  if (exchange.has.fetchBidsAsks) return Object.values(await exchange.fetchBidsAsks(symbols));
  return Promise.all(symbols.map((symbol) => exchange.fetchTicker(symbol)));
}

function canStream({ has }: CcxtExchange): boolean {
  return Boolean(has.watchBidsAsks || has.watchTicker || has.watchOrderBook);
}

/** A promise that lost a race and fails later must not end the process. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
