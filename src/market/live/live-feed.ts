/** Public prices of one venue as a feed. Market time is the venue's. */
import type {
  MarketBar,
  MarketFeed,
  MarketListener,
  MarketSource,
  MarketWants,
} from '../../contracts/market-feed.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { PriceConnection, PublicTrade, Ticker } from '../../venue/prices.js';
import { liveIdentity } from './feed-addresses.js';
import {
  gridsOf,
  MINUTE_READER_TIMES,
  MinuteReader,
  type MinuteReaderTimes,
  stepsOf,
} from './minute-reader.js';
import { QUOTE_READER_TIMES, QuoteReader, type QuoteReaderTimes } from './quote-reader.js';

export interface LiveTimes extends QuoteReaderTimes {
  readonly minutes?: MinuteReaderTimes;
}

interface LiveFeedOptions {
  /** As in the desk file: the venue, or an instance of it. */
  readonly name: string;
  readonly venue: string;
  /** Null: the venue's own market. Otherwise which one, for example `testnet`. */
  readonly market: string | null;
  readonly prices: PriceConnection;
  /** Symbols without a price at the start. */
  readonly missing: readonly string[];
  /**
   * The venue may show nothing for hours and come back. No price counts until it has sent its time, and its
   * history may be missing.
   */
  readonly mayBeAway: boolean;
  readonly instruments: readonly Instrument[];
  readonly time: VenueTime;
  /** Milliseconds since 1970; never set back or forward. */
  readonly steadyMs: () => number;
  readonly times?: LiveTimes;
}

export class LiveFeed implements MarketFeed {
  readonly source: MarketSource;
  readonly #quoted: ReadonlyMap<string, Quoted>;
  readonly #quotes: QuoteReader;
  readonly #minutes: MinuteReader;
  #listener: MarketListener = () => {};
  #started = false;
  #measuring: Promise<unknown> | null = null;

  constructor(private readonly options: LiveFeedOptions) {
    const { name, venue, market, instruments, prices, steadyMs, missing } = options;
    const times: LiveTimes = options.times ?? QUOTE_READER_TIMES;
    const words = market === null ? name : `${name} ${market}`;
    this.source = {
      kind: 'live',
      identity: liveIdentity(name, market),
      label: `live: ${words} public quotes${missing.length === 0 ? '' : `, none of ${missing.join(', ')}`}`,
      simulated: false,
      speed: 1,
      seed: null,
      venue,
      files: [],
    };
    this.#quoted = new Map(
      instruments.map((instrument) => [instrument.symbol, { instrument, grids: gridsOf(instrument) }]),
    );
    this.#quotes = new QuoteReader(
      prices,
      instruments.map(({ symbol }) => symbol),
      {
        quote: (ticker) => this.#onTicker(ticker),
        health: (state, detail) => void this.#listener({ kind: 'health', state, detail }),
      },
      times,
      steadyMs,
    );
    this.#minutes = new MinuteReader({
      prices,
      instruments,
      marketMs: () => this.nowMs(),
      steadyMs,
      times: times.minutes ?? MINUTE_READER_TIMES,
      onBar: (bar, past) => this.#onBar(bar, past),
    });
  }

  nowMs(): number {
    return this.options.time.nowMs();
  }

  /**
   * The venue's own minutes, as many as it has. None for a symbol that showed no price, or if the venue may be away
   * and does not answer: those come first of all once it does. Otherwise throws the venue's error.
   */
  history(instrument: InstrumentId, count: number): Promise<readonly MarketBar[]> {
    const { missing, mayBeAway, instruments } = this.options;
    if (missing.includes(instruments[instrument]?.symbol ?? '')) return Promise.resolve([]);
    const bars = this.#minutes.history(instrument, count);
    if (!mayBeAway) return bars;
    return bars.catch(() => {
      this.#minutes.owe(instrument, count);
      return [];
    });
  }

  get tellsTrades(): boolean {
    return this.options.prices.tellsTrades === true;
  }

  start(listener: MarketListener, wanted?: MarketWants): void {
    if (this.#started) throw new Error('the feed was started before');
    this.#started = true;
    this.#listener = listener;
    const stream = this.options.prices.stream({
      quote: (ticker, updateId) => this.#quotes.streamed(ticker, updateId),
      ...(wanted?.trades ? { trade: (trade: PublicTrade) => this.#onTrade(trade) } : {}),
      minute: (symbol, row) => this.#minutes.closed(symbol, row),
      venueTime: (venueMs) => this.options.time.told(venueMs),
    });
    this.options.time.start();
    this.#quotes.start(stream);
    this.#minutes.start(stream?.givesMinutes ?? false);
  }

  async stop(): Promise<void> {
    this.options.time.stop();
    await Promise.all([this.#quotes.stop(), this.#minutes.stop()]);
  }

  #onTicker({ symbol, bid, ask, bidVolume, askVolume }: Ticker): void {
    const quoted = this.#quoted.get(symbol);
    if (quoted === undefined) return;
    if (this.options.mayBeAway && !this.options.time.isKnown) {
      this.#measuring ??= this.options.time.measure().finally(() => {
        this.#measuring = null;
      });
      return;
    }
    const { instrument, grids } = quoted;
    const bidTicks = stepsOf(bid, grids.price);
    // Decimal text between two ticks of the desk file is rounded up; a number is rounded like any other.
    const askTicks = typeof ask === 'string' ? ceilSteps(ask, grids.price) : stepsOf(ask, grids.price);
    // An empty or crossed book is not a price. If it stays that way, the price becomes stale.
    if (bidTicks <= 0 || askTicks < bidTicks) return;
    void this.#listener({
      kind: 'quote',
      instrument: instrument.id,
      marketMs: this.nowMs(),
      bidTicks,
      askTicks,
      bidLots: stepsOf(bidVolume, grids.quantity),
      askLots: stepsOf(askVolume, grids.quantity),
    });
  }

  #onTrade({ symbol, price, amount, taker }: PublicTrade): void {
    const quoted = this.#quoted.get(symbol);
    if (quoted === undefined) return;
    const { instrument, grids } = quoted;
    const priceTicks = stepsOf(price, grids.price);
    const quantityLots = stepsOf(amount, grids.quantity);
    // A trade of less than one lot of the desk file is too small for a strategy to count.
    if (priceTicks <= 0 || quantityLots <= 0) return;
    const marketMs = this.nowMs();
    void this.#listener({
      kind: 'trade',
      instrument: instrument.id,
      marketMs,
      priceTicks,
      quantityLots,
      taker,
    });
  }

  #onBar(bar: MarketBar, past: boolean): void {
    const endMs = bar.openMs + bar.spanMs;
    const marketMs = Math.max(this.nowMs(), endMs);
    // It ended more than a minute ago, so a newer one has ended since.
    const late = marketMs - endMs > MINUTE_MS;
    void this.#listener({ kind: 'bar', marketMs, bar, ...(past ? { past } : {}), ...(late ? { late } : {}) });
  }
}

interface Quoted {
  readonly instrument: Instrument;
  readonly grids: ReturnType<typeof gridsOf>;
}

function ceilSteps(text: string, grid: Quoted['grids']['price']): number {
  const exact = grid.exact(text);
  if (exact !== null) return exact;
  const below = grid.floor(text);
  return below === null ? 0 : below + 1;
}

const MEASURE_EVERY_MS = 60_000;
/** A slower answer says too little about the moment its time refers to. */
const ROUND_TRIP_MS_MAX = 2000;
/**
 * A frame is written shortly before it is read. If it is ahead of our time by more than this, our time is wrong, as
 * after a sleep.
 */
const AHEAD_MS_MAX = 1000;
/** One frame alone moves our time by no more than this: time never goes back, whatever the venue says afterwards. */
const AHEAD_BELIEVED_MS_MAX = 60_000;

/**
 * Market time of live prices: the venue's clock, continued between two readings by a clock that nobody can
 * set. If the venue tells no time: the machine's time, as it was when the process started.
 */
export class VenueTime {
  #offsetMs = 0;
  #lastMs = 0;
  /** The venue has told its time at least once. */
  isKnown = false;
  #timer: NodeJS.Timeout | undefined;
  /** Because of a frame. */
  #asking: Promise<unknown> | null = null;

  constructor(
    private readonly prices: Pick<PriceConnection, 'fetchTime'>,
    /** Milliseconds since 1970; never set back or forward. */
    private readonly steadyMs: () => number,
  ) {}

  /** Never goes back: if the venue's clock turns out to be behind, time stands still until it has caught up. */
  nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.steadyMs() + this.#offsetMs);
    return this.#lastMs;
  }

  /** Reads the venue's clock. False: it can't be read, and nothing changed. */
  async measure(): Promise<boolean> {
    const sentMs = this.steadyMs();
    const venueMs = await this.prices.fetchTime().catch(() => undefined);
    const tookMs = this.steadyMs() - sentMs;
    if (venueMs === undefined || !Number.isSafeInteger(venueMs) || tookMs > ROUND_TRIP_MS_MAX) return false;
    this.#offsetMs = Math.round(venueMs - (sentMs + tookMs / 2));
    this.isKnown = true;
    return true;
  }

  /** Takes the time that the venue wrote into a frame; if it is far ahead, as after a long sleep, the venue is asked. */
  told(venueMs: number): void {
    const aheadMs = venueMs - (this.steadyMs() + this.#offsetMs);
    if (!Number.isSafeInteger(venueMs) || aheadMs <= AHEAD_MS_MAX) return;
    if (aheadMs <= AHEAD_BELIEVED_MS_MAX) this.#offsetMs += aheadMs;
    else
      this.#asking ??= this.measure().finally(() => {
        this.#asking = null;
      });
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.measure(), MEASURE_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
