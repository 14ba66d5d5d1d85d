/** The exits that a run's strategy asks for. */
import type { ExitPlan } from '../../src/domain/exits.js';
import type { Side } from '../../src/domain/order.js';

/** Distances in ticks from the entry; the stop is 200 away at the most. */
const PLANS = {
  halves: { targets: [40, 90], trail: null, breakEven: 30, bars: null },
  thirds: { targets: [30, 60, 90], trail: null, breakEven: null, bars: 30 },
  trailing: { targets: [], trail: 50, breakEven: null, bars: null },
  all: { targets: [40, 120], trail: 60, breakEven: 35, bars: 90 },
  session: { targets: [], trail: null, breakEven: null, bars: null },
} as const;

export type ExitPlanName = keyof typeof PLANS;

/** So long before its session ends a trade is closed that says so: six seconds by the wall's clock. */
export const SESSION_LEAD_MS = 60 * 60_000;

/** In each fourth run, and in some more where the market has hours; it takes nothing from what the seed draws. */
export function exitsOfSeed(seed: number): ExitPlanName | null {
  if (seed % 40 === 23 || seed % 40 === 39) return 'session';
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
    ...(name === 'session' ? { beforeCloseMs: SESSION_LEAD_MS } : {}),
  };
}
