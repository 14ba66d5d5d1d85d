/** Public prices of one venue as a feed. Market time is wall time. */
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { BarBuilder, MINUTE_MS, midTicks } from '../bar-builder.js';
import type { MarketBar, MarketFeed, MarketListener, MarketSource } from '../feed.js';
import type { CcxtExchange, OhlcvRow, Ticker } from './ccxt-exchange.js';
import { QUOTE_READER_TIMES, QuoteReader, type QuoteReaderTimes } from './quote-reader.js';

/** How often it is looked whether a minute has ended. */
const BAR_CHECK_MS = 250;
const HISTORY_BARS_MAX = 5000;
const PAGE_BARS = 1000;
const PAGES_MAX = 10;

export interface LiveFeedOptions {
  readonly venue: string;
  /** Null: the venue's own; else which, for example `testnet`. */
  readonly market: string | null;
  readonly exchange: CcxtExchange;
  readonly instruments: readonly Instrument[];
  readonly wallMs: () => number;
  readonly times?: QuoteReaderTimes;
}

export class LiveFeed implements MarketFeed {
  readonly source: MarketSource;
  private readonly builders: readonly BarBuilder[];
  private readonly bySymbol: ReadonlyMap<string, Instrument>;
  private reader: QuoteReader | null = null;
  private barTimer: NodeJS.Timeout | null = null;
  private listener: MarketListener = () => {};
  private lastMs = 0;

  constructor(private readonly options: LiveFeedOptions) {
    const { venue, market, instruments } = options;
    const name = market === null ? [venue] : [venue, market];
    this.source = {
      kind: 'live',
      identity: `live-${name.join('-')}`,
      label: `live: ${name.join(' ')} public quotes`,
      simulated: false,
      speed: 1,
      seed: null,
      venue,
      files: [],
    };
    this.builders = instruments.map(({ id }) => new BarBuilder(id));
    this.bySymbol = new Map(instruments.map((instrument) => [instrument.symbol, instrument]));
  }

  /** A wall clock that is set back must not take market time with it. */
  nowMs(): number {
    this.lastMs = Math.max(this.lastMs, this.options.wallMs());
    return this.lastMs;
  }

  /** From the venue's own minutes, as many as it tells. Throws what the venue says. */
  async history(instrument: InstrumentId, count: number): Promise<readonly MarketBar[]> {
    const wanted = this.options.instruments[instrument];
    if (!wanted || count <= 0) return [];
    const now = this.nowMs();
    const rows = await readMinutes(
      this.options.exchange,
      wanted.symbol,
      now,
      Math.min(HISTORY_BARS_MAX, count),
    );
    const bars = rows.map((row) => toBar(row, wanted)).filter((bar) => bar !== null);
    return bars.filter((bar) => bar.openMs + bar.spanMs <= now).slice(-count);
  }

  start(listener: MarketListener): void {
    if (this.reader) throw new Error('the feed was started before');
    this.listener = listener;
    const { exchange, instruments, times } = this.options;
    this.reader = new QuoteReader(
      exchange,
      instruments.map(({ symbol }) => symbol),
      {
        quote: (ticker) => this.onTicker(ticker),
        health: (state, detail) => void listener({ kind: 'health', state, detail }),
      },
      times ?? QUOTE_READER_TIMES,
    );
    this.reader.start();
    this.barTimer = setInterval(() => this.closeBars(this.nowMs()), BAR_CHECK_MS);
  }

  async stop(): Promise<void> {
    if (this.barTimer) clearInterval(this.barTimer);
    if (this.reader) await this.reader.stop();
    else await this.options.exchange.close().catch(() => {});
  }

  private onTicker({ symbol, bid, ask, bidVolume, askVolume }: Ticker): void {
    const instrument = this.bySymbol.get(symbol);
    if (!instrument) return;
    const bidTicks = wholeSteps(bid, instrument.tickSize);
    const askTicks = wholeSteps(ask, instrument.tickSize);
    // An empty or crossed book is no price; staleness shows if it stays so.
    if (bidTicks <= 0 || askTicks < bidTicks) return;
    const marketMs = this.nowMs();
    this.closeBars(marketMs);
    this.builders[instrument.id]?.add(marketMs, midTicks(bidTicks, askTicks), 0);
    void this.listener({
      kind: 'quote',
      instrument: instrument.id,
      marketMs,
      bidTicks,
      askTicks,
      bidLots: wholeSteps(bidVolume, instrument.lotSize),
      askLots: wholeSteps(askVolume, instrument.lotSize),
    });
  }

  private closeBars(nowMs: number): void {
    for (const builder of this.builders) {
      const bar = builder.closeUntil(nowMs);
      if (bar) void this.listener({ kind: 'bar', marketMs: nowMs, bar });
    }
  }
}

/** Rows of the `count` minutes before `nowMs`, page by page; from later on where the venue keeps fewer. */
async function readMinutes(
  exchange: CcxtExchange,
  symbol: string,
  nowMs: number,
  count: number,
): Promise<readonly OhlcvRow[]> {
  const rows: OhlcvRow[] = [];
  let sinceMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - count * MINUTE_MS;
  for (let page = 0; page < PAGES_MAX && sinceMs + MINUTE_MS <= nowMs; page += 1) {
    const found = await exchange.fetchOHLCV(symbol, '1m', sinceMs, PAGE_BARS);
    const fresh = found.filter(([openMs]) => openMs !== undefined && openMs >= sinceMs);
    const last = fresh.at(-1)?.[0];
    if (last === undefined) break;
    rows.push(...fresh);
    sinceMs = last + MINUTE_MS;
  }
  return rows;
}

/** Venue numbers are doubles: the nearest step is meant. 0 for what is missing. */
function wholeSteps(value: number | undefined, step: string): number {
  if (value === undefined || !Number.isFinite(value) || value <= 0) return 0;
  const steps = Math.round(value / Number(step));
  return Number.isSafeInteger(steps) ? steps : 0;
}

function toBar([openMs, ...rest]: OhlcvRow, instrument: Instrument): MarketBar | null {
  const [openTicks, highTicks, lowTicks, closeTicks] = rest
    .slice(0, 4)
    .map((price) => wholeSteps(price, instrument.tickSize)) as [number, number, number, number];
  if (openMs === undefined || !(openTicks > 0 && highTicks > 0 && lowTicks > 0 && closeTicks > 0))
    return null;
  const volumeLots = wholeSteps(rest[4], instrument.lotSize);
  return {
    instrument: instrument.id,
    openMs,
    spanMs: MINUTE_MS,
    openTicks,
    highTicks,
    lowTicks,
    closeTicks,
    volumeLots,
  };
}
