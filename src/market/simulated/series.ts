/** One instrument's simulated minutes, which can be read in any order. */
import type { MarketBar, QuoteEvent } from '../../contracts/market-feed.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument } from '../../domain/instrument.js';
import { isInCoin } from '../../domain/value.js';
import { midTicks } from '../bar-builder.js';
import {
  activityAt,
  bell,
  draw,
  PriceWalk,
  type Regime,
  SIMULATION_FIRST_MINUTE,
  SIMULATION_START_MS,
  streamKey,
  uniform,
} from './price-walk.js';

/** Starting prices by base currency; any other currency starts at 100. */
const HOME_PRICES: Readonly<Record<string, number>> = {
  ...{ BTC: 60_000, ETH: 3_000 },
  ...{ NQ: 15_000, MNQ: 15_000, ES: 4_500, MES: 4_500 },
};
const HOME_PRICE_OTHER = 100;

export class SimulatedSeries {
  #walk: PriceWalk;
  readonly #parameters: MinuteParameters;

  constructor(
    private readonly seed: number,
    private readonly instrument: Instrument,
    spreadTicks: number,
  ) {
    const key = streamKey(seed, `${instrument.symbol} quotes`);
    this.#parameters = { instrument, key, spreadTicks, scale: this.#scale() };
    this.#walk = this.#newWalk();
  }

  /** One minute, counted since 1970, from `SIMULATION_FIRST_MINUTE` on. Fastest when read forwards. */
  minute(minute: number): SimulatedMinute {
    this.#goTo(minute);
    return simulateMinute(this.#walk, this.#parameters);
  }

  /** Bars of the last `count` minutes before `endMinute`, oldest first; fewer near the beginning. */
  bars(endMinute: number, count: number): MarketBar[] {
    const from = Math.max(SIMULATION_FIRST_MINUTE, endMinute - count);
    const bars: MarketBar[] = [];
    for (let minute = from; minute < endMinute; minute += 1) bars.push(this.minute(minute).bar);
    return bars;
  }

  #goTo(minute: number): void {
    if (minute < SIMULATION_FIRST_MINUTE) {
      throw new RangeError(
        `the simulated market begins at minute ${SIMULATION_FIRST_MINUTE}, asked for ${minute}`,
      );
    }
    if (minute < this.#walk.minute) this.#walk = this.#newWalk();
    while (this.#walk.minute < minute) this.#walk.step();
  }

  #newWalk(): PriceWalk {
    return new PriceWalk(this.seed, this.instrument.symbol);
  }

  /** Chosen so that the price is the starting price when trading starts, whatever it was before. */
  #scale(): number {
    const walk = this.#newWalk();
    while (walk.minute < SIMULATION_START_MS / MINUTE_MS) walk.step();
    const home = HOME_PRICES[this.instrument.base] ?? HOME_PRICE_OTHER;
    return Math.max(2, home / Number(this.instrument.tickSize)) / walk.price;
  }
}

const QUOTES_A_MINUTE = 12;
const QUOTE_SPACING_MS = MINUTE_MS / QUOTES_A_MINUTE;
/** Mean value of a quoted size, in units of the quote currency. */
const QUOTED_VALUE = 40_000;
/** Factor on the desk file's spread. */
const SPREAD_FACTOR: Readonly<Record<Regime, number>> = { trendUp: 1, trendDown: 1, range: 1, volatile: 2 };

/** Streams from 16 on belong to quotes: 8 for each of a minute's twelve, then one for the minute's volume. */
const STREAM_QUOTES = 16;
const STREAM_VOLUME = STREAM_QUOTES + 8 * QUOTES_A_MINUTE;

interface SimulatedMinute {
  readonly quotes: readonly QuoteEvent[];
  readonly bar: MarketBar;
}

/**
 * Standard deviation of the bridge: how far the path within the minute may leave the straight line at quote k of 12.
 */
const BRIDGE = Array.from({ length: QUOTES_A_MINUTE }, (_, index) => {
  const done = (index + 1) / QUOTES_A_MINUTE;
  return Math.sqrt(done * (1 - done));
});

interface MinuteParameters {
  readonly instrument: Instrument;
  /** Ticks for a relative price of 1. */
  readonly scale: number;
  /** Random key of the instrument's quotes. */
  readonly key: number;
  /** The desk file's distance between bid and ask. */
  readonly spreadTicks: number;
}

/**
 * What happens within one simulated minute: twelve quotes, and the bar that they form. Advances the walk by
 * one minute and derives both from it.
 */
function simulateMinute(walk: PriceWalk, parameters: MinuteParameters): SimulatedMinute {
  const minute = walk.minute;
  const open = walk.price * parameters.scale;
  walk.step();
  const close = walk.price * parameters.scale;
  const quotes = Array.from({ length: QUOTES_A_MINUTE }, (_, index) => {
    const straight = open + ((close - open) * (index + 1)) / QUOTES_A_MINUTE;
    const noise = bell(parameters.key, minute, STREAM_QUOTES + 8 * index) * (BRIDGE[index] as number);
    return quoteAt(straight + noise * walk.sigma * open, walk.regime, minute, index, parameters);
  });
  return { quotes, bar: barOf(quotes, minute, parameters) };
}

function quoteAt(
  mid: number,
  regime: Regime,
  minute: number,
  index: number,
  { instrument, key, spreadTicks }: MinuteParameters,
): QuoteEvent {
  const stream = STREAM_QUOTES + 8 * index;
  const factor = SPREAD_FACTOR[regime] * (1 + 0.5 * uniform(key, minute, stream + 1));
  const spread = Math.max(1, Math.round(spreadTicks * factor));
  const bidTicks = Math.max(1, Math.round(mid - spread / 2));
  const meanLots = lotsFor(QUOTED_VALUE, Math.max(1, mid), instrument);
  const lots = (sizeStream: number): number =>
    Math.max(1, Math.round(meanLots * (0.1 + 1.8 * uniform(key, minute, sizeStream))));
  return {
    kind: 'quote',
    instrument: instrument.id,
    marketMs: minute * MINUTE_MS + index * QUOTE_SPACING_MS + (draw(key, minute, stream + 2) % 4000),
    bidTicks,
    askTicks: bidTicks + spread,
    bidLots: lots(stream + 3),
    askLots: lots(stream + 4),
  };
}

/** How many lots are worth `value` of the quote currency. */
function lotsFor(value: number, mid: number, instrument: Instrument): number {
  const { moneyPerTickLot, tickSize } = instrument;
  return (value * 1e8) / (isInCoin(instrument) ? moneyPerTickLot * Number(tickSize) : mid * moneyPerTickLot);
}

function barOf(
  quotes: readonly QuoteEvent[],
  minute: number,
  { instrument, key }: MinuteParameters,
): MarketBar {
  const mids = quotes.map((quote) => midTicks(quote.bidTicks, quote.askTicks));
  const first = quotes[0] as QuoteEvent;
  const busy = activityAt(minute) * (0.4 + 1.2 * uniform(key, minute, STREAM_VOLUME));
  return {
    instrument: instrument.id,
    openMs: minute * MINUTE_MS,
    spanMs: MINUTE_MS,
    openTicks: mids[0] as number,
    highTicks: Math.max(...mids),
    lowTicks: Math.min(...mids),
    closeTicks: mids[mids.length - 1] as number,
    volumeLots: Math.max(1, Math.round((first.bidLots + first.askLots) * 4 * busy)),
  };
}
