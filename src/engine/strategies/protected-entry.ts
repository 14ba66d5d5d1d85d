/**
 * Shared by the shipped strategies: an order that waits a few bars, with a stop set by the market's range or
 * by the desk.
 */
import { formatDecimal } from '../../domain/decimal.js';
import { ppmOfPercent } from '../../domain/money.js';
import type { ParameterSpec, ParameterValues, StrategyContext } from './strategy.js';

export const STOP_PARAMETERS: readonly ParameterSpec[] = [
  { name: 'atrBars', whole: true, min: 2, max: 500, default: 14, meaning: 'bars of the average true range' },
  { name: 'atrStopMultiple', whole: false, min: 0.1, max: 50, default: 3, meaning: 'stop distance in ATR' },
  { name: 'entryRestBars', whole: true, min: 1, max: 100, default: 3, meaning: 'bars that an entry waits' },
];

interface AnyPlan {
  readonly side: 'buy' | 'sell';
  /** Average true range, in ticks. Null: not known yet. */
  readonly atr: number | null;
  /** What happened; the note continues with "; buying at" and the price. */
  readonly because: string;
}

interface LimitPlan extends AnyPlan {
  /** The quote that the limit is set to: `own` waits on its own side of the spread, `far` takes what is offered. */
  readonly at: 'own' | 'far';
  /** How many ticks further away from the market. */
  readonly offsetTicks?: number;
}

interface StopPlan extends AnyPlan {
  /** The trigger. Nothing is entered if the market is there already. */
  readonly triggerTicks: number;
  readonly slippageTicks: number;
}

/**
 * Enters by a limit order if the instrument is flat, has a price and has no resting entry. Sells short only if the
 * venue can.
 */
export function enterProtected(
  context: StrategyContext,
  parameters: ParameterValues,
  { side, at, offsetTicks = 0, atr, because }: LimitPlan,
): void {
  const { lastQuote } = context;
  if (lastQuote === null || atr === null || !mayEnter(context, side)) return;
  const buys = side === 'buy';
  const quoteTicks = buys === (at === 'own') ? lastQuote.bidTicks : lastQuote.askTicks;
  const limitTicks = buys ? quoteTicks - offsetTicks : quoteTicks + offsetTicks;
  const protectTicks = protectAt(context, side, limitTicks, stopByAtr(parameters, atr));
  if (protectTicks === null) return;
  context.enter({
    ...{ side, limitTicks, protectTicks, restBars: numberOf(parameters, 'entryRestBars') },
    because: `${because}; ${buys ? 'buying' : 'selling'} at ${priceText(context, limitTicks)}`,
  });
}

/**
 * The same with a stop order, which rests until the market reaches its trigger. Its protective stop is as far
 * from the trigger as that of a limit entry is from its price.
 */
export function enterByStop(
  context: StrategyContext,
  parameters: ParameterValues,
  { side, triggerTicks, slippageTicks, atr, because }: StopPlan,
): void {
  const { lastQuote } = context;
  if (lastQuote === null || atr === null || !mayEnter(context, side)) return;
  const buys = side === 'buy';
  if (buys ? triggerTicks <= lastQuote.askTicks : triggerTicks >= lastQuote.bidTicks) return;
  const worstTicks = buys ? triggerTicks + slippageTicks : triggerTicks - slippageTicks;
  const protectTicks = protectAt(context, side, worstTicks, slippageTicks + stopByAtr(parameters, atr));
  if (protectTicks === null) return;
  context.enter({
    ...{ side, type: 'stop', stopTicks: triggerTicks, slippageTicks, protectTicks },
    restBars: numberOf(parameters, 'entryRestBars'),
    because: `${because}; ${buys ? 'buying' : 'selling'} from ${priceText(context, triggerTicks)} on`,
  });
}

function mayEnter({ positionLots, entryResting, shorting }: StrategyContext, side: 'buy' | 'sell'): boolean {
  return positionLots === 0 && !entryResting && (side === 'buy' || shorting);
}

const stopByAtr = (parameters: ParameterValues, atr: number): number =>
  Math.floor(atr * numberOf(parameters, 'atrStopMultiple'));

/**
 * Protective stop this far from the price that the entry is judged by, at most the distance that the desk
 * allows. Null: that would not be a price.
 */
function protectAt(
  { stopLossPct }: StrategyContext,
  side: 'buy' | 'sell',
  entryTicks: number,
  awayTicks: number,
): number | null {
  const byPercent = Math.floor((entryTicks * ppmOfPercent(stopLossPct)) / 1_000_000);
  const distance = Math.max(1, Math.min(awayTicks, byPercent));
  if (entryTicks <= distance) return null;
  return side === 'buy' ? entryTicks - distance : entryTicks + distance;
}

const priceText = ({ instrument }: StrategyContext, ticks: number): string =>
  formatDecimal(ticks, instrument.tickSize);

export function numberOf(parameters: ParameterValues, name: string): number {
  const value = parameters[name];
  if (typeof value !== 'number') throw new RangeError(`the strategy has no number ${name}`);
  return value;
}
