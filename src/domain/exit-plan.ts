/** What closes a trade apart from its protective stop. Prices and distances in whole ticks. */

export interface ExitTarget {
  readonly ticks: number;
  /** How much of the trade is closed once this target is reached, nearer targets included, in parts per million. */
  readonly closedPpm: number;
}

/** A member that is left out does not apply. */
export interface ExitPlan {
  /** Nearest first. */
  readonly targets?: readonly ExitTarget[];
  /** The stop follows the market at this distance. */
  readonly trailTicks?: number;
  /** Once the market reaches this price, the stop moves to the average price of the entry. */
  readonly breakEvenAtTicks?: number;
  /** The trade is closed this many minutes after the minute of its entry. */
  readonly maxBars?: number;
  /** The trade is closed this long before the end of a session, in a market that closes. */
  readonly beforeCloseMs?: number;
}

/** What can move a stop closer to the market. `adjustedStop`: its strategy. */
export const STOP_MOVERS = ['breakEvenStop', 'trailingStop', 'adjustedStop'] as const;
export type StopMover = (typeof STOP_MOVERS)[number];

export const TARGETS_MAX = 5;
export const WHOLE_TRADE_PPM = 1_000_000;

/** Null: the plan fits an entry at this price. Otherwise a sentence on what is wrong. */
export function wrongExits(plan: ExitPlan, side: 'buy' | 'sell', entryTicks: number): string | null {
  const { targets = [], trailTicks = 1, breakEvenAtTicks, maxBars = 1, beforeCloseMs = 1 } = plan;
  if (targets.length > TARGETS_MAX) return `an entry has ${TARGETS_MAX} targets at most`;
  let before = { ticks: entryTicks, closedPpm: 0 };
  for (const [place, target] of targets.entries()) {
    if (!isBeyond(target.ticks, before.ticks, side))
      return `target ${place + 1} is not beyond ${place === 0 ? 'the entry' : 'the target before it'}`;
    const isPart = Number.isSafeInteger(target.closedPpm) && target.closedPpm > before.closedPpm;
    if (!isPart || target.closedPpm > WHOLE_TRADE_PPM)
      return `target ${place + 1} closes no part of what those before it leave`;
    before = target;
  }
  if (breakEvenAtTicks !== undefined && !isBeyond(breakEvenAtTicks, entryTicks, side))
    return 'the stop would go to break-even at a price that is not beyond the entry';
  if (!isCount(trailTicks)) return 'a stop can trail by whole ticks only, one at the least';
  if (!isCount(beforeCloseMs)) return 'a trade is closed before the end of its session, not at it or later';
  return isCount(maxBars) ? null : 'a trade can be held for whole bars only, one at the least';
}

/** The same plan for an entry whose price is `ticks` higher: its prices move, distances and times don't. */
export function movedExits(plan: ExitPlan, ticks: number): ExitPlan {
  const { targets, breakEvenAtTicks } = plan;
  return {
    ...plan,
    ...(targets === undefined
      ? {}
      : { targets: targets.map((one) => ({ ...one, ticks: one.ticks + ticks })) }),
    ...(breakEvenAtTicks === undefined ? {} : { breakEvenAtTicks: breakEvenAtTicks + ticks }),
  };
}

function isBeyond(ticks: number, from: number, side: 'buy' | 'sell'): boolean {
  return isCount(ticks) && (side === 'buy' ? ticks > from : ticks < from);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
