/**
 * RSI reversion: the relative strength index was below `oversold` and comes back above it, so the fall has lost its
 * force. A limit order at the bid enters; the position is closed when the index reaches `exitLevel`. The reverse if
 * the venue can short, at 100 − oversold and 100 − exitLevel.
 */
import type { FinishedBar } from '../../domain/quote-columns.js';
import { Atr, Rsi } from './indicators.js';
import { enterProtected, numberOf, STOP_PARAMETERS } from './protected-entry.js';
import type { ParameterValues, Strategy, StrategyContext, StrategyDefinition } from './strategy.js';

export const rsiReversion: StrategyDefinition = {
  kind: 'rsiReversion',
  suits: 'ranging',
  parameters: [
    { name: 'rsiBars', whole: true, min: 2, max: 500, default: 14, meaning: 'bars of the index' },
    {
      name: 'oversold',
      whole: false,
      min: 1,
      max: 49,
      default: 30,
      meaning: 'index below which a fall is overdone',
    },
    { name: 'exitLevel', whole: false, min: 2, max: 99, default: 55, meaning: 'index at which it exits' },
    ...STOP_PARAMETERS,
  ],
  create: (parameters) => new RsiReversion(parameters),
};

class RsiReversion implements Strategy {
  readonly warmupBars: number;
  readonly #rsi: Rsi;
  readonly #atr: Atr;
  readonly #oversold: number;
  readonly #exitLevel: number;
  /** The index at the previous bar. Null: it does not exist yet. */
  #before: number | null = null;
  #seen = 0;

  constructor(private readonly parameters: ParameterValues) {
    const bars = numberOf(parameters, 'rsiBars');
    const atrBars = numberOf(parameters, 'atrBars');
    this.#rsi = new Rsi(bars);
    this.#atr = new Atr(atrBars);
    this.#oversold = numberOf(parameters, 'oversold');
    this.#exitLevel = numberOf(parameters, 'exitLevel');
    // The index needs one close more than it has moves, and a turn needs two values of it.
    this.warmupBars = Math.max(bars + 2, atrBars);
  }

  onBar(context: StrategyContext, bar: FinishedBar): void {
    this.#seen += 1;
    this.#rsi.update(bar.closeTicks);
    this.#atr.update(bar.highTicks, bar.lowTicks, bar.closeTicks);
    const before = this.#before;
    const now = this.#rsi.value;
    this.#before = now;
    if (before === null || now === null || this.#seen < this.warmupBars) return;
    this.#leave(context, now);
    this.#enter(context, before, now);
  }

  /** Called at every bar, so an exit that could not be made is made later. */
  #leave(context: StrategyContext, now: number): void {
    const { positionLots } = context;
    if (positionLots > 0 && now >= this.#exitLevel) context.exit(`RSI has come back to ${shown(now)}`);
    if (positionLots < 0 && now <= 100 - this.#exitLevel) context.exit(`RSI has come back to ${shown(now)}`);
  }

  #enter(context: StrategyContext, before: number, now: number): void {
    const turnsUp = before < this.#oversold && now >= this.#oversold && now < this.#exitLevel;
    const overbought = 100 - this.#oversold;
    const turnsDown = before > overbought && now <= overbought && now > 100 - this.#exitLevel;
    if (!turnsUp && !turnsDown) return;
    enterProtected(context, this.parameters, {
      side: turnsUp ? 'buy' : 'sell',
      at: 'own',
      atr: this.#atr.value,
      because: `RSI turned ${turnsUp ? 'up' : 'down'} to ${shown(now)}`,
    });
  }

  state(): string {
    if (this.#seen < this.warmupBars) return `warming up: ${this.warmupBars - this.#seen} bars to go`;
    const now = this.#rsi.value;
    return now === null
      ? ''
      : `next entry: when RSI comes back above ${this.#oversold} from below; it is ${shown(now)}`;
  }
}

const shown = (value: number): string => value.toFixed(1);
