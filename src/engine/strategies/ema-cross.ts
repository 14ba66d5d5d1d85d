/**
 * EMA cross: when the fast average crosses above the slow one, a limit order just below the bid waits for a few bars;
 * the stop is the nearer of an ATR multiple and the desk's stop-loss; the position is closed when they cross back.
 * The reverse if the venue can short.
 */
import type { FinishedBar } from '../../domain/quote-columns.js';
import { Atr, Ema } from './indicators.js';
import { enterProtected, numberOf, STOP_PARAMETERS } from './protected-entry.js';
import type {
  ParameterValues,
  Strategy,
  StrategyContext,
  StrategyDefinition,
  StrategyLine,
} from './strategy.js';

export const emaCross: StrategyDefinition = {
  kind: 'emaCross',
  suits: 'trending',
  parameters: [
    { name: 'fastBars', whole: true, min: 2, max: 500, default: 5, meaning: 'bars of the fast average' },
    { name: 'slowBars', whole: true, min: 3, max: 1000, default: 13, meaning: 'bars of the slow average' },
    ...STOP_PARAMETERS,
    {
      name: 'entryOffsetTicks',
      whole: true,
      min: 0,
      max: 10_000,
      default: 1,
      meaning: 'ticks below the bid',
    },
  ],
  create: (parameters) => new EmaCross(parameters),
};

class EmaCross implements Strategy {
  readonly warmupBars: number;
  readonly #fast: Ema;
  readonly #slow: Ema;
  readonly #atr: Atr;
  /** Whether the fast average was above the slow one at the last bar. Null: one of them does not exist yet. */
  #above: boolean | null = null;
  #seen = 0;

  constructor(private readonly parameters: ParameterValues) {
    this.#fast = new Ema(numberOf(parameters, 'fastBars'));
    this.#slow = new Ema(numberOf(parameters, 'slowBars'));
    this.#atr = new Atr(numberOf(parameters, 'atrBars'));
    this.warmupBars =
      Math.max(
        numberOf(parameters, 'fastBars'),
        numberOf(parameters, 'slowBars'),
        numberOf(parameters, 'atrBars'),
      ) + 1;
  }

  onBar(context: StrategyContext, bar: FinishedBar): void {
    this.#seen += 1;
    this.#fast.update(bar.closeTicks);
    this.#slow.update(bar.closeTicks);
    this.#atr.update(bar.highTicks, bar.lowTicks, bar.closeTicks);
    if (this.#fast.value === null || this.#slow.value === null) return;
    const before = this.#above;
    this.#above = this.#fast.value > this.#slow.value;
    if (this.#seen < this.warmupBars || before === null) return;
    this.#leave(context, this.#above);
    if (before !== this.#above) this.#enter(context, this.#above);
  }

  /** Called at every bar, so an exit that could not be made is made later. */
  #leave(context: StrategyContext, above: boolean): void {
    const { positionLots } = context;
    if (positionLots > 0 && !above) context.exit('fast average is below slow');
    if (positionLots < 0 && above) context.exit('fast average is above slow');
  }

  #enter(context: StrategyContext, above: boolean): void {
    enterProtected(context, this.parameters, {
      side: above ? 'buy' : 'sell',
      at: 'own',
      offsetTicks: numberOf(this.parameters, 'entryOffsetTicks'),
      atr: this.#atr.value,
      because: `fast average crossed ${above ? 'above' : 'below'} slow`,
    });
  }

  state(): string {
    if (this.#seen < this.warmupBars) return `warming up: ${this.warmupBars - this.#seen} bars to go`;
    return this.#above === true
      ? 'next entry: after the fast average crosses below the slow one and back above'
      : 'next entry: when the fast average crosses above the slow one';
  }

  lines(): readonly StrategyLine[] {
    return [
      { name: 'fast average', ticks: this.#fast.value },
      { name: 'slow average', ticks: this.#slow.value },
    ];
  }
}
