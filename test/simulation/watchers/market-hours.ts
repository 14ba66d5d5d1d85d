/** A market that closes: nothing is entered then, nothing held into it that could be sold, and its silence is no fault. */
import type { InstrumentSessions } from '../../../src/engine/config.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import { sessionsOf } from '../market-hours.js';
import type { Scenario } from '../scenario.js';
import { isTradableAt, SURELY_TRADABLE } from '../tradable.js';
import { EXIT_WORDS, type Moment, type Watcher } from '../watcher.js';

/** A tick, and what a standing process has to catch up with, until what has to be done is begun. */
const BEGUN_MS_MAX = 2_500;
/** Whoever trades the instrument. */
const EACH = '';
const HELD_OVER = 'the market has closed and the position is still open';

export class MarketHours implements Watcher {
  readonly #sessions: InstrumentSessions;
  readonly #bids = new Map<number, number>();
  #marketMs = 0;
  /** Since when nothing is entered, what is held is to be closed, and the market is closed; null: not now. */
  #noEntrySinceMs: number | null = null;
  #leavingSinceMs: number | null = null;
  #closedSinceMs: number | null = null;
  /** Whose cancel has left. */
  readonly #takenOff = new Set<string>();
  /** By instrument that is being left: the strategies whose trade it is, or `EACH`. */
  readonly #leaving = new Map<number, Set<string>>();
  /** This process has seen it open, just now. */
  #wasOpen = false;
  /** Of the instruments held at the close: what is said of them is due. */
  readonly #untold = new Set<number>();

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
  ) {
    this.#sessions = sessionsOf(scenario.flatByClose);
  }

  restarted(): void {
    this.#begin();
  }

  thawed(): void {
    this.#begin();
  }

  heard(event: EngineEvent, wallMs: number): void {
    this.#marketMs = event.marketMs;
    if (event.kind === 'quote') this.#bids.set(event.instrument, event.bidTicks);
    const { calendar, noEntriesBeforeCloseMs = 0, flatBeforeCloseMs = 0 } = this.#sessions;
    const { open, untilMs } = calendar.phaseAt(event.marketMs);
    const leftMs = untilMs - event.marketMs;
    const mayEnter = open && leftMs > Math.max(noEntriesBeforeCloseMs, flatBeforeCloseMs);
    this.#noEntrySinceMs = mayEnter ? null : (this.#noEntrySinceMs ?? wallMs);
    this.#leavingSinceMs = open && leftMs <= flatBeforeCloseMs ? (this.#leavingSinceMs ?? wallMs) : null;
    if (open) this.#untold.clear();
    else if (this.#wasOpen) this.#close();
    this.#wasOpen = open;
    this.#closedSinceMs = open ? null : (this.#closedSinceMs ?? wallMs);
  }

  recorded(record: EngineRecord): string | null {
    if (record.type === 'halt' && record.halt.cause === 'stale-data' && this.#closedSinceMs !== null)
      return 'halted for old prices while the market is closed';
    if (record.type === 'trade.closed') this.#stay(record.instrument, record.strategy);
    if (record.type !== 'note') return null;
    const at = this.scenario.instruments.findIndex(({ symbol }) => symbol === record.symbol);
    if (record.text.includes(HELD_OVER)) this.#untold.delete(at);
    if (record.text.endsWith(EXIT_WORDS)) this.#leave(at, record.strategy);
    return null;
  }

  #leave(at: number, strategy: string | null): void {
    this.#leaving.set(at, new Set(this.#leaving.get(at)).add(strategy ?? EACH));
  }

  /** A trade has ended: of several side by side, the others are being left all the same if they were to be. */
  #stay(at: number, strategy: string): void {
    if (!this.scenario.sideBySide || !this.#isHeld(at)) this.#leaving.delete(at);
    this.#leaving.get(at)?.delete(strategy);
    if (this.#leaving.get(at)?.size === 0) this.#leaving.delete(at);
  }

  left(effect: Effect): string | null {
    if (effect.kind === 'cancel') this.#takenOff.add(effect.clientId);
    if (effect.kind !== 'submit') return null;
    const { purpose, clientId, instrument, strategy, why } = effect.order;
    // A wish to leave outlives a trade that a late fill has turned round: its order says so, however often it is refused.
    if (purpose === 'exit' && why?.startsWith('target ') !== true) this.#leave(instrument, strategy);
    if (purpose === 'exit' && this.#closedSinceMs !== null)
      return `exit ${clientId} left for ${instrument} while its market is closed`;
    if (purpose === 'entry' && this.#noEntrySinceMs !== null)
      return `entry ${clientId} left at ${this.#sessions.calendar.readingAt(this.#marketMs).minutesToClose} minutes before the close`;
    return null;
  }

  looked({ wallMs }: Moment): string | null {
    return this.#rests(wallMs) ?? this.#stays(wallMs) ?? this.#isUntold(wallMs);
  }

  #begin(): void {
    this.#noEntrySinceMs = null;
    this.#leavingSinceMs = null;
    this.#closedSinceMs = null;
    this.#wasOpen = false;
    this.#untold.clear();
    this.#leaving.clear();
  }

  /** Of a close that this process sees: at its start into a closed market it is told at once, before anything is heard. */
  #close(): void {
    for (const { id } of this.scenario.instruments) if (this.#isHeld(id)) this.#untold.add(id);
  }

  #rests(wallMs: number): string | null {
    const sinceMs = this.#noEntrySinceMs;
    if (sinceMs === null || wallMs - sinceMs <= BEGUN_MS_MAX) return null;
    const resting = this.book.entries.find(
      ({ state, intent }) =>
        (state === 'working' || state === 'partlyFilled') && !this.#takenOff.has(intent.clientId),
    );
    return resting === undefined
      ? null
      : `entry ${resting.intent.clientId} rests, and nothing is entered before the close any more`;
  }

  /** Only where the desk may trade all the time, and what is held was held all the time. */
  #stays(wallMs: number): string | null {
    if (!this.scenario.flatByClose || this.#leavingSinceMs === null) return null;
    const held = this.scenario.instruments.filter(({ id }) => this.#isHeld(id) && !this.#leaving.has(id));
    if (this.book.mode !== 'ACTIVE' || held.length === 0) this.#leavingSinceMs = wallMs;
    const forMs = wallMs - this.#leavingSinceMs;
    return forMs <= BEGUN_MS_MAX
      ? null
      : `${held[0]?.symbol} is held for ${forMs} ms in the last minutes of its session, and nothing closes it`;
  }

  #isUntold(wallMs: number): string | null {
    const sinceMs = this.#closedSinceMs;
    if (!this.scenario.flatByClose || sinceMs === null || wallMs - sinceMs <= BEGUN_MS_MAX) return null;
    const [untold] = [...this.#untold].filter((at) => this.#isHeld(at));
    return untold === undefined ? null : `${untold} is held over the close, and nobody is told`;
  }

  #isHeld(at: number): boolean {
    const bidTicks = this.#bids.get(at);
    if (bidTicks === undefined) return false;
    return isTradableAt(this.scenario.instruments[at]!, this.book.lots[at] ?? 0, bidTicks, SURELY_TRADABLE);
  }
}
