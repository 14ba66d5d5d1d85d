/** What this process has seen since it began and no journal holds. */
import type { SeenBar } from '../../contracts/market-feed.js';
import type { BarsAnswer, EquityAnswer, LineStatus } from '../../contracts/trader-status.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { formatMoney } from '../../domain/money.js';
import type { EquitySample } from '../../engine/effect.js';
import type { Engine } from '../../engine/engine.js';
import type { EngineRecord } from '../../engine/record.js';

/** Since when entries wait in the core, from this process's records: a start drops earlier ones. */
export class WaitingSince {
  readonly #sinceMs = new Map<string, number>();

  add(record: EngineRecord): void {
    if (record.type === 'entry.waits') this.#sinceMs.set(record.entry.clientId, record.marketMs);
    if (record.type === 'entry.over') this.#sinceMs.delete(record.clientId);
  }

  /** Market time. Null: not known. */
  of(clientId: string): number | null {
    return this.#sinceMs.get(clientId) ?? null;
  }
}

/** Two days of minutes. */
const POINTS_KEPT_MAX = 3000;

/** The newest points of the equity curve, for the ledger. Points not fetched in time are lost. */
export class EquityCurve {
  readonly #points: EquitySample[] = [];
  #dropped = 0;

  add(point: EquitySample): void {
    this.#points.push(point);
    // Dropped in batches, so a point usually costs nothing.
    if (this.#points.length < POINTS_KEPT_MAX * 1.1) return;
    const many = this.#points.length - POINTS_KEPT_MAX;
    this.#points.splice(0, many);
    this.#dropped += many;
  }

  /** Oldest first, without the first `after` points of this process. */
  answer(after: number, count: number): Omit<EquityAnswer, 'incarnation'> {
    const from = Math.max(0, after - this.#dropped);
    const points = this.#points.slice(from, from + count);
    return {
      next: this.#dropped + from + points.length,
      points: points.map(({ marketMs, equity, peak, cash, unrealised, capitalMoved }) => ({
        marketMs,
        equity: formatMoney(equity),
        peak: formatMoney(peak),
        cash: formatMoney(cash),
        unrealised: formatMoney(unrealised),
        capitalMoved: formatMoney(capitalMoved),
      })),
    };
  }
}

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

/**
 * The newest finished one-minute bars of each instrument: for the start of a chart, and for the warm-up of a
 * changed strategy.
 */
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
