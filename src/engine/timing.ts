/**
 * Every bound on waiting and retrying in the core. Milliseconds of the monotonic clock unless a comment says
 * otherwise.
 */
import { backoffMs } from '../domain/backoff.js';
import type { RiskNumbers } from '../limits/registry.js';
import { staleMsOf } from '../limits/stale-data.js';

/** Failed lookups and snapshots are repeated after 100 ms, then at doubled intervals of at most 5 s. */
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/** An order is absent once two lookups this far apart did not find it: until then a send may still be on its way. */
export const ABSENT_GRACE_MS = 3_000;
/** The same for closing orders that can't reverse a position: waiting costs more than a second refusal. */
export const ABSENT_GRACE_REDUCING_MS = 250;
/**
 * The same if the account has coins that are not the desk's, which a second sale would sell. Longer than an
 * exchange would accept a late request.
 */
export const ABSENT_GRACE_OTHERS_MS = 6_000;

/** After this many refusals of closing orders, the stop is restored while the next attempt waits. */
export const REFUSALS_BEFORE_RESTORE = 3;
export const REFUSED_RETRY_MS = 5_000;
/** Refusals of a stop count until one has stayed for this long: a venue may accept each and end it a moment later. */
export const STOP_STAYS_MS = 60_000;
/**
 * After this many, the position is closed even if some of the stops were accepted: the waits between them add up to
 * `UNPROTECTED_MAX_MS`.
 */
export const STOPS_REFUSED_MAX = 8;
/** After the deadline of a close-all, attempts continue at this interval. */
export const ESCALATED_RETRY_MS = 30_000;

/** How long the core holds a target that could not rest alongside its stop before placing it again. */
export const TARGET_RETRY_MS = 30_000;
/** The same for a target that the venue ended after it had rested, for example when the stop was moved. */
export const TARGET_AGAIN_MS = 1_000;
/** After the venue has ended the target of a trade this often without being asked, only the core holds it. */
export const TARGET_ENDS_MAX = 3;

/** A position without a confirmed stop for longer than this halts the desk. */
export const UNPROTECTED_MAX_MS = 10_000;
/** People are told of a fee whose price has not come for longer than this. */
export const FEE_UNVALUED_MAX_MS = 60_000;
/** A venue that is down for longer than this halts the desk. */
export const VENUE_DOWN_MAX_MS = 10_000;
/**
 * If every market is closed and nothing is at stake, that halt waits until this much market time before the first
 * opening: a gateway that restarts by night is back by then, and otherwise people still have time.
 */
export const VENUE_BACK_BEFORE_OPEN_MARKET_MS = 600_000;
/**
 * While a position is below zero though nothing can be owed, the engine rereads the account at this interval.
 */
export const OVERSOLD_READ_MS = 1_000;
/** However many foreign fills there are, they cause a snapshot at most this often. */
export const FOREIGN_READ_EVERY_MS = 5_000;
/**
 * If no snapshot agrees for longer than this, the desk halts: three times `RECONCILE_EVERY_MS`.
 */
export const UNSETTLED_MAX_MS = 180_000;
/** Interval of snapshots without any other cause. */
export const RECONCILE_EVERY_MS = 60_000;
/** How long after an entry's fill the venue's list is read to verify that stop and target are there. */
export const VERIFY_AFTER_MS = 1_000;
/** A difference in a position is adopted only if a second snapshot, this much later, shows it again. */
export const CONFIRM_AFTER_MS = 250;
/**
 * For this long after a fill, a position equal to the one before it is no difference: a venue may list fills
 * before positions, and what it still shows as held may already be closed.
 */
export const POSITION_LISTED_LATE_MS = 15_000;
/** How many fills of an instrument are remembered for that. */
export const HELD_BEFORE_MAX = 100;
/** A difference in cash is believed only if a second snapshot, this much later, shows the same difference. */
export const CASH_CONFIRM_AFTER_MS = 2_000;
/**
 * Fills from this much market time before the newest known one are requested again: times may be equal,
 * clocks may differ.
 */
export const FILL_OVERLAP_MARKET_MS = 60_000;
/** An exchange lists no fill later than this; beyond it, a snapshot that agrees contains all of them. */
export const FILL_LISTED_LATE_MARKET_MS = 3_600_000;
/**
 * For this much market time after a fill whose fee was not told, a difference in cash of up to ten times what was expected
 * may be that fee; beyond it people must explain it.
 */
export const FEE_TOLD_LATE_MARKET_MS = 600_000;
/**
 * For this much market time after such a fill a larger difference may be its fee, too, and for this long after the first
 * reading that differs, whatever is filled meanwhile. People can explain it before the desk would halt because no reading
 * agrees (`UNSETTLED_MAX_MS`).
 */
export const FEE_UNLIKELY_MS = 120_000;
/** Snapshots in which the venue counts fills that it does not name, before its position is taken as the truth. */
export const MISSING_FILL_ROUNDS_MAX = 5;

export const retryDelayMs = (attempt: number, mostMs = RETRY_MAX_MS): number =>
  backoffMs(attempt + 1, { firstMs: RETRY_FIRST_MS, mostMs });

/** A symbol without a price for this long after a start may never have one. */
export const NO_PRICE_MS = 60_000;

/** A market that has just opened may need this long until its first price; then silence is stale data as usual. */
export const OPENING_MS = 60_000;

/** How long after the open silence is no fault. */
export const openingMsOf = (risk: Pick<RiskNumbers, 'staleDataSeconds'>): number =>
  Math.max(OPENING_MS, staleMsOf(risk));

/**
 * A reversal or a change is dropped once it has waited this much market time for its trade or order to end.
 */
export const REVERSAL_MARKET_MS = 120_000;
