/** Positions without a stop: for how long, measured a second time, and what is done where a stop could not be changed. */
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook, FollowedOrder } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import { isTradableAt, SURELY_TRADABLE } from '../tradable.js';
import type { Unprotectable } from '../unprotectable.js';
import type { Moment, Watcher } from '../watcher.js';

/** Longer than this without a stop, and not closing: the desk has to be halted. */
const BARE_MS_MAX = 12_000;
/** The old stop is back on its way after this. */
const RESTORED_MS_MAX = 1_000;

interface Due {
  readonly stopTicks: number | null;
  readonly lots: number;
  readonly sinceMs: number;
}

export class StopGaps implements Watcher {
  /** Of the newest records. */
  #atMs = 0;
  readonly #bareSinceMs = new Map<number, number>();
  readonly #measured = new Map<string, { readonly atMs: number; readonly ms: number }>();
  /** Stops that went for others which were refused, by instrument. */
  readonly #due = new Map<number, Due>();
  /** What is to make place for another, by the id of that one: that it is cancelled may be heard before why. */
  readonly #exchanged = new Map<string, FollowedOrder>();
  readonly #bids = new Map<number, number>();
  /** Orders that the venue has called filled: they may stand as working until their fills are heard, and rest no more. */
  readonly #saidFilled = new Set<string>();
  /** Nothing has happened after which the venue has to be read first. */
  #mayPlace = true;
  #unmeasured: string | null = null;

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
    private readonly unprotectable: Unprotectable,
  ) {}

  restarted(_: readonly EngineRecord[], wallMs: number): void {
    this.#atMs = wallMs;
    this.#bareSinceMs.clear();
    this.#due.clear();
    this.#exchanged.clear();
    this.#mayPlace = true;
  }

  /** Nothing is measured and nothing sent while the process stands still. */
  thawed(wallMs: number): void {
    for (const [at, due] of this.#due) this.#due.set(at, { ...due, sinceMs: wallMs });
    for (const at of this.#bareSinceMs.keys()) this.#bareSinceMs.set(at, wallMs);
  }

  heard(event: EngineEvent, wallMs: number): void {
    this.#compare();
    if (event.kind === 'quote') this.#bids.set(event.instrument, event.bidTicks);
    const said =
      event.kind === 'order.update' ? event.order : event.kind === 'order.lookup' ? event.found : null;
    if (said?.state === 'filled' && said.clientId !== null) this.#saidFilled.add(said.clientId);
    // The venue has to be read again before anything is placed.
    if (event.kind === 'clock.jump' || event.kind === 'journal.fault') {
      this.#due.clear();
      this.#mayPlace = false;
    }
    if (event.kind !== 'order.replaceRejected' || event.old !== 'cancelled') return;
    const old = this.#exchanged.get(event.clientId);
    if (
      !this.#mayPlace ||
      old === undefined ||
      old.leftLots <= 0 ||
      event.wouldTrigger === true ||
      !this.book.live.has(event.clientId)
    )
      return;
    const { instrument, side, stopTicks } = old.intent;
    // The position may have ended meanwhile, or have turned round: there is nothing left that this stop would close.
    if (Math.sign(this.book.lots[instrument] ?? 0) !== (side === 'sell' ? 1 : -1)) return;
    this.#due.set(instrument, { stopTicks, lots: old.leftLots, sinceMs: wallMs });
  }

  recorded(record: EngineRecord, { wallMs }: Moment): null {
    // What came before ended before: a wrong quote is heard by nobody here, but may have a record.
    if (wallMs > this.#atMs) this.#compare();
    this.#atMs = wallMs;
    if (record.type === 'stop.gap') this.#measured.set(record.symbol, { atMs: wallMs, ms: record.ms });
    if (record.type === 'reconciled') this.#mayPlace = true;
    if (record.type === 'fill') this.#due.delete(record.fill.instrument);
    return null;
  }

  left(effect: Effect): string | null {
    if (effect.kind === 'replace') {
      const old = this.book.live.get(effect.clientId);
      if (old !== undefined) this.#exchanged.set(effect.order.clientId, old);
    }
    if (effect.kind !== 'submit') return null;
    const { purpose, instrument, stopTicks, quantityLots, clientId } = effect.order;
    if (purpose === 'protective') this.#mayPlace = true;
    const due = this.#due.get(instrument);
    if (due === undefined || purpose !== 'protective') return null;
    this.#due.delete(instrument);
    if (stopTicks === due.stopTicks && quantityLots <= due.lots) return null;
    return `${clientId} left, though the old stop of ${due.lots} lots at ${due.stopTicks} was to be restored`;
  }

  looked({ wallMs }: Moment): string | null {
    this.#compare();
    const unmeasured = this.#unmeasured;
    this.#unmeasured = null;
    return unmeasured ?? this.#unrestored(wallMs) ?? this.#bareForLong(wallMs);
  }

  /** What has ended was measured, at least as long as it was. */
  #compare(): void {
    for (const { id, symbol } of this.scenario.instruments) {
      const sinceMs = this.#bareSinceMs.get(id);
      if (this.#isBare(id)) {
        if (sinceMs === undefined) this.#bareSinceMs.set(id, this.#atMs);
        continue;
      }
      this.#bareSinceMs.delete(id);
      if (sinceMs === undefined || this.#atMs <= sinceMs || !this.#isCovered(id)) continue;
      if (this.#resting(id).some(({ intent }) => this.#saidFilled.has(intent.clientId))) continue;
      const took = this.#atMs - sinceMs;
      const measured = this.#measured.get(symbol);
      // Looked at only now and then: it may have ended some records ago, but was measured from its beginning.
      if (measured !== undefined && measured.atMs > sinceMs && measured.ms >= measured.atMs - sinceMs)
        continue;
      this.#unmeasured ??= `${symbol} was without a stop for ${took} ms, and nobody measured it`;
    }
  }

  #unrestored(wallMs: number): string | null {
    for (const [at, { lots, stopTicks, sinceMs }] of this.#due) {
      if (!this.#isBare(at) || this.book.closing || this.unprotectable.has(at, wallMs)) this.#due.delete(at);
      else if (wallMs - sinceMs > RESTORED_MS_MAX)
        return `the old stop of ${at}, ${lots} lots at ${stopTicks}, went ${wallMs - sinceMs} ms ago and is not restored`;
    }
    return null;
  }

  #bareForLong(wallMs: number): string | null {
    if (this.book.mode !== 'ACTIVE') return null;
    for (const [at, sinceMs] of this.#bareSinceMs) {
      if (wallMs - sinceMs <= BARE_MS_MAX || this.unprotectable.has(at, wallMs)) continue;
      return `ACTIVE with a position in ${at} that has no stop since ${wallMs - sinceMs} ms`;
    }
    return null;
  }

  /** Held, not covered, and not being sold. */
  #isBare(at: number): boolean {
    const [lots, bidTicks] = [this.book.lots[at] ?? 0, this.#bids.get(at) ?? 0];
    const isTradable = isTradableAt(this.scenario.instruments[at]!, lots, bidTicks, SURELY_TRADABLE);
    if (!isTradable || this.#isCovered(at)) return false;
    return this.book.liveOn(at, 'exit').length === 0 && this.book.liveOn(at, 'close').length === 0;
  }

  #isCovered(at: number): boolean {
    const held = this.book.lots[at] ?? 0;
    return (
      held !== 0 && this.#resting(at).reduce((lots, { leftLots }) => lots + leftLots, 0) >= Math.abs(held)
    );
  }

  #resting(at: number): readonly FollowedOrder[] {
    const side = (this.book.lots[at] ?? 0) > 0 ? 'sell' : 'buy';
    return this.book
      .liveOn(at, 'protective')
      .filter(
        ({ state, intent }) => intent.side === side && (state === 'working' || state === 'partlyFilled'),
      );
  }
}
