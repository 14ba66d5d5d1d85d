/**
 * The venue's own closed minutes with volume, each once and in order: as its stream closes them, and by
 * request for those that the stream missed. The warm-up bars of strategies come the same way.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { MarketBar } from '../../contracts/market-feed.js';
import { backoffMs } from '../../domain/backoff.js';
import { DAY_MS, MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument } from '../../domain/instrument.js';
import type { OhlcvRow, PriceConnection } from '../../venue/prices.js';
import { DecimalGrid } from '../decimal-grid.js';

/** The longest warm-up of a strategy that asks for longer bars. */
const HISTORY_BARS_MAX = 50_000;
/** No market closes for longer, so a longer stretch without minutes lies before the venue's first one. */
const CLOSED_MS_MAX = 7 * DAY_MS;
/** The most that is requested once it runs: older minutes are of no use to resting orders. */
const MISSING_BARS_MAX = 5000;
const PAGE_BARS = 1000;
const PAGES_MAX = 200;

export interface MinuteReaderTimes {
  /** If the stream delivers minutes: how long after its end a minute is awaited before it is requested. */
  readonly graceMs: number;
  /** The same if it doesn't; also how long ago the newest minute must have ended to be considered complete. */
  readonly settleMs: number;
  readonly checkMs: number;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** A newer minute waits at most this long for an unobtainable one. */
  readonly gapMsMax: number;
}

export const MINUTE_READER_TIMES: MinuteReaderTimes = {
  graceMs: 4000,
  settleMs: 2000,
  checkMs: 250,
  backoffMs: 2000,
  backoffMsMax: 30_000,
  gapMsMax: 20_000,
};

interface MinuteReaderOptions {
  readonly prices: Pick<PriceConnection, 'fetchMinutes'>;
  readonly instruments: readonly Instrument[];
  /** Market time: the venue's clock if it is known. */
  readonly marketMs: () => number;
  readonly steadyMs: () => number;
  readonly times: MinuteReaderTimes;
  /** `past`: of the history that was away at the start. */
  readonly onBar: (bar: MarketBar, past: boolean) => void;
}

interface Minutes {
  readonly instrument: Instrument;
  readonly grids: Grids;
  /** Opening time of the next minute to deliver. Null: whichever comes first. */
  nextMs: number | null;
  /** Steady time from which it is requested. */
  dueAt: number;
  failures: number;
  /** Past minutes that were asked for while the venue had no answer: read before anything newer is delivered. */
  owed: number;
  /** Closed by the stream while an older one is still missing; oldest first. */
  waiting: MarketBar[];
  waitingSince: number;
}

interface Grids {
  readonly price: DecimalGrid;
  readonly quantity: DecimalGrid;
}

const WAITING_MAX = 100;

export class MinuteReader {
  readonly #minutes: readonly Minutes[];
  readonly #bySymbol: ReadonlyMap<string, Minutes>;
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;
  #streamed = false;

  constructor(private readonly options: MinuteReaderOptions) {
    this.#minutes = options.instruments.map((instrument) => ({
      instrument,
      grids: gridsOf(instrument),
      nextMs: null,
      dueAt: Number.POSITIVE_INFINITY,
      failures: 0,
      owed: 0,
      waiting: [],
      waitingSince: 0,
    }));
    this.#bySymbol = new Map(this.#minutes.map((one) => [one.instrument.symbol, one]));
  }

  /** The last `count` closed minutes, oldest first; delivery continues after them. Throws the venue's error. */
  async history(id: number, count: number): Promise<readonly MarketBar[]> {
    const one = this.#minutes[id];
    if (one === undefined || count <= 0) return [];
    const nowMs = this.options.marketMs();
    const wanted = Math.min(HISTORY_BARS_MAX, count);
    const sinceMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - wanted * MINUTE_MS;
    const newest = await this.#read(one, sinceMs, nowMs);
    const bars = [...(await this.#older(one, sinceMs, wanted - newest.length)), ...newest].slice(-wanted);
    const last = bars.at(-1);
    if (last !== undefined) one.nextMs = Math.max(one.nextMs ?? 0, last.openMs + MINUTE_MS);
    return bars;
  }

  /** The venue's history of this instrument is away: it is read as soon as it answers. */
  owe(id: number, count: number): void {
    const one = this.#minutes[id];
    if (one !== undefined) one.owed = count;
  }

  /**
   * At least `missing` minutes from before `untilMs`, if there are any: a closed market has none. Looks
   * further back each time, until a week shows nothing more. Unreadable minutes are left out, since newer
   * ones are useful on their own.
   */
  async #older(one: Minutes, untilMs: number, missing: number): Promise<readonly MarketBar[]> {
    if (missing <= 0) return [];
    let bars: readonly MarketBar[] = [];
    let fromMs = untilMs;
    for (let stepMs = 2 * missing * MINUTE_MS; bars.length < missing; stepMs *= 2) {
      const [sinceMs, endMs] = [fromMs - Math.min(stepMs, CLOSED_MS_MAX), fromMs];
      const found = await this.#read(one, sinceMs, endMs).catch(() => []);
      if (found.length === 0 && stepMs >= CLOSED_MS_MAX) break;
      bars = [...found, ...bars];
      fromMs = sinceMs;
    }
    return bars;
  }

  /** `streamed`: closed minutes usually come through `closed`. */
  start(streamed: boolean): void {
    this.#streamed = streamed;
    const nowMs = this.options.marketMs();
    for (const one of this.#minutes) {
      one.nextMs ??= Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
      one.dueAt = this.options.steadyMs();
      if (one.owed === 0) one.dueAt += Math.max(0, one.nextMs + MINUTE_MS - nowMs) + this.#graceMs;
    }
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** A minute that the venue's stream has closed. */
  closed(symbol: string, row: OhlcvRow): void {
    const one = this.#bySymbol.get(symbol);
    const bar = one === undefined ? null : toBar(row, one);
    if (one === undefined || bar === null || this.#closing.signal.aborted) return;
    if (one.nextMs !== null && bar.openMs < one.nextMs) return;
    if (one.nextMs === null || bar.openMs === one.nextMs) {
      this.#deliver(one, bar);
      this.#deliverWaiting(one);
      return;
    }
    if (one.waiting.length === 0) one.waitingSince = this.options.steadyMs();
    if (one.waiting.length < WAITING_MAX) one.waiting.push(bar);
    one.dueAt = Math.min(one.dueAt, this.options.steadyMs());
  }

  get #graceMs(): number {
    return this.#streamed ? this.options.times.graceMs : this.options.times.settleMs;
  }

  async #run(): Promise<void> {
    const { checkMs } = this.options.times;
    while (!this.#closing.signal.aborted) {
      await sleep(checkMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      await this.#readOwed();
      for (const one of this.#minutes) {
        if (this.#closing.signal.aborted) return;
        if (one.owed === 0 && this.options.steadyMs() >= one.dueAt) await this.#fetchMissing(one);
        this.#passGap(one);
      }
    }
  }

  /** Of all instruments together, oldest first: a strategy may look at several of them. */
  async #readOwed(): Promise<void> {
    const due = this.#minutes.filter(({ owed, dueAt }) => owed > 0 && this.options.steadyMs() >= dueAt);
    if (due.length === 0) return;
    const read = await Promise.all(
      due.map(async (one) => {
        const bars = await this.history(one.instrument.id, one.owed).catch(() => null);
        if (bars === null) {
          this.#putOff(one);
          return [];
        }
        one.owed = 0;
        this.#await(one);
        return bars;
      }),
    );
    if (this.#closing.signal.aborted) return;
    const bars = read.flat().sort((a, b) => a.openMs - b.openMs || a.instrument - b.instrument);
    for (const bar of bars) this.options.onBar(bar, true);
  }

  /** Requests everything from the next minute on. */
  async #fetchMissing(one: Minutes): Promise<void> {
    const { marketMs } = this.options;
    const oldestMs = Math.floor(marketMs() / MINUTE_MS) * MINUTE_MS - MISSING_BARS_MAX * MINUTE_MS;
    const sinceMs = Math.max(one.nextMs ?? oldestMs, oldestMs);
    this.#putOff(one);
    const bars = await this.#read(one, sinceMs, marketMs()).catch(() => []);
    if (this.#closing.signal.aborted) return;
    for (const bar of bars) if (bar.openMs >= (one.nextMs ?? 0)) this.#deliver(one, bar);
    this.#deliverWaiting(one);
  }

  /** At growing intervals if there is no result, so that a venue without trades is polled less and less often. */
  #putOff(one: Minutes): void {
    const { times, steadyMs } = this.options;
    one.failures += 1;
    one.dueAt =
      steadyMs() + backoffMs(one.failures, { firstMs: times.backoffMs, mostMs: times.backoffMsMax });
  }

  /** The next minute ends a minute after the last one did, or has ended already. */
  #await(one: Minutes): void {
    const { steadyMs, marketMs } = this.options;
    one.failures = 0;
    const leftMs = Math.max(0, Math.min(MINUTE_MS, (one.nextMs ?? 0) + MINUTE_MS - marketMs()));
    one.dueAt = steadyMs() + leftMs + this.#graceMs;
  }

  #deliver(one: Minutes, bar: MarketBar): void {
    one.nextMs = bar.openMs + MINUTE_MS;
    this.#await(one);
    this.options.onBar(bar, false);
  }

  #deliverWaiting(one: Minutes): void {
    for (let first = one.waiting[0]; first !== undefined; first = one.waiting[0]) {
      if (one.nextMs !== null && first.openMs > one.nextMs) {
        one.dueAt = Math.min(one.dueAt, this.options.steadyMs() + this.options.times.backoffMs);
        return;
      }
      one.waiting.shift();
      if (first.openMs === one.nextMs) this.#deliver(one, first);
    }
  }

  /** A minute that the venue does not deliver is a gap: newer ones stop waiting for it. */
  #passGap(one: Minutes): void {
    const first = one.waiting[0];
    if (first === undefined) return;
    if (this.options.steadyMs() - one.waitingSince < this.options.times.gapMsMax) return;
    one.nextMs = first.openMs;
    this.#deliverWaiting(one);
  }

  /** Closed minutes from `sinceMs` to before `untilMs`, page by page; they start later if the venue keeps fewer. */
  async #read(one: Minutes, sinceMs: number, untilMs: number): Promise<readonly MarketBar[]> {
    const { prices, marketMs, times } = this.options;
    const rows = await readMinutes(prices, one.instrument.symbol, sinceMs, untilMs);
    const bars = rows
      .map((row) => toBar(row, one))
      .filter((bar) => bar !== null)
      .filter(({ openMs }) => openMs < untilMs);
    // The newest may still be growing: if our own clock were wrong, half a minute would pass for a whole one.
    const newest = bars.at(-1);
    if (newest !== undefined && newest.openMs + MINUTE_MS + times.settleMs > marketMs()) bars.pop();
    return bars;
  }
}

async function readMinutes(
  prices: Pick<PriceConnection, 'fetchMinutes'>,
  symbol: string,
  fromMs: number,
  untilMs: number,
): Promise<readonly OhlcvRow[]> {
  const rows: OhlcvRow[] = [];
  let sinceMs = fromMs;
  for (let page = 0; page < PAGES_MAX && sinceMs < untilMs; page += 1) {
    const found = await prices.fetchMinutes(symbol, sinceMs, PAGE_BARS);
    const fresh = found.filter(([openMs]) => openMs !== undefined && openMs >= sinceMs);
    const last = fresh.at(-1)?.[0];
    if (last === undefined) break;
    rows.push(...fresh);
    // A short page need not be the last: some exchanges give 300 minutes at most, however many are asked for.
    sinceMs = last + MINUTE_MS;
  }
  return rows;
}

export function gridsOf({ tickSize, lotSize }: Instrument): Grids {
  return { price: new DecimalGrid(tickSize), quantity: new DecimalGrid(lotSize) };
}

/** Whole steps: the library's numbers are rounded to the nearest, decimal text is rounded down; 0 if missing. */
export function stepsOf(value: string | number | undefined, grid: DecimalGrid): number {
  if (typeof value === 'string') return grid.floor(value) ?? 0;
  if (value === undefined || !Number.isFinite(value) || value <= 0) return 0;
  const steps = Math.round(value / Number(grid.step));
  return Number.isSafeInteger(steps) ? steps : 0;
}

/** Null: a price is missing. */
export function toBar(
  [openMs, ...rest]: OhlcvRow,
  { instrument, grids }: { readonly instrument: Instrument; readonly grids: Grids },
): MarketBar | null {
  const [openTicks, highTicks, lowTicks, closeTicks] = rest
    .slice(0, 4)
    .map((price) => stepsOf(price, grids.price)) as [number, number, number, number];
  if (openMs === undefined || !Number.isSafeInteger(openMs)) return null;
  if (!(openTicks > 0 && highTicks > 0 && lowTicks > 0 && closeTicks > 0)) return null;
  return {
    instrument: instrument.id,
    openMs,
    spanMs: MINUTE_MS,
    openTicks,
    highTicks,
    lowTicks,
    closeTicks,
    volumeLots: isVolume(rest[4]) ? stepsOf(rest[4], grids.quantity) : Number.NaN,
  };
}

/** Venues without a volume leave it out, or send -1. */
const isVolume = (told: OhlcvRow[number]): boolean => Number(told) >= 0;
