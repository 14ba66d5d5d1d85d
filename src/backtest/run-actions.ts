/**
 * Splits and dividends of a run: each is taken in after the last price before its time and before the first one at it or
 * after. What strategies have seen of a stock that is split is shown to them again, in new shares.
 */
import type { MarketBar } from '../contracts/market-feed.js';
import type { SplitRatio } from '../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import { byEnd, splitBar } from '../trader/warm-up.js';
import type { TimedAction } from './actions-file.js';
import type { TradingInstance } from './instance/trading-instance.js';

export class RunActions {
  readonly #actions: readonly TimedAction[];
  readonly #idOf: ReadonlyMap<string, InstrumentId>;
  /** The newest bars of each instrument, in the shares of now. Nothing is kept where nothing is split. */
  readonly #bars: MarketBar[][];
  readonly #keeps: boolean;
  #next = 0;

  /** `barsKept`: as many as a start shows to strategies. */
  constructor(
    actions: readonly TimedAction[],
    instruments: readonly Instrument[],
    private readonly barsKept: number,
  ) {
    this.#idOf = new Map(instruments.map(({ symbol, id }) => [symbol, id]));
    this.#actions = actions.filter(({ action }) => this.#idOf.has(action.symbol));
    this.#keeps = this.#actions.some(({ action }) => action.kind === 'split');
    this.#bars = instruments.map(() => []);
  }

  /** The past of a run that begins at `beginMs`, all in the shares of then. Earlier dividends are not its own. */
  past(bars: readonly MarketBar[], beginMs: number): readonly MarketBar[] {
    let past = bars;
    for (let next = this.#actions[this.#next]; next !== undefined && next.atMs < beginMs; ) {
      const { action, atMs } = next;
      if (action.kind === 'split') past = past.map((bar) => this.#split(bar, action.symbol, action, atMs));
      this.#next += 1;
      next = this.#actions[this.#next];
    }
    for (const bar of past) this.keep(bar);
    return past;
  }

  keep(bar: MarketBar): void {
    const bars = this.#bars[bar.instrument];
    if (!this.#keeps || bars === undefined) return;
    bars.push(bar);
    if (bars.length > 2 * this.barsKept) bars.splice(0, bars.length - this.barsKept);
  }

  /** `before`: called with the time of each, for what comes before it. */
  take(instance: TradingInstance, untilMs: number, before: (atMs: number) => void): void {
    for (let next = this.#actions[this.#next]; next !== undefined && next.atMs <= untilMs; ) {
      const { action, atMs, file, line } = next;
      this.#next += 1;
      before(atMs);
      instance.advanceTo(Math.max(atMs, instance.marketMs));
      instance.command({
        commandId: `action-${this.#next}`,
        by: 'backtest',
        reason: `${file}:${line}`,
        command: { name: 'corporateAction', action, timed: true },
      });
      if (action.kind === 'split') this.#showAgain(instance, action.symbol, action, atMs);
      next = this.#actions[this.#next];
    }
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
