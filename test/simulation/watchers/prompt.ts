/** What has its time: entries that rest only so many bars, exits that are carried out, prices that must be fresh. */
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { EngineView } from '../../../src/engine/view.js';
import { CountedQuotes } from '../counted-quotes.js';
import type { FollowedBook } from '../followed-book.js';
import { Rates } from '../rates.js';
import type { Scenario } from '../scenario.js';
import { isTradableAt, SURELY_TRADABLE } from '../tradable.js';
import { EXIT_WORDS, type Moment, type Watcher } from '../watcher.js';

/** A tick, and what a cancel of the bar before may take to be recorded. */
const NOTICED_MS_MAX = 2_500;
/** From the strategy's word to an order that leaves: its stop has to be off the market first. */
const EXIT_MS_MAX = 20_000;
/** From the last bar that an entry may see: its cancel may be lost, and looked up, before it is sent again. */
const TAKEN_OFF_MS_MAX = 10_000;
/** From the refusal of a stop that the market has passed to the order that closes what it was for. */
const SECURED_MS_MAX = 5_000;
/** A price that counts and was heard so lately is fresh. */
const SURELY_FRESH_MS = 2_500;

export class Prompt implements Watcher {
  /** Bars that each entry has seen. */
  readonly #bars = new Map<string, number>();
  /** Since when each has seen all that it may. */
  readonly #overdueSinceMs = new Map<string, number>();
  /** Positions whose stop was refused because the market is past it, and since when. */
  readonly #passed = new Map<number, number>();
  readonly #quotedAtMs = new Map<number, number>();
  readonly #counted = new CountedQuotes();
  readonly #bids = new Map<number, number>();
  readonly #rates: Rates;
  /**
   * Since when each instrument has a position that an order can be sent for, or converts the worth of one: an entry may fill
   * in a silence.
   */
  readonly #heldSinceMs = new Map<number, number>();
  /** Exits that a strategy wants, by instrument, and since when. */
  readonly #exits = new Map<number, { readonly sinceMs: number; readonly strategy: string | null }>();
  #fromMs = 0;

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
    private readonly restBars: number,
    private readonly staleMs: () => number,
  ) {
    this.#rates = new Rates(scenario.instruments);
  }

  restarted(_: readonly EngineRecord[], wallMs: number): void {
    this.#bars.clear();
    this.#overdueSinceMs.clear();
    this.#passed.clear();
    this.#quotedAtMs.clear();
    this.#counted.restarted();
    this.#bids.clear();
    this.#heldSinceMs.clear();
    this.#exits.clear();
    this.#fromMs = wallMs;
  }

  thawed(wallMs: number): void {
    this.#fromMs = wallMs;
    for (const [at, { strategy }] of this.#exits) this.#exits.set(at, { sinceMs: wallMs, strategy });
    for (const at of this.#passed.keys()) this.#passed.set(at, wallMs);
    for (const id of this.#overdueSinceMs.keys()) this.#overdueSinceMs.set(id, wallMs);
  }

  marketClosed(wallMs: number): void {
    this.thawed(wallMs);
  }

  heard(event: EngineEvent, wallMs: number): void {
    if (event.kind === 'quote') {
      this.#quotedAtMs.set(event.instrument, wallMs);
      this.#bids.set(event.instrument, event.bidTicks);
      this.#counted.take(event.instrument, event.bidTicks, wallMs);
      // Too small to be sold: until it has grown, and a stop is refused again.
      if (!this.#isTradable(event.instrument)) this.#passed.delete(event.instrument);
    }
    if (event.kind === 'clock.jump') this.#counted.clockJumped();
    if (event.kind === 'journal.fault') this.#passed.clear();
    if (event.kind === 'order.rejected' && event.wouldTrigger === true) {
      const order = this.book.live.get(event.clientId);
      const at = order?.intent.instrument;
      // From the first refusal on: each try that is refused again would begin the wait anew.
      const isFirst = at !== undefined && !this.#passed.has(at);
      if (isFirst && order?.intent.purpose === 'protective' && this.#isTradable(at))
        this.#passed.set(at, wallMs);
    }
    const told =
      event.kind === 'order.update' ? event.order : event.kind === 'order.lookup' ? event.found : null;
    // It does not rest: its fills are only not named yet.
    if (told !== null && told.state === 'filled') this.#overdueSinceMs.delete(told.clientId);
    if (event.kind !== 'bar' || event.warmup) return;
    for (const { intent } of this.book.liveOn(event.instrument, 'entry')) {
      const bars = (this.#bars.get(intent.clientId) ?? 0) + 1;
      this.#bars.set(intent.clientId, bars);
      if (bars === this.restBars) this.#overdueSinceMs.set(intent.clientId, wallMs);
    }
  }

  recorded(record: EngineRecord, { wallMs }: Moment): string | null {
    if (record.type === 'halt' && record.halt.mode !== 'REDUCING') this.#exits.clear();
    if (record.type === 'halt' && record.halt.cause === 'stale-data' && this.#isSurelyFresh(wallMs))
      return 'halted for old prices, though all that is held has a fresh one';
    if (record.type === 'armed') return this.#armedOnStale(wallMs);
    // What the strategy wanted out of is gone, by its stop: the next trade may begin before anybody looks.
    if (record.type === 'trade.closed') this.#exits.delete(record.instrument);
    if (record.type !== 'note' || !record.text.endsWith(EXIT_WORDS)) return null;
    const instrument = this.scenario.instruments.find(({ symbol }) => symbol === record.symbol);
    if (instrument !== undefined)
      this.#exits.set(instrument.id, { sinceMs: wallMs, strategy: record.strategy });
    return null;
  }

  left(effect: Effect, { wallMs }: Moment): string | null {
    if (effect.kind !== 'submit') return null;
    const { purpose, instrument, clientId } = effect.order;
    if (purpose === 'exit' || purpose === 'close') {
      this.#exits.delete(instrument);
      this.#passed.delete(instrument);
    }
    if (purpose !== 'entry') return null;
    for (const at of [instrument, this.#rates.by(instrument) ?? instrument]) {
      const ageMs = wallMs - (this.#quotedAtMs.get(at) ?? Number.NEGATIVE_INFINITY);
      if (ageMs > this.staleMs()) return `entry ${clientId} left on a price of ${at} that is ${ageMs} ms old`;
    }
    return null;
  }

  looked(moment: Moment): string | null {
    const { wallMs } = moment;
    return this.#rested(wallMs) ?? this.#unexited(moment) ?? this.#unsecured(wallMs) ?? this.#stale(wallMs);
  }

  #rested(wallMs: number): string | null {
    const old = this.book.entries.find(({ intent, state }) => {
      const sinceMs = this.#overdueSinceMs.get(intent.clientId) ?? wallMs;
      return (state === 'working' || state === 'partlyFilled') && wallMs - sinceMs > TAKEN_OFF_MS_MAX;
    });
    return old === undefined
      ? null
      : `entry ${old.intent.clientId} rests long after its ${this.restBars} bars`;
  }

  #unsecured(wallMs: number): string | null {
    for (const [at, sinceMs] of this.#passed) {
      const stops = this.book.liveOn(at, 'protective');
      const rests = stops.some(({ state }) => state === 'working');
      // What it locks can't be sold before the venue has said what became of it.
      const isAsked = stops.some(({ state }) => state === 'cancelling' || state === 'unknown');
      const closes = [...this.book.liveOn(at, 'close'), ...this.book.liveOn(at, 'exit')].length > 0;
      if (rests || closes || this.book.closing || (this.book.lots[at] ?? 0) === 0) this.#passed.delete(at);
      else if (isAsked) this.#passed.set(at, wallMs);
      else if (wallMs - sinceMs > SECURED_MS_MAX)
        return `the market is past the stop of ${at} for ${wallMs - sinceMs} ms, and nothing closes it`;
    }
    return null;
  }

  #unexited({ wallMs, view }: Moment): string | null {
    for (const [at, { sinceMs, strategy }] of this.#exits) {
      const isLate = wallMs - sinceMs > EXIT_MS_MAX;
      if (!this.#isTradable(at) || (isLate && !this.#isOwnTradable(at, strategy, view())))
        this.#exits.delete(at);
      else if (isLate)
        return `the strategy wants out of ${at} for ${wallMs - sinceMs} ms, and no order has left`;
    }
    return null;
  }

  /** Of the whole feed, or of what is held. */
  #stale(wallMs: number): string | null {
    for (const { id } of this.scenario.instruments) {
      if (!this.#isNeeded(id)) this.#heldSinceMs.delete(id);
      else if (!this.#heldSinceMs.has(id)) this.#heldSinceMs.set(id, wallMs);
    }
    if (this.book.mode !== 'ACTIVE' || this.#quotedAtMs.size === 0) return null;
    const mostMs = this.staleMs() + NOTICED_MS_MAX;
    if (wallMs - this.#fromMs <= mostMs) return null;
    const newestMs = Math.max(...this.#quotedAtMs.values());
    if (wallMs - newestMs > mostMs) return `ACTIVE without any price for ${wallMs - newestMs} ms`;
    for (const [at, sinceMs] of this.#heldSinceMs) {
      const staleFromMs = (this.#quotedAtMs.get(at) ?? this.#fromMs) + this.staleMs();
      if (wallMs - Math.max(staleFromMs, sinceMs) > NOTICED_MS_MAX)
        return `ACTIVE with a position in ${at} without a price since ${staleFromMs}`;
    }
    return null;
  }

  /** Of what is surely no dust, whichever way the newest quote is wrong. */
  #armedOnStale(wallMs: number): string | null {
    for (const { id } of this.scenario.instruments) {
      const staleFromMs = Math.max(this.#quotedAtMs.get(id) ?? 0, this.#fromMs) + this.staleMs();
      if (wallMs - staleFromMs > NOTICED_MS_MAX && this.#isNeeded(id, SURELY_TRADABLE))
        return `armed with a position in ${id} without a price since ${staleFromMs}`;
    }
    return null;
  }

  /** Of the feed as a whole, and of all that is held. */
  #isSurelyFresh(wallMs: number): boolean {
    const isFresh = (at: number) => this.#counted.isFresh(at, wallMs, SURELY_FRESH_MS);
    const held = this.scenario.instruments.filter(({ id }) => (this.book.lots[id] ?? 0) !== 0);
    const needed = held.flatMap(({ id }) => [id, this.#rates.by(id) ?? id]);
    return this.#counted.instruments.some(isFresh) && needed.every(isFresh);
  }

  /** Side by side each sells its own trade, whatever the other one holds. */
  #isOwnTradable(at: number, strategy: string | null, { positions }: EngineView): boolean {
    const bidTicks = this.#bids.get(at) ?? 0;
    const parts = positions.find(({ instrument }) => instrument === at)?.parts ?? [];
    if (parts.length === 0 || strategy === null) return true;
    return parts.some(
      (part) =>
        part.strategy === strategy &&
        isTradableAt(this.scenario.instruments[at]!, part.quantityLots, bidTicks),
    );
  }

  /** Something is held whose worth takes the price of that instrument. */
  #isNeeded(id: number, surely = 1): boolean {
    return this.scenario.instruments.some(
      ({ id: at }) => (at === id || this.#rates.by(at) === id) && this.#isTradable(at, surely),
    );
  }

  /** What is worth less than the smallest order is left over, and no position. */
  #isTradable(at: number, surely = 1): boolean {
    return isTradableAt(this.scenario.instruments[at]!, this.book.openLots(at), this.#bids.get(at), surely);
  }
}
