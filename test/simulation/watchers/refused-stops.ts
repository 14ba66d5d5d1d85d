/** A venue that answers and takes no stop must not hold the position either: it is closed at the market, in every mode. */
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { FollowedBook, FollowedOrder } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import { isTradableAt, SURELY_TRADABLE } from '../tradable.js';
import type { Moment, Watcher } from '../watcher.js';

/** From so many refusals in a row on, */
const REFUSALS = 3;
/** of a position that has been without a stop for so long, */
const BARE_MS = 10_000;
/** it takes the desk no longer than this. */
const CLOSED_WITHIN_MS = 4_000;

const CLOSES = ['exit', 'close'] as const;

export class RefusedStops implements Watcher {
  readonly #refusals = new Map<number, number>();
  readonly #bareSinceMs = new Map<number, number>();
  /** Since when nothing stands in the way of closing it. */
  readonly #dueSinceMs = new Map<number, number>();
  readonly #bids = new Map<number, number>();
  #isUp = true;
  #breakerIsOpen = false;
  #diskIsBroken = false;

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
  ) {}

  restarted(): void {
    this.#refusals.clear();
    this.#bareSinceMs.clear();
    this.#dueSinceMs.clear();
    this.#isUp = true;
    this.#breakerIsOpen = false;
    this.#diskIsBroken = false;
  }

  thawed(): void {
    this.#dueSinceMs.clear();
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'quote') this.#bids.set(event.instrument, event.bidTicks);
    else if (event.kind === 'journal.fault') this.#diskIsBroken = true;
    else if (event.kind === 'venue.health') this.#isUp = event.state === 'up';
    else if (event.kind === 'venue.breaker') this.#breakerIsOpen = event.state === 'open';
    else if (event.kind === 'order.rejected' || event.kind === 'order.replaceRejected') {
      const order = this.book.live.get(event.clientId)?.intent;
      if (order?.purpose !== 'protective') return;
      this.#refusals.set(order.instrument, (this.#refusals.get(order.instrument) ?? 0) + 1);
    }
  }

  /** It is being closed. */
  left(effect: Effect): null {
    if (effect.kind === 'submit' && (effect.order.purpose === 'close' || effect.order.purpose === 'exit'))
      this.#forget(effect.order.instrument);
    return null;
  }

  looked({ wallMs }: Moment): string | null {
    for (const { id } of this.scenario.instruments) {
      const stops = this.book.liveOn(id, 'protective');
      const resting = stops.filter(({ state }) => state === 'working' || state === 'partlyFilled');
      // Also one whose fate is unknown: while it may still fill, nothing else closes the position.
      const isClosing =
        this.book.closing || CLOSES.some((purpose) => this.book.liveOn(id, purpose).length > 0);
      if (isClosing || this.#isCovered(id, resting) || !this.#isTradable(id)) {
        this.#forget(id);
        continue;
      }
      const bareSinceMs = this.#bareSinceMs.get(id) ?? wallMs;
      this.#bareSinceMs.set(id, bareSinceMs);
      const refused = (this.#refusals.get(id) ?? 0) >= REFUSALS && wallMs - bareSinceMs >= BARE_MS;
      // One that is on its way may rest in a moment.
      const answers = this.#isUp && !this.#breakerIsOpen;
      const isDue = refused && stops.length === resting.length && answers && !this.#diskIsBroken;
      const sinceMs = isDue ? (this.#dueSinceMs.get(id) ?? wallMs) : null;
      if (sinceMs === null) this.#dueSinceMs.delete(id);
      else this.#dueSinceMs.set(id, sinceMs);
      if (sinceMs === null || wallMs - sinceMs <= CLOSED_WITHIN_MS) continue;
      this.#forget(id);
      return `the stops of ${id} are refused for ${wallMs - bareSinceMs} ms, and nothing closes it`;
    }
    return null;
  }

  #forget(at: number): void {
    this.#refusals.delete(at);
    this.#bareSinceMs.delete(at);
    this.#dueSinceMs.delete(at);
  }

  /** A stop covers what its lots cover: one over a part of the position leaves the rest of it without. */
  #isCovered(at: number, resting: readonly FollowedOrder[]): boolean {
    const held = this.book.lots[at] ?? 0;
    const side = held > 0 ? 'sell' : 'buy';
    const fitting = resting.filter(({ intent }) => intent.side === side);
    return fitting.reduce((lots, { leftLots }) => lots + leftLots, 0) >= Math.abs(held);
  }

  #isTradable(at: number): boolean {
    const lots = this.book.lots[at] ?? 0;
    return isTradableAt(this.scenario.instruments[at]!, lots, this.#bids.get(at) ?? 0, SURELY_TRADABLE);
  }
}
