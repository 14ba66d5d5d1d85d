/** The simulated market as a feed that resumes where it stopped. */
import type { MarketBar, MarketFeed, QuoteEvent } from '../../contracts/market-feed.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';
import { barQuotes } from '../../venue/bar-path.js';
import { type MarketPositionStore, ReplayFeed, type TimedEvent, type TimedSource } from '../replay-feed.js';
import { SIMULATION_FIRST_MINUTE, SIMULATION_SERIES, SIMULATION_START_MS } from './price-walk.js';
import { SimulatedSeries } from './series.js';

interface SimulatedFeedOptions {
  readonly instruments: readonly Instrument[];
  readonly spreadTicks: readonly number[];
  readonly seed: number;
  /** Null: as fast as possible. */
  readonly speed: number | null;
  readonly position: MarketPositionStore;
  readonly steadyMs: () => number;
  /** Trading hours by instrument. Absent: always open. */
  readonly calendars?: readonly SessionCalendar[];
  /** Why prices are simulated although real ones were requested. */
  readonly because?: string;
}

/** A different seed is a different market, which begins at its start. */
export function openSimulatedFeed(options: SimulatedFeedOptions): MarketFeed {
  const { instruments, spreadTicks, seed, speed, position, steadyMs } = options;
  const identity = `simulated-${SIMULATION_SERIES}-seed-${seed}`;
  const startMs = Math.max(SIMULATION_START_MS - 1, position.load(identity) ?? 0);
  const events = new SimulatedSource(seed, instruments, spreadTicks, startMs, options.calendars);
  const pace = speed === null ? 'as fast as it goes' : `${speed}x`;
  const because = options.because ? ` (${options.because})` : '';
  return new ReplayFeed({
    events,
    source: {
      kind: 'simulated',
      identity,
      label: `simulated market, seed ${seed}, ${pace}${because}`,
      simulated: true,
      speed,
      seed,
      venue: null,
      files: [],
    },
    startMs,
    history: (instrument, count, nowMs) => events.history(instrument, count, nowMs),
    savePosition: (marketMs) => position.save(identity, marketMs),
    endedDetail: 'the simulated market does not end',
    steadyMs,
  });
}

/** The simulated minutes of all instruments as one stream in time order. */
class SimulatedSource implements TimedSource {
  readonly tellsTrades = true;
  #tradesWanted = false;
  readonly #series: readonly SimulatedSeries[];
  #ready: readonly TimedEvent[] = [];
  #index = 0;
  #nextMinute: number;
  #coarseUntilMs = 0;

  /** Begins after `startMs`: events up to and including it are left out. */
  constructor(
    private readonly seed: number,
    private readonly instruments: readonly Instrument[],
    private readonly spreadTicks: readonly number[],
    private readonly startMs: number,
    private readonly calendars: readonly SessionCalendar[] = [],
  ) {
    this.#series = instruments.map((instrument) => this.#newSeries(instrument));
    this.#nextMinute = Math.max(SIMULATION_FIRST_MINUTE, Math.floor(startMs / MINUTE_MS));
  }

  peek(): TimedEvent | null {
    return this.#ready[this.#index] ?? null;
  }

  shift(): void {
    this.#index += 1;
  }

  /** Simulates the next minute. The bar of the minute in which `startMs` lies is delivered whole. */
  fill(): Promise<boolean> {
    const minute = this.#nextMinute;
    this.#nextMinute += 1;
    const coarse = (minute + 1) * MINUTE_MS <= this.#coarseUntilMs;
    this.#ready = this.#minuteEvents(minute, coarse).filter((event) => event.marketMs > this.startMs);
    this.#index = 0;
    return Promise.resolve(true);
  }

  /** Takes effect with the next minute. */
  wantTrades(): void {
    this.#tradesWanted = true;
  }

  coarseUntil(marketMs: number): void {
    this.#coarseUntilMs = marketMs;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * The last `count` bars before `nowMs` while the market was open, fewer near the beginning. Computed separately, so
   * that reading history never advances the stream.
   */
  history(instrument: number, count: number, nowMs: number): readonly MarketBar[] {
    const wanted = this.instruments[instrument];
    if (wanted === undefined) return [];
    const calendar = this.calendars[instrument];
    const isOpen = (minute: number): boolean =>
      calendar?.opensWithin(minute * MINUTE_MS, (minute + 1) * MINUTE_MS) ?? true;
    const end = Math.floor(nowMs / MINUTE_MS);
    let [first, open] = [end, 0];
    while (open < count && first > SIMULATION_FIRST_MINUTE) {
      first -= 1;
      if (isOpen(first)) open += 1;
    }
    return this.#newSeries(wanted)
      .bars(end, end - first)
      .filter(({ openMs }) => isOpen(openMs / MINUTE_MS));
  }

  #newSeries(instrument: Instrument): SimulatedSeries {
    return new SimulatedSeries(this.seed, instrument, this.spreadTicks[instrument.id] ?? 1);
  }

  #minuteEvents(minute: number, coarse: boolean): readonly TimedEvent[] {
    const minutes = this.#series.map((series) => series.minute(minute));
    const quotes = minutes.flatMap(({ quotes, bar }) =>
      coarse ? barQuotes(bar, this.spreadTicks[bar.instrument] ?? 1) : quotes,
    );
    quotes.sort((a, b) => a.marketMs - b.marketMs || a.instrument - b.instrument);
    const seen = this.#tradesWanted && !coarse ? withTrades(quotes) : quotes;
    const bars = minutes.map(({ bar }) => ({ kind: 'bar', marketMs: bar.openMs + bar.spanMs, bar }) as const);
    return [...seen, ...bars];
  }
}

/**
 * One trade at each quote: at its ask if the market has risen since the previous quote, else at its bid. Its
 * size is half of the size offered.
 */
function withTrades(quotes: readonly QuoteEvent[]): readonly TimedEvent[] {
  const lastBids = new Map<InstrumentId, number>();
  return quotes.flatMap((quote): TimedEvent[] => {
    const { instrument, marketMs, bidTicks, askTicks, bidLots, askLots } = quote;
    const rises = bidTicks > (lastBids.get(instrument) ?? bidTicks);
    lastBids.set(instrument, bidTicks);
    const of = rises
      ? ({ taker: 'buy', priceTicks: askTicks, offered: askLots } as const)
      : ({ taker: 'sell', priceTicks: bidTicks, offered: bidLots } as const);
    const quantityLots = Math.max(1, Math.floor(of.offered / 2));
    return [
      quote,
      { kind: 'trade', instrument, marketMs, priceTicks: of.priceTicks, quantityLots, taker: of.taker },
    ];
  });
}
