/**
 * Donchian breakout: a close above the highest price of the last `entryBars` bars is bought at once (a limit
 * order at the ask, so a market that has moved on is not chased); a close below the lowest price of the last
 * `exitBars` bars closes the position. The reverse if the venue can short. With `stopEntrySlippageTicks` it
 * does not wait for the close: a stop entry rests one tick beyond the range. Richard Donchian's channel, as
 * used by the Turtle traders.
 */
import type { FinishedBar } from '../../domain/quote-columns.js';
import { Atr, Donchian } from './indicators.js';
import { enterByStop, enterProtected, numberOf, STOP_PARAMETERS } from './protected-entry.js';
import type {
  ParameterValues,
  Strategy,
  StrategyContext,
  StrategyDefinition,
  StrategyLine,
} from './strategy.js';

export const donchianBreakout: StrategyDefinition = {
  kind: 'donchianBreakout',
  suits: 'trending',
  enters: ['limit', 'stop'],
  parameters: [
    { name: 'entryBars', whole: true, min: 2, max: 1000, default: 20, meaning: 'bars whose range is broken' },
    {
      name: 'exitBars',
      whole: true,
      min: 2,
      max: 1000,
      default: 10,
      meaning: 'bars whose range ends the trade',
    },
    {
      name: 'stopEntrySlippageTicks',
      whole: true,
      min: 0,
      max: 1_000_000,
      default: 0,
      meaning:
        'above 0: enters by a stop order one tick beyond the range, filled at most this many ticks past it; 0: at a close beyond it',
    },
    ...STOP_PARAMETERS,
  ],
  create: (parameters) => new DonchianBreakout(parameters),
};

class DonchianBreakout implements Strategy {
  readonly warmupBars: number;
  readonly #entry: Donchian;
  readonly #exit: Donchian;
  readonly #atr: Atr;
  #seen = 0;

  constructor(private readonly parameters: ParameterValues) {
    const [entryBars, exitBars, atrBars] = ['entryBars', 'exitBars', 'atrBars'].map((name) =>
      numberOf(parameters, name),
    ) as [number, number, number];
    this.#entry = new Donchian(entryBars);
    this.#exit = new Donchian(exitBars);
    this.#atr = new Atr(atrBars);
    // The bar that breaks out of a range is not part of it.
    this.warmupBars = Math.max(entryBars, exitBars, atrBars) + 1;
  }

  onBar(context: StrategyContext, bar: FinishedBar): void {
    this.#seen += 1;
    const { high: entryHigh, low: entryLow } = this.#entry;
    const { high: exitHigh, low: exitLow } = this.#exit;
    for (const channel of [this.#entry, this.#exit]) channel.update(bar.highTicks, bar.lowTicks);
    this.#atr.update(bar.highTicks, bar.lowTicks, bar.closeTicks);
    if (this.#seen < this.warmupBars) return;
    const close = bar.closeTicks;
    const { positionLots } = context;
    if (positionLots > 0 && exitLow !== null && close < exitLow)
      context.exit(this.#brokeOut('exitBars', false));
    if (positionLots < 0 && exitHigh !== null && close > exitHigh)
      context.exit(this.#brokeOut('exitBars', true));
    if (this.#stopSlippageTicks > 0) {
      this.#enterAtEdge(context);
      return;
    }
    if (entryHigh !== null && close > entryHigh) this.#enter(context, true);
    if (entryLow !== null && close < entryLow) this.#enter(context, false);
  }

  /** One order rests at a time: at the nearer edge if the venue can short. */
  #enterAtEdge(context: StrategyContext): void {
    const { high, low } = this.#entry;
    const { lastQuote, shorting } = context;
    if (high === null || low === null || lastQuote === null) return;
    const up = !shorting || high - lastQuote.askTicks <= lastQuote.bidTicks - low;
    enterByStop(context, this.parameters, {
      side: up ? 'buy' : 'sell',
      triggerTicks: up ? high + 1 : low - 1,
      slippageTicks: this.#stopSlippageTicks,
      atr: this.#atr.value,
      because: `${up ? 'the high' : 'the low'} of ${numberOf(this.parameters, 'entryBars')} bars may break`,
    });
  }

  get #stopSlippageTicks(): number {
    return numberOf(this.parameters, 'stopEntrySlippageTicks');
  }

  #enter(context: StrategyContext, up: boolean): void {
    enterProtected(context, this.parameters, {
      side: up ? 'buy' : 'sell',
      at: 'far',
      atr: this.#atr.value,
      because: this.#brokeOut('entryBars', up),
    });
  }

  #brokeOut(bars: 'entryBars' | 'exitBars', up: boolean): string {
    return `close ${up ? 'above the high' : 'below the low'} of ${numberOf(this.parameters, bars)} bars`;
  }

  state(): string {
    if (this.#seen < this.warmupBars) return `warming up: ${this.warmupBars - this.#seen} bars to go`;
    const high = `the high of ${numberOf(this.parameters, 'entryBars')} bars`;
    return this.#stopSlippageTicks > 0
      ? `next entry: by a stop above ${high}`
      : `next entry: at a close above ${high}`;
  }

  lines(): readonly StrategyLine[] {
    return [
      { name: 'entry high', ticks: this.#entry.high },
      { name: 'exit low', ticks: this.#exit.low },
    ];
  }
}
