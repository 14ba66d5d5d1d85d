/** The entries that a run's strategy asks for: the shipped one's, with exits beside the stop, or at the market. */
import type { TradedStrategy } from '../../src/engine/config.js';
import { emaCross } from '../../src/engine/strategies/ema-cross.js';
import type { EntryWish, Strategy, StrategyContext } from '../../src/engine/strategies/strategy.js';
import { type ExitPlanName, planOf } from './exit-plans.js';

/** How far beyond the quote an entry at the market may be filled. */
export const SLIPPAGE_TICKS = 12;

export interface AskedEntries {
  /** What it asks for beside a stop; null: nothing. */
  readonly exits: ExitPlanName | null;
  readonly atMarket: boolean;
}

/** In each fifth run; it takes nothing from what the seed draws. */
export const entersAtMarket = (seed: number): boolean => seed % 5 === 3;

export function withEntries(listed: TradedStrategy, asked: AskedEntries): TradedStrategy {
  if (asked.exits === null && !asked.atMarket) return listed;
  return {
    ...listed,
    own: {
      ...emaCross,
      create: (parameters, instrument): Strategy => {
        const inner = emaCross.create(parameters, instrument);
        return {
          warmupBars: inner.warmupBars,
          onBar: (context, bar) =>
            inner.onBar({ ...context, enter: (wish) => context.enter(entryOf(context, wish, asked)) }, bar),
          state: () => inner.state(),
        };
      },
    },
  };
}

function entryOf(
  { lastQuote }: StrategyContext,
  wish: EntryWish,
  { exits, atMarket }: AskedEntries,
): EntryWish {
  if (wish.type === 'market' || lastQuote === null) return wish;
  const { side, protectTicks, because, limitTicks } = wish;
  const { bidTicks, askTicks } = lastQuote;
  const worstTicks = side === 'buy' ? askTicks + SLIPPAGE_TICKS : bidTicks - SLIPPAGE_TICKS;
  const plan = exits === null ? {} : { exits: planOf(exits, side, atMarket ? worstTicks : limitTicks) };
  if (!atMarket) return { ...wish, ...plan };
  return { type: 'market', slippageTicks: SLIPPAGE_TICKS, side, protectTicks, because, ...plan };
}
