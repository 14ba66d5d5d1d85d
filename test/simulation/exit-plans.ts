/** The exits that a run's strategy asks for, and the strategy that asks for them. */
import type { ExitPlan } from '../../src/domain/exit-plan.js';
import type { Side } from '../../src/domain/order.js';
import type { TradedStrategy } from '../../src/engine/config.js';
import { emaCross } from '../../src/engine/strategies/ema-cross.js';
import type { Strategy } from '../../src/engine/strategies/strategy.js';

/** Distances in ticks from the entry; the stop is 200 away at the most. */
const PLANS = {
  halves: { targets: [40, 90], trail: null, breakEven: 30, bars: null },
  thirds: { targets: [30, 60, 90], trail: null, breakEven: null, bars: 30 },
  trailing: { targets: [], trail: 50, breakEven: null, bars: null },
  all: { targets: [40, 120], trail: 60, breakEven: 35, bars: 90 },
} as const;

export type ExitPlanName = keyof typeof PLANS;

/** In each fourth run; it takes nothing from what the seed draws. */
export function exitsOfSeed(seed: number): ExitPlanName | null {
  return seed % 4 === 2
    ? (['halves', 'thirds', 'trailing', 'all'] as const)[Math.floor(seed / 4) % 4]!
    : null;
}

export function planOf(name: ExitPlanName, side: Side, entryTicks: number): ExitPlan {
  const { targets, trail, breakEven, bars } = PLANS[name];
  const away = (ticks: number): number => (side === 'buy' ? entryTicks + ticks : entryTicks - ticks);
  return {
    ...(targets.length === 0
      ? {}
      : {
          targets: targets.map((ticks, at) => ({
            ticks: away(ticks),
            closedPpm: Math.floor(((at + 1) * 1_000_000) / targets.length),
          })),
        }),
    ...(trail === null ? {} : { trailTicks: trail }),
    ...(breakEven === null ? {} : { breakEvenAtTicks: away(breakEven) }),
    ...(bars === null ? {} : { maxBars: bars }),
  };
}

/** The shipped strategy, with exits beside its stop. */
export function withExits(listed: TradedStrategy, name: ExitPlanName): TradedStrategy {
  return {
    ...listed,
    own: {
      ...emaCross,
      create: (parameters, instrument): Strategy => {
        const inner = emaCross.create(parameters, instrument);
        return {
          warmupBars: inner.warmupBars,
          onBar: (context, bar) =>
            inner.onBar(
              {
                ...context,
                enterLimit: (wish) =>
                  context.enterLimit({ ...wish, exits: planOf(name, wish.side, wish.limitTicks) }),
              },
              bar,
            ),
          state: () => inner.state(),
        };
      },
    },
  };
}
