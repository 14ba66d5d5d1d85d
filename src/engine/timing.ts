/** Every bound on waiting and retrying in the core, in milliseconds of the monotonic clock unless it says otherwise. */

/** Lookups and snapshots that fail are repeated after 100 ms, doubled each time, at most every 5 s. */
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/** An order is absent once two lookups this far apart did not find it: a send may still be on its way. */
export const ABSENT_GRACE_MS = 3_000;
/** The same for closing orders that can't turn a position round: waiting costs more than a second refusal. */
export const ABSENT_GRACE_REDUCING_MS = 250;
/** The same beside coins of others, which a second sale would sell: longer than an exchange takes a request that is late. */
export const ABSENT_GRACE_OTHERS_MS = 6_000;

/** Closing orders that keep being refused: from the third on the stop is restored while the next try waits. */
export const REFUSALS_BEFORE_RESTORE = 3;
export const REFUSED_RETRY_MS = 5_000;
/** After the close-all deadline the tries go on, but at this pace. */
export const ESCALATED_RETRY_MS = 30_000;

/** A target that the venue did not let rest beside the stop is held by the core for so long, then tried again. */
export const TARGET_RETRY_MS = 30_000;
/** The same for one that it ended after it had rested, as with a stop that was moved. */
export const TARGET_AGAIN_MS = 1_000;

/** A position without a confirmed stop for longer than this halts the desk. */
export const UNPROTECTED_MAX_MS = 10_000;
/** A venue that is down for longer than this halts the desk. */
export const VENUE_DOWN_MAX_MS = 10_000;
/** A position below zero where nothing can be owed: the account is read this much later, and again. */
export const OVERSOLD_READ_MS = 1_000;
/** Fills of another hand, however many, have the account read no more often than this. */
export const FOREIGN_READ_EVERY_MS = 5_000;
/** An account of which no reading agrees for longer than this halts the desk: three of the readings without any cause. */
export const UNSETTLED_MAX_MS = 180_000;
/** Reconciliation without any other cause. */
export const RECONCILE_EVERY_MS = 60_000;
/** What an entry's fill was to be followed by is read back from the venue this much later: its orders have to be there by then. */
export const VERIFY_AFTER_MS = 1_000;
/** A position that differs is believed only when a second reading, this much later, says the same. */
export const CONFIRM_AFTER_MS = 250;
/** Cash that differs is believed only when a second reading, this much later, differs by the same. */
export const CASH_CONFIRM_AFTER_MS = 2_000;
/** Fills of this much market time before the newest known one are asked for again: equal times, unequal clocks. */
export const FILL_OVERLAP_MARKET_MS = 60_000;
/** An exchange lists no fill later than this: beyond it a reading that agrees has them all. */
export const FILL_LISTED_LATE_MARKET_MS = 3_600_000;
/** Rounds in which the venue counts fills that it doesn't name, before its position is taken as the truth. */
export const MISSING_FILL_ROUNDS_MAX = 5;

export function retryDelayMs(attempt: number, maxMs = RETRY_MAX_MS): number {
  return Math.min(maxMs, RETRY_FIRST_MS * 2 ** Math.min(attempt, 10));
}
/** A symbol that has shown no price for so long after a start may not show one at all. */
export const NO_PRICE_MS = 60_000;

/** A market that has just opened may take so long until its first price; then silence counts as it always does. */
export const OPENING_MS = 60_000;
