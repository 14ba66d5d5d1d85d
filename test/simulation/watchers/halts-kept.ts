/** A start, a jump of the clock, a failing disk and a venue that stays away each halt, before anything else is opened. */
import { MINUTE_MS } from '../../../src/domain/civil-date.js';
import type { HaltCause } from '../../../src/domain/mode.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import { marketCalendar } from '../market-hours.js';
import type { Scenario } from '../scenario.js';
import type { Moment, Watcher } from '../watcher.js';

/** By the desk of the simulation: each silence stops, that of the supervisor closes all. */
const SILENT = {
  operations: 'heartbeat-operations',
  supervisor: 'supervisor-lost',
} as const;
/** A clock that was set is noticed by the next look at it, and one is taken with each event. */
const CLOCK_NOTICED_MS_MAX = 3_000;
/** By so little it may stand elsewhere. */
const CLOCK_APART_MS_MAX = 5_000;

/** Ten seconds are borne; a tick sees that they are over. */
const VENUE_DOWN_MS_MAX = 12_500;
/** So long before the market opens at the latest, of the market's time, a venue that is away halts after all. */
const BACK_BEFORE_OPEN_MS = 10 * MINUTE_MS;
const TICK_SEEN_MS_MAX = 2_500;

export class HaltsKept implements Watcher {
  readonly #owed = new Set<HaltCause>();
  #venueDownSinceMs: number | null = null;
  /** Since when the wall clock stands elsewhere, and the desk has not noticed. */
  #clockSetAtMs: number | null = null;
  /** By how much it is ahead, now and when the desk last looked. */
  #aheadMs = 0;
  #seenAheadMs = 0;
  /** When the market was last closed for a while, with nothing at stake: a venue may be away then. */
  #nothingAtStakeMs = Number.NEGATIVE_INFINITY;
  readonly #calendar = marketCalendar();

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Pick<Scenario, 'hours'>,
  ) {}

  /** The machine's wall clock was set while the process ran. */
  clockSet(wallMs: number, byMs: number): void {
    this.#aheadMs = byMs;
    // Set back before anything happened at the desk: nobody can tell.
    const isApart = Math.abs(byMs - this.#seenAheadMs) > CLOCK_APART_MS_MAX;
    this.#clockSetAtMs = isApart ? wallMs : null;
  }

  thawed(wallMs: number): void {
    if (this.#venueDownSinceMs !== null) this.#venueDownSinceMs = wallMs;
    if (this.#clockSetAtMs !== null) this.#clockSetAtMs = wallMs;
  }

  restarted(): void {
    this.#owed.clear();
    this.#owed.add('startup');
    this.#venueDownSinceMs = null;
    this.#nothingAtStakeMs = Number.NEGATIVE_INFINITY;
    this.#clockSetAtMs = null;
    this.#seenAheadMs = this.#aheadMs;
  }

  heard(event: EngineEvent, wallMs: number): void {
    if (this.#isNothingAtStake(event.marketMs)) this.#nothingAtStakeMs = wallMs;
    if (event.kind === 'venue.health')
      this.#venueDownSinceMs = event.state === 'up' ? null : (this.#venueDownSinceMs ?? wallMs);
    // The clock is looked at before each event: what went unnoticed then was too little.
    if (this.#clockSetAtMs === null) this.#seenAheadMs = this.#aheadMs;
    if (event.kind === 'clock.jump') {
      this.#owed.add('clock-jump');
      this.#clockSetAtMs = null;
      this.#seenAheadMs = this.#aheadMs;
    } else if (event.kind === 'journal.fault') this.#owe('journal-fault');
    else if (event.kind === 'heartbeat.lost') this.#owe(SILENT[event.which]);
  }

  #isNothingAtStake(marketMs: number): boolean {
    const { lots, live } = this.book;
    if (!this.scenario.hours || live.size > 0 || lots.some((held) => held !== 0)) return false;
    const { open, untilMs } = this.#calendar.phaseAt(marketMs);
    return !open && untilMs - marketMs > BACK_BEFORE_OPEN_MS;
  }

  /** Once for as long as the same cause stands. */
  #owe(cause: HaltCause): void {
    if (!this.book.halts.some((halt) => halt.cause === cause && halt.mode !== 'REDUCING'))
      this.#owed.add(cause);
  }

  recorded(record: EngineRecord): string | null {
    if (record.type === 'halt') this.#owed.delete(record.halt.cause);
    return record.type === 'armed' ? this.#objection('armed') : null;
  }

  left(effect: Effect): string | null {
    const opens = effect.kind === 'submit' && effect.order.purpose === 'entry';
    return opens ? this.#objection(`entry ${effect.order.clientId} left`) : null;
  }

  looked({ wallMs }: Moment): string | null {
    const sinceMs = this.#clockSetAtMs;
    if (sinceMs !== null && wallMs - sinceMs > CLOCK_NOTICED_MS_MAX) {
      this.#clockSetAtMs = null;
      return 'the clock was set, and the desk has not noticed';
    }
    const downSinceMs = this.#venueDownSinceMs;
    // Whatever else has halted it by then: people have to know, and its own rule lifts that halt.
    const isSaid = this.book.mode !== 'ACTIVE' && this.book.halts.some(({ cause }) => cause === 'venue');
    const mayWait = wallMs - this.#nothingAtStakeMs <= TICK_SEEN_MS_MAX;
    if (downSinceMs !== null && wallMs - downSinceMs > VENUE_DOWN_MS_MAX && !isSaid && !mayWait)
      return `${this.book.mode}, and the venue has been away for ${wallMs - downSinceMs} ms`;
    return this.#objection('a second has passed');
  }

  #objection(what: string): string | null {
    const [cause] = this.#owed;
    this.#owed.clear();
    return cause === undefined ? null : `${what} without a halt for ${cause}`;
  }
}
