/** The exits that a run's strategy asks for. */
import type { ExitPlan } from '../../src/domain/exit-plan.js';
import type { Side } from '../../src/domain/order.js';

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
