/** The market of one instrument: last trade, quotes around it, and its past as one-minute bars. */

import { seededRandom } from '../random.js';
import type { Instrument } from './contracts.js';
import { ticksOf } from './decimals.js';
import { sessionsBetween } from './hours.js';

export interface Bar {
  readonly fromMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  trades: number;
  /** Sum of price times volume, for the average. */
  turnover: number;
}

/** An offer by others at one price. */
export interface Offer {
  readonly ticks: number;
  readonly size: number;
}

export interface Depth {
  readonly levels: number;
  /** At each level; null means the usual size. */
  readonly size: number | null;
}

export const MINUTE_MS = 60_000;
export const FIVE_SECONDS_MS = 5000;
const QUOTE_SIZE = 7;
const USUAL_DEPTH: Depth = { levels: 20, size: null };

export class Market {
  readonly instrument: Instrument;
  last: number;
  lastSize = 1;
  lastMs: number;
  volume = 0;
  halted = false;
  /** The current five seconds. */
  current: Bar;
  readonly #nowMs: () => number;
  readonly #options: { readonly seed: number; readonly days: number };
  readonly #started: { readonly atMs: number; readonly price: number };
  #past: Bar[] | null = null;
  readonly #since: Bar[] = [];
  #depth = USUAL_DEPTH;
  #bids: Offer[] = [];
  #asks: Offer[] = [];

  constructor(instrument: Instrument, nowMs: () => number, options: { seed: number; days: number }) {
    this.instrument = instrument;
    this.#nowMs = nowMs;
    this.#options = options;
    this.last = ticksOf(instrument.startPrice, instrument.tick);
    this.lastMs = nowMs();
    this.#started = { atMs: this.lastMs, price: this.last };
    this.current = emptyBar(floor(this.lastMs, FIVE_SECONDS_MS), this.last);
    this.#offerAround(this.last);
  }

  /** The best bid of others; undefined if there is none. */
  get bid(): Offer | undefined {
    return this.#bids[0];
  }
  get ask(): Offer | undefined {
    return this.#asks[0];
  }

  /** Sets how many ticks deep others offer, and how much at each. */
  setDepth(depth: Depth): void {
    this.#depth = depth;
    this.#offerAround(this.last);
  }

  /** Others trade at that price and then offer around it again. */
  trade(ticks: number, size: number): void {
    if (!Number.isSafeInteger(ticks) || ticks < 2) throw new TypeError(`no price: ${ticks} ticks`);
    this.#offerAround(ticks);
    this.print(ticks, size);
  }

  /**
   * Takes from the best offer of others, within the limit; null if there is none. The quantity taken stays
   * gone until others trade again.
   */
  takeBest(action: 'BUY' | 'SELL', limit: number | null, quantity: number): Offer | null {
    const offers = action === 'BUY' ? this.#asks : this.#bids;
    const [best] = offers;
    if (best === undefined) return null;
    const { ticks } = best;
    if (limit !== null && (action === 'BUY' ? ticks > limit : ticks < limit)) return null;
    const size = Math.min(quantity, best.size);
    if (size === best.size) offers.shift();
    else offers[0] = { ticks, size: best.size - size };
    return { ticks, size };
  }

  #offerAround(ticks: number): void {
    const { levels, size } = this.#depth;
    const steps = Array.from({ length: levels }, (_, step) => step + 1);
    this.#asks = steps.map((step) => ({ ticks: ticks + step, size: size ?? QUOTE_SIZE + 2 }));
    this.#bids = steps
      .filter((step) => ticks - step > 0)
      .map((step) => ({ ticks: ticks - step, size: size ?? QUOTE_SIZE }));
  }

  /** Records a trade on the tape. */
  print(ticks: number, size: number): void {
    this.last = ticks;
    this.lastSize = size;
    this.lastMs = this.#nowMs();
    this.volume += size;
    add(this.current, ticks, size);
    add(this.#minute(), ticks, size);
  }

  /** Returns the last five seconds once, after they have ended; null while they last. */
  endedFiveSeconds(): Bar | null {
    const began = floor(this.#nowMs(), FIVE_SECONDS_MS);
    if (began === this.current.fromMs) return null;
    const ended = this.current;
    this.current = emptyBar(began, this.last);
    return ended;
  }

  /** One-minute bars with trades, oldest first. The past is generated when it is first asked for. */
  minutes(fromMs: number, toMs: number): readonly Bar[] {
    this.#past ??= this.#makePast();
    return [...this.#past, ...this.#since].filter((bar) => bar.fromMs >= fromMs && bar.fromMs < toMs);
  }

  #minute(): Bar {
    const fromMs = floor(this.#nowMs(), MINUTE_MS);
    const newest = this.#since.at(-1);
    if (newest?.fromMs === fromMs) return newest;
    const bar = emptyBar(fromMs, this.last);
    this.#since.push(bar);
    return bar;
  }

  /** A walk backwards from the start price: its last minute closes where the market began. */
  #makePast(): Bar[] {
    const { schedule, conId } = this.instrument;
    const toMs = floor(this.#started.atMs, MINUTE_MS);
    const fromMs = toMs - this.#options.days * 24 * 60 * MINUTE_MS;
    const random = seededRandom(this.#options.seed + conId);
    const bars: Bar[] = [];
    let close = this.#started.price;
    const step = Math.max(1, Math.round(close / 15_000));
    for (const session of sessionsBetween(schedule, fromMs, toMs, false).reverse()) {
      for (
        let at = Math.min(session.toMs, toMs) - MINUTE_MS;
        at >= Math.max(session.fromMs, fromMs);
        at -= MINUTE_MS
      ) {
        const bar = pastBar(at, close, step, random);
        bars.push(bar);
        close = bar.open;
      }
    }
    return bars.reverse();
  }
}

function pastBar(fromMs: number, close: number, step: number, random: () => number): Bar {
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const open = Math.max(10, close + between(-4, 4) * step);
  const high = Math.max(open, close) + between(0, 3) * step;
  const low = Math.min(open, close) - between(0, 3) * step;
  const volume = between(40, 400);
  const trades = Math.ceil(volume / 3);
  return {
    fromMs,
    open,
    high,
    low,
    close,
    volume,
    trades,
    turnover: Math.round((volume * (high + low)) / 2),
  };
}

function emptyBar(fromMs: number, price: number): Bar {
  return { fromMs, open: price, high: price, low: price, close: price, volume: 0, trades: 0, turnover: 0 };
}

function add(bar: Bar, price: number, size: number): void {
  if (bar.trades === 0) bar.open = bar.high = bar.low = price;
  bar.high = Math.max(bar.high, price);
  bar.low = Math.min(bar.low, price);
  bar.close = price;
  bar.volume += size;
  bar.trades += 1;
  bar.turnover += price * size;
}

const floor = (ms: number, step: number): number => Math.floor(ms / step) * step;

/** Joins bars into one; there must be at least one, and they must be in order. */
export function joined(fromMs: number, bars: readonly Bar[]): Bar {
  const [first] = bars;
  const last = bars.at(-1);
  if (first === undefined || last === undefined) throw new TypeError('a bar of no bars');
  return {
    fromMs,
    open: first.open,
    high: Math.max(...bars.map(({ high }) => high)),
    low: Math.min(...bars.map(({ low }) => low)),
    close: last.close,
    volume: bars.reduce((sum, { volume }) => sum + volume, 0),
    trades: bars.reduce((sum, { trades }) => sum + trades, 0),
    turnover: bars.reduce((sum, { turnover }) => sum + turnover, 0),
  };
}
