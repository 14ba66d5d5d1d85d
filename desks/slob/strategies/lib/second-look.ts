/**
 * The levels of a short, worked out again before its order, from prices instead of ticks and in exact fractions: what
 * `levels.ts` had wrong would not be wrong here in the same way.
 */
import type { Candle, Levels } from './setup.js';

export interface SecondLook {
  /** Decimal text. */
  readonly tickSize: string;
  readonly bufferPoints: number;
  readonly rewardRisk: number;
  readonly spikeWickToBody: number;
  /** Reward to risk has to be above it, after rounding to ticks. */
  readonly minRewardRisk: number;
}

/** Parts of a point, and of a ratio. */
const SCALE = 1_000_000_000n;
const scaled = (value: number): bigint => BigInt(Math.round(value * Number(SCALE)));

/** What speaks against the order, in words; null: nothing. */
export function objection({ entry, stop, target }: Levels, sweep: Candle, look: SecondLook): string | null {
  const prices = [entry, stop, target, sweep.open, sweep.high, sweep.close];
  if (!prices.every(Number.isSafeInteger)) return 'a level is no price';
  const tick = scaledText(look.tickSize);
  const priceOf = (ticks: number): bigint => BigInt(ticks) * tick;
  const [open, high, close] = [priceOf(sweep.open), priceOf(sweep.high), priceOf(sweep.close)];
  const bodyTop = open > close ? open : close;
  const body = open > close ? open - close : close - open;
  const isSpike = (high - bodyTop) * SCALE > scaled(look.spikeWickToBody) * body;
  const stopPrice = roundedUp((isSpike ? bodyTop : high) + scaled(look.bufferPoints), tick);
  const entryPrice = priceOf(entry);
  const risk = stopPrice - entryPrice;
  if (risk <= 0n) return 'the stop is not above the entry';
  const reward = (risk * scaled(look.rewardRisk)) / SCALE;
  const targetPrice = roundedUp(entryPrice - reward, tick);
  if (stopPrice !== priceOf(stop)) return 'the stop is another one when it is worked out again';
  if (targetPrice !== priceOf(target)) return 'the target is another one when it is worked out again';
  if (targetPrice <= 0n) return 'the target is no price';
  const isWorthIt = (entryPrice - targetPrice) * SCALE > scaled(look.minRewardRisk) * risk;
  return isWorthIt ? null : `reward to risk is not above ${look.minRewardRisk} after rounding to ticks`;
}

function roundedUp(price: bigint, tick: bigint): bigint {
  const over = ((price % tick) + tick) % tick;
  return over === 0n ? price : price + tick - over;
}

/** Decimal text to parts of a point. */
function scaledText(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(9, '0').slice(0, 9));
}
