/**
 * EMA cross: when the fast average crosses above the slow one, a limit order just below the bid waits for a few bars;
 * the stop is the nearer of an ATR multiple and the desk's stop-loss; the position is closed when they cross back.
 * Where the venue can short, the same the other way round.
 */
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { ppmOfPercent } from '../../domain/money.js';
import type { BarEvent } from '../event.js';
import { Atr, Ema } from './indicators.js';
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
    {
      name: 'atrBars',
      whole: true,
      min: 2,
      max: 500,
      default: 14,
      meaning: 'bars of the average true range',
    },
    { name: 'atrStopMultiple', whole: false, min: 0.1, max: 50, default: 3, meaning: 'stop distance in ATR' },
    { name: 'entryRestBars', whole: true, min: 1, max: 100, default: 3, meaning: 'bars that an entry waits' },
    {
      name: 'entryOffsetTicks',
      whole: true,
      min: 0,
      max: 10_000,
      default: 1,
      meaning: 'ticks below the bid',
    },
  ],
  create: (parameters, instrument) => new EmaCross(parameters, instrument),
};

class EmaCross implements Strategy {
  readonly warmupBars: number;
  private readonly fast: Ema;
  private readonly slow: Ema;
  private readonly atr: Atr;
  /** The fast average was above the slow one at the last bar; null before both exist. */
  private above: boolean | null = null;
  private seen = 0;

  constructor(
    private readonly parameters: ParameterValues,
    private readonly instrument: Instrument,
  ) {
    this.fast = new Ema(this.number('fastBars'));
    this.slow = new Ema(this.number('slowBars'));
    this.atr = new Atr(this.number('atrBars'));
    this.warmupBars = Math.max(this.number('fastBars'), this.number('slowBars'), this.number('atrBars')) + 1;
  }

  onBar(context: StrategyContext, bar: BarEvent): void {
    this.seen += 1;
    this.fast.update(bar.closeTicks);
    this.slow.update(bar.closeTicks);
    this.atr.update(bar.highTicks, bar.lowTicks, bar.closeTicks);
    if (this.fast.value === null || this.slow.value === null) return;
    const before = this.above;
    this.above = this.fast.value > this.slow.value;
    if (this.seen < this.warmupBars || before === null) return;
    this.leave(context, this.above);
    if (before !== this.above) this.enter(context, this.above);
  }

  /** Asked at every bar, so that an exit that could not be made is made later. */
  private leave(context: StrategyContext, above: boolean): void {
    const { positionLots } = context;
    if (positionLots > 0 && !above) context.exit('fast average is below slow');
    if (positionLots < 0 && above) context.exit('fast average is above slow');
  }

  private enter(context: StrategyContext, above: boolean): void {
    const { lastQuote, positionLots, entryResting } = context;
    if (lastQuote === null || this.atr.value === null || positionLots !== 0 || entryResting) return;
    if (!above && !context.shorting) return;
    const offset = this.number('entryOffsetTicks');
    const limitTicks = above ? lastQuote.bidTicks - offset : lastQuote.askTicks + offset;
    const distance = this.stopDistance(limitTicks, this.atr.value, context.stopLossPct);
    if (limitTicks <= distance) return;
    const price = formatDecimal(limitTicks, this.instrument.tickSize);
    const crossed = above ? 'above' : 'below';
    context.enterLimit({
      side: above ? 'buy' : 'sell',
      limitTicks,
      protectTicks: above ? limitTicks - distance : limitTicks + distance,
      restBars: this.number('entryRestBars'),
      because: `fast average crossed ${crossed} slow; ${above ? 'buying' : 'selling'} at ${price}`,
    });
  }

  /** Ticks from entry to stop: the nearer of both, at least one. */
  private stopDistance(limitTicks: number, atr: number, stopLossPct: number): number {
    const byAtr = Math.floor(atr * this.number('atrStopMultiple'));
    const byPercent = Math.floor((limitTicks * ppmOfPercent(stopLossPct)) / 1_000_000);
    return Math.max(1, Math.min(byAtr, byPercent));
  }

  state(): string {
    if (this.seen < this.warmupBars) return `warming up: ${this.warmupBars - this.seen} bars to go`;
    return this.above === true
      ? 'next entry: after the fast average crosses below the slow one and back above'
      : 'next entry: when the fast average crosses above the slow one';
  }

  lines(): readonly StrategyLine[] {
    return [
      { name: 'fast average', ticks: this.fast.value },
      { name: 'slow average', ticks: this.slow.value },
    ];
  }

  private number(name: string): number {
    const value = this.parameters[name];
    if (value === undefined) throw new RangeError(`emaCross has no parameter ${name}`);
    return value;
  }
}
