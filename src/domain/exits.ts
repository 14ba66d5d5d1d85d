/** What protects and closes a trade: its plan, why it was closed, and why it had no resting stop. */

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

/** Which of the targets, counted from the nearest. */
export type TargetReason = `target ${number} of ${number}`;

/** Why a trade, or a part of it, was closed. `fee`: the venue kept the last coins as a fee. `venue`: an order that is not ours, or a snapshot of the venue. */
export type ExitReason =
  | 'stop'
  | 'breakEvenStop'
  | 'trailingStop'
  | 'adjustedStop'
  | 'time'
  | 'sessionEnd'
  | 'strategy'
  | 'closeAll'
  | 'person'
  | 'unprotectable'
  | 'reversal'
  | 'fee'
  | 'venue'
  | 'split'
  | TargetReason;

const WORDS: Readonly<Record<Exclude<ExitReason, TargetReason>, string>> = {
  stop: 'by its stop',
  breakEvenStop: 'by its break-even stop',
  trailingStop: 'by its trailing stop',
  adjustedStop: 'by its stop, which its strategy had moved',
  time: 'by its time exit',
  sessionEnd: 'by the end of its session',
  strategy: 'by its strategy',
  closeAll: 'by a close-all',
  person: 'by a person',
  unprotectable: 'because no stop could protect it',
  reversal: 'by an entry the other way',
  fee: 'by a fee that took its last coins',
  split: 'by a split that left no whole lot of it',
  venue: 'at the venue, by no order of this desk',
};

/**
 * For example "by its trailing stop" or "by target 1 of 2". A reason from a later version is returned
 * unchanged.
 */
export function exitReasonWords(why: string): string {
  if (why === 'target 1 of 1') return 'by its target';
  return why.startsWith('target ') ? `by ${why}` : ((WORDS as Readonly<Record<string, string>>)[why] ?? why);
}

/**
 * Why an exit plan closes a whole trade, in the words that the journal keeps: `isByPlan` recognises them, those of
 * earlier versions too.
 */
export const PLAN_EXITS = {
  target: (reached: TargetReason) => `${reached} is reached`,
  time: (maxBars: number) => `${maxBars} bars have passed`,
  /** `moment`: as in `momentWords`. */
  sessionEnd: (moment: string) => `the session ends ${moment}`,
};

const BY_PLAN =
  /^(target \d+ of \d+ is reached|\d+ bars have passed|the session ends [A-Z][a-z]{2}( [\d-]{10})? \d\d:\d\d .+)$/;

/** Quotes and the clock cause such an exit, not the strategy. */
export const isByPlan = (because: string): boolean => BY_PLAN.test(because);

/**
 * Why a position has no resting protective stop. `opened`: its first one is on its way. `changed`: the old
 * one was given up for a new one. `part`: it was made smaller for a part being sold, and rests for the
 * remainder. `closing`: it was cancelled for a sale. `lost`: the venue ended it.
 */
export const STOP_GAP_CAUSES = ['opened', 'changed', 'part', 'closing', 'lost'] as const;
export type StopGapCause = (typeof STOP_GAP_CAUSES)[number];

/** In words, as the beginning of a line. */
export const STOP_GAP_WORDS: Readonly<Record<StopGapCause, string>> = {
  opened: 'until the stop of what was entered rested',
  changed: 'while the stop was changed',
  part: 'made smaller for a part that was closed, until that was done',
  closing: 'cancelled for a sale, until one rested again',
  lost: 'after the venue had ended it',
};

/** All stop gaps of one cause since the journal began. `symbol` and `marketMs` are those of the longest. */
export interface StopGaps {
  readonly count: number;
  readonly longestMs: number;
  readonly newestMs: number;
  readonly symbol: string;
  readonly marketMs: number;
}
