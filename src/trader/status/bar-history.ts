/**
 * The newest finished one-minute bars of each instrument: for the start of a chart, and for the warm-up of a
 * changed strategy.
 */

import type { SeenBar } from '../../contracts/market-feed.js';
import type { BarsAnswer, LineStatus } from '../../contracts/trader-status.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { Engine } from '../../engine/engine.js';

/** For each instrument: two days of minutes. */
const BARS_KEPT_MAX = 3000;
/** For all instruments together: a few megabytes; more only if the strategies' warm-up needs it. */
const BARS_TOTAL_MAX = 60_000;
const BARS_KEPT_MIN = 500;

interface DrawnLine {
  readonly strategy: string;
  readonly name: string;
  readonly ticks: Map<number, number>;
}

export class BarHistory {
  readonly #bars: SeenBar[][];
  readonly #keptMax: number;

  /** By instrument, strategy and name: the value, in ticks, after the bar that opened at that time. */
  readonly #lines: Map<string, DrawnLine>[];

  /** `atLeast`: bars that the strategies need of each instrument, however many instruments there are. */
  constructor(
    private readonly instruments: readonly Instrument[],
    atLeast = 0,
  ) {
    this.#bars = instruments.map(() => []);
    this.#lines = instruments.map(() => new Map());
    const share = Math.floor(BARS_TOTAL_MAX / Math.max(1, instruments.length));
    this.#keptMax = Math.max(BARS_KEPT_MIN, atLeast, Math.min(BARS_KEPT_MAX, share));
  }

  add(bar: SeenBar): void {
    const bars = this.#bars[bar.instrument];
    if (bars === undefined) return;
    const last = bars.at(-1);
    if (last !== undefined && bar.openMs <= last.openMs) return;
    bars.push(bar);
    // Dropped in batches, so a bar usually costs nothing.
    if (bars.length < this.#keptMax * 1.1) return;
    const dropped = bars.splice(0, bars.length - this.#keptMax);
    for (const { ticks } of this.#lines[bar.instrument]?.values() ?? [])
      for (const { openMs } of dropped) ticks.delete(openMs);
  }

  /**
   * Called after the engine has processed a bar: stores the strategies' lines, or replaces them if the bar is
   * shown again.
   */
  draw(instrument: InstrumentId, openMs: number, lines: ReturnType<Engine['strategyLines']>): void {
    const drawn = this.#lines[instrument];
    for (const { strategy, name, ticks } of lines) {
      const key = `${strategy} ${name}`;
      const line = drawn?.get(key) ?? { strategy, name, ticks: new Map<number, number>() };
      if (ticks !== null) line.ticks.set(openMs, ticks);
      drawn?.set(key, line);
    }
  }

  /** Converts the instrument's bars to the new shares; lines return as strategies see the bars again. */
  split(at: InstrumentId, change: (bar: SeenBar) => SeenBar): void {
    this.#bars[at] = (this.#bars[at] ?? []).map(change);
    this.#lines[at]?.clear();
  }

  /** Bars of all instruments, oldest first. */
  newest(count: number): readonly SeenBar[] {
    return this.#bars
      .flatMap((bars) => bars.slice(-count))
      .sort((a, b) => a.openMs + a.spanMs - (b.openMs + b.spanMs) || a.instrument - b.instrument);
  }

  /** Oldest first, as decimal text. Null: this desk does not trade the symbol. */
  answer(symbol: string, count: number, sinceMs: number): Omit<BarsAnswer, 'source'> | null {
    const instrument = this.instruments.find((known) => known.symbol === symbol);
    if (instrument === undefined) return null;
    const { tickSize, lotSize } = instrument;
    const bars = (this.#bars[instrument.id] ?? []).filter(({ openMs }) => openMs >= sinceMs).slice(-count);
    return {
      symbol,
      bars: bars.map((bar) => ({
        openMs: bar.openMs,
        spanMs: bar.spanMs,
        open: formatDecimal(bar.openTicks, tickSize),
        high: formatDecimal(bar.highTicks, tickSize),
        low: formatDecimal(bar.lowTicks, tickSize),
        close: formatDecimal(bar.closeTicks, tickSize),
        volume: Number.isNaN(bar.volumeLots) ? null : formatDecimal(bar.volumeLots, lotSize),
        bid: bar.quote === undefined ? null : formatDecimal(bar.quote.bidTicks, tickSize),
        ask: bar.quote === undefined ? null : formatDecimal(bar.quote.askTicks, tickSize),
      })),
      lines: [...(this.#lines[instrument.id]?.values() ?? [])].map(
        ({ strategy, name, ticks }): LineStatus => ({
          ...{ strategy, name },
          values: bars.map(({ openMs }) => {
            const value = ticks.get(openMs);
            return value === undefined ? null : formatDecimal(Math.round(value), tickSize);
          }),
        }),
      ),
    };
  }
}
