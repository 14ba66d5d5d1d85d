/**
 * Splits and dividends of a run: each is taken in after the last price before its time and before the first one at it or
 * after. What strategies have seen of a stock that is split is shown to them again, in new shares.
 */
import type { MarketBar, MarketEvent } from '../contracts/market-feed.js';
import type { SplitRatio } from '../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import { byEnd, splitBar } from '../trader/warm-up.js';
import type { TimedAction } from './actions-file.js';
import type { TradingInstance } from './instance/trading-instance.js';

type TimedEvent = Extract<MarketEvent, { readonly marketMs: number }>;

export class RunActions {
  /** By time. */
  #pending: readonly TimedAction[];
  readonly #idOf: ReadonlyMap<string, InstrumentId>;
  /** The newest bars of each instrument, in the shares of now. Nothing is kept where nothing is split. */
  readonly #bars: MarketBar[][];
  readonly #keeps: boolean;
  /** By instrument: when its newest bar ended, and its newest price. */
  readonly #barEndMs: number[];
  readonly #pricedMs: number[];
  #taken = 0;

  /** `barsKept`: as many as a start shows to strategies. */
  constructor(
    actions: readonly TimedAction[],
    instruments: readonly Instrument[],
    private readonly barsKept: number,
  ) {
    this.#idOf = new Map(instruments.map(({ symbol, id }) => [symbol, id]));
    this.#pending = actions.filter(({ action }) => this.#idOf.has(action.symbol));
    this.#keeps = this.#pending.some(({ action }) => action.kind === 'split');
    this.#bars = instruments.map(() => []);
    this.#barEndMs = instruments.map(() => Number.NEGATIVE_INFINITY);
    this.#pricedMs = instruments.map(() => Number.NEGATIVE_INFINITY);
  }

  /** The past of a run that begins at `beginMs`, all in the shares of then. Earlier dividends are not its own. */
  past(bars: readonly MarketBar[], beginMs: number): readonly MarketBar[] {
    let past = bars;
    for (const { action, atMs } of this.#pending) {
      if (atMs >= beginMs || action.kind !== 'split') continue;
      past = past.map((bar) => this.#split(bar, action.symbol, action, atMs));
    }
    this.#pending = this.#pending.filter(({ atMs }) => atMs >= beginMs);
    for (const bar of past) this.#keep(bar);
    return past;
  }

  /** Called before the event is. `before`: called with the time of each action, for what comes before it. */
  take(instance: TradingInstance, event: TimedEvent, before: (atMs: number) => void): void {
    for (const next of this.#pending) {
      const { action, atMs, file, line } = next;
      if (atMs > event.marketMs) break;
      if (atMs === event.marketMs && !this.#isFirstPrice(event, action.symbol)) continue;
      this.#pending = this.#pending.filter((other) => other !== next);
      this.#taken += 1;
      before(atMs);
      instance.advanceTo(Math.max(atMs, instance.marketMs));
      instance.command({
        commandId: `action-${this.#taken}`,
        by: 'backtest',
        reason: `${file}:${line}`,
        command: { name: 'corporateAction', action, timed: true },
      });
      if (action.kind === 'split') this.#showAgain(instance, action.symbol, action, atMs);
    }
    this.#note(event);
  }

  /** The last price of a bar has the very time at which the next bar begins: it is still of the shares before. */
  #isFirstPrice(event: TimedEvent, symbol: string): boolean {
    if (event.kind === 'bar' || event.instrument !== this.#idOf.get(symbol)) return false;
    return (this.#pricedMs[event.instrument] as number) <= (this.#barEndMs[event.instrument] as number);
  }

  #note(event: TimedEvent): void {
    if (event.kind === 'bar') {
      const { instrument, openMs, spanMs } = event.bar;
      this.#barEndMs[instrument] = openMs + spanMs;
      this.#keep(event.bar);
    } else this.#pricedMs[event.instrument] = event.marketMs;
  }

  #keep(bar: MarketBar): void {
    const bars = this.#bars[bar.instrument];
    if (!this.#keeps || bars === undefined) return;
    bars.push(bar);
    if (bars.length > 2 * this.barsKept) bars.splice(0, bars.length - this.barsKept);
  }

  #showAgain(instance: TradingInstance, symbol: string, ratio: SplitRatio, atMs: number): void {
    const at = this.#idOf.get(symbol) ?? -1;
    this.#bars[at] = (this.#bars[at] ?? []).map((bar) => this.#split(bar, symbol, ratio, atMs));
    const all = this.#bars.flatMap((bars) => bars.slice(-this.barsKept)).sort(byEnd);
    for (const bar of all) instance.warmUp(bar);
  }

  #split(bar: MarketBar, symbol: string, ratio: SplitRatio, atMs: number): MarketBar {
    const isOld = this.#idOf.get(symbol) === bar.instrument && bar.openMs < atMs;
    return isOld ? splitBar(bar, ratio) : bar;
  }
}
