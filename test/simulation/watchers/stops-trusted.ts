/** A stop that does nothing although the market is past it protects nothing: it comes off, and its position is closed. */

import type { VenueOrder } from '../../../src/domain/venue.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import { isTradableAt } from '../tradable.js';
import type { Moment, Watcher } from '../watcher.js';

/** The desk of the simulation bears it for ten seconds; a jump is believed two seconds later. */
const TRUSTED_MS_MAX = 16_000;
/** An older price says nothing: the desk counts anew. */
const FRESH_MS = 2_000;

export class StopsTrusted implements Watcher {
  readonly #sinceMs = new Map<number, number>();
  readonly #quotes = new Map<number, { readonly bidTicks: number; readonly atMs: number }>();
  /** Of orders that the venue said are over: what they filled may still be unknown, and nobody trusts them. */
  readonly #over = new Set<string>();
  #diskIsBroken = false;
  /** The journal was put back, and the account not read since: others' coins may be all that is left of a position. */
  #isUnread = false;
  readonly #incarnations = new Set<string>();

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#sinceMs.clear();
    this.#quotes.clear();
    this.#diskIsBroken = false;
    this.#isUnread = false;
    this.#incarnations.clear();
    for (const record of records) this.#follow(record);
  }

  recorded(record: EngineRecord): null {
    this.#follow(record);
    return null;
  }

  #follow(record: EngineRecord): void {
    if (record.type === 'config' && record.incarnation !== undefined) {
      const isPutBack = this.#incarnations.size > 0 && !this.#incarnations.has(record.incarnation);
      if (isPutBack && this.scenario.ownedByOthers) this.#isUnread = true;
      this.#incarnations.add(record.incarnation);
    }
    if (record.type !== 'reconciled') return;
    if (this.#isUnread) this.#sinceMs.clear();
    this.#isUnread = false;
  }

  thawed(): void {
    this.#sinceMs.clear();
  }

  heard(event: EngineEvent, wallMs: number): void {
    if (event.kind === 'journal.fault') this.#diskIsBroken = true;
    if (event.kind === 'order.update') this.#hear(event.order);
    if (event.kind === 'order.lookup' && event.found !== null) this.#hear(event.found);
    if (event.kind !== 'quote') return;
    const { instrument, bidTicks, askTicks } = event;
    const before = this.#quotes.get(instrument);
    this.#quotes.set(instrument, { bidTicks, atMs: wallMs });
    if (before === undefined || wallMs - before.atMs > FRESH_MS) this.#sinceMs.delete(instrument);
    // One that is on its way to replace it, or got lost there, is none that does nothing.
    const past = this.#resting(instrument)
      .filter(({ intent }) => !this.#over.has(intent.clientId))
      .some(({ intent: { side, stopTicks } }) =>
        side === 'sell' ? bidTicks < (stopTicks ?? 0) : askTicks > (stopTicks ?? Number.POSITIVE_INFINITY),
      );
    if (!past || this.#isBeingClosed(instrument)) this.#sinceMs.delete(instrument);
    else if (!this.#sinceMs.has(instrument)) this.#sinceMs.set(instrument, wallMs);
  }

  #resting(instrument: number) {
    return this.book.liveOn(instrument, 'protective').filter(({ state }) => state === 'working');
  }

  #hear({ clientId, state }: VenueOrder): void {
    if (state === 'working' || state === 'partlyFilled') this.#over.delete(clientId);
    else this.#over.add(clientId);
  }

  /** Something is done about it. */
  left(effect: Effect): null {
    if (effect.kind === 'cancel') this.#sinceMs.delete(effect.instrument);
    if (effect.kind === 'submit' && effect.order.purpose !== 'entry')
      this.#sinceMs.delete(effect.order.instrument);
    return null;
  }

  looked({ wallMs }: Moment): string | null {
    for (const [at, sinceMs] of this.#sinceMs) {
      const rests = this.#resting(at).length > 0;
      const quote = this.#quotes.get(at);
      if (!rests || this.book.closing || this.#diskIsBroken || this.#isUnread || !this.#isTradable(at))
        continue;
      if (quote === undefined || wallMs - quote.atMs > FRESH_MS || wallMs - sinceMs <= TRUSTED_MS_MAX)
        continue;
      this.#sinceMs.delete(at);
      return `the market is past the stop of ${at} for ${wallMs - sinceMs} ms, and it is still trusted`;
    }
    return null;
  }

  /** An order that may sell all of it is under way: the stop is no longer what gets it out, and a second one may not leave. */
  #isBeingClosed(at: number): boolean {
    const closing = [...this.book.liveOn(at, 'exit'), ...this.book.liveOn(at, 'close')];
    const lots = closing.reduce((sum, { leftLots }) => sum + leftLots, 0);
    return lots > 0 && lots >= Math.abs(this.book.lots[at] ?? 0);
  }

  #isTradable(at: number): boolean {
    const bidTicks = this.#quotes.get(at)?.bidTicks ?? 0;
    return isTradableAt(this.scenario.instruments[at]!, this.book.openLots(at), bidTicks);
  }
}
