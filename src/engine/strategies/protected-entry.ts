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
  readonly limitTicks: number;
  /** Average true range, ticks. */
  readonly atr: number;
  /** What happened, before "; buying at" and the price. */
  readonly because: string;
}

/** Enters where it is flat and nothing of it rests; sells what is not held only where the venue can. */
export function enterProtected(
  context: StrategyContext,
  parameters: ParameterValues,
  { side, limitTicks, atr, because }: EntryPlan,
): void {
  const { positionLots, entryResting, instrument } = context;
  if (positionLots !== 0 || entryResting || (side === 'sell' && !context.shorting)) return;
  const byAtr = Math.floor(atr * numberOf(parameters, 'atrStopMultiple'));
  const byPercent = Math.floor((limitTicks * ppmOfPercent(context.stopLossPct)) / 1_000_000);
  const distance = Math.max(1, Math.min(byAtr, byPercent));
  if (limitTicks <= distance) return;
  const price = formatDecimal(limitTicks, instrument.tickSize);
  context.enterLimit({
    side,
    limitTicks,
    protectTicks: side === 'buy' ? limitTicks - distance : limitTicks + distance,
    restBars: numberOf(parameters, 'entryRestBars'),
    because: `${because}; ${side === 'buy' ? 'buying' : 'selling'} at ${price}`,
  });
}

export function numberOf(parameters: ParameterValues, name: string): number {
  const value = parameters[name];
  if (value === undefined) throw new RangeError(`the strategy has no parameter ${name}`);
  return value;
}
