/** What the shipped strategies do alike: a limit order that waits a few bars, with a stop by the market's range or the desk's. */
import { formatDecimal } from '../../domain/decimal.js';
import { ppmOfPercent } from '../../domain/money.js';
import type { ParameterSpec, ParameterValues, StrategyContext } from './strategy.js';

export const STOP_PARAMETERS: readonly ParameterSpec[] = [
  { name: 'atrBars', whole: true, min: 2, max: 500, default: 14, meaning: 'bars of the average true range' },
  { name: 'atrStopMultiple', whole: false, min: 0.1, max: 50, default: 3, meaning: 'stop distance in ATR' },
  { name: 'entryRestBars', whole: true, min: 1, max: 100, default: 3, meaning: 'bars that an entry waits' },
];

export interface EntryPlan {
  readonly side: 'buy' | 'sell';
  /** The quote that the limit is at: its own side, where it waits, or the far one, where it takes what is there. */
  readonly at: 'own' | 'far';
  /** Ticks further away from the market. */
  readonly offsetTicks?: number;
  /** Average true range, ticks; null: not known yet. */
  readonly atr: number | null;
  /** What happened, before "; buying at" and the price. */
  readonly because: string;
}

/** Enters where it is flat, priced, and nothing of it rests; sells what is not held only where the venue can. */
export function enterProtected(
  context: StrategyContext,
  parameters: ParameterValues,
  { side, at, offsetTicks = 0, atr, because }: EntryPlan,
): void {
  const { positionLots, entryResting, lastQuote, instrument } = context;
  if (lastQuote === null || atr === null || positionLots !== 0 || entryResting) return;
  const buys = side === 'buy';
  if (!buys && !context.shorting) return;
  const quoteTicks = buys === (at === 'own') ? lastQuote.bidTicks : lastQuote.askTicks;
  const limitTicks = buys ? quoteTicks - offsetTicks : quoteTicks + offsetTicks;
  const byAtr = Math.floor(atr * numberOf(parameters, 'atrStopMultiple'));
  const byPercent = Math.floor((limitTicks * ppmOfPercent(context.stopLossPct)) / 1_000_000);
  const distance = Math.max(1, Math.min(byAtr, byPercent));
  if (limitTicks <= distance) return;
  const price = formatDecimal(limitTicks, instrument.tickSize);
  context.enter({
    side,
    limitTicks,
    protectTicks: buys ? limitTicks - distance : limitTicks + distance,
    restBars: numberOf(parameters, 'entryRestBars'),
    because: `${because}; ${buys ? 'buying' : 'selling'} at ${price}`,
  });
}

export function numberOf(parameters: ParameterValues, name: string): number {
  const value = parameters[name];
  if (typeof value !== 'number') throw new RangeError(`the strategy has no number ${name}`);
  return value;
}
