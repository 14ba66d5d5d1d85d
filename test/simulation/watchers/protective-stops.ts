/** Stops: near enough, for as long as there is a position, and out of the way before what they lock is sold. */
import type { Fill, OrderIntent } from '../../../src/domain/order.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import type { Unprotectable } from '../unprotectable.js';
import type { Moment, Watcher } from '../watcher.js';

const ROUNDING_TICKS = 2;

export class ProtectiveStops implements Watcher {
  /** Stop prices that came with an entry of ours, or to which one was moved, by instrument and side. */
  readonly #fromEntries = new Map<string, Set<number>>();
  /** Of the entry that was filled last, by instrument: a pair of entries is for both sides. */
  readonly #filledSide = new Map<number, OrderIntent['side']>();
  /** Trigger prices of stops, by client id. */
  readonly #triggers = new Map<string, number>();
  /** Stops that the venue had, by client id. */
  readonly #rested = new Set<string>();
  /** By instrument: where the stop was that went for another, in an exchange or before it. */
  readonly #gone = new Map<number, number>();
  /** What is to make place for another, by the id of that one: that it is cancelled may be heard before why. */
  readonly #exchanged = new Map<string, OrderIntent>();
  #tooEarly: string | null = null;
  #adopted = false;
  #diskIsBroken = false;

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
    private readonly stopLossPct: () => number,
    private readonly unprotectable: Unprotectable,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#diskIsBroken = false;
    this.#gone.clear();
    this.#exchanged.clear();
    // Set back, it has forgotten entries that we have seen.
    if (records.some((record) => record.type === 'halt' && record.halt.cause === 'reconciliation')) {
      this.#adopted = true;
    }
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'journal.fault') this.#diskIsBroken = true;
    if (event.kind === 'order.replaceRejected' && event.old === 'cancelled') {
      const old = this.#exchanged.get(event.clientId);
      if (old?.stopTicks != null) this.#gone.set(old.instrument, old.stopTicks);
    }
    if (event.kind === 'fill') this.#tooEarly ??= this.#firedEarly(event.fill);
  }

  looked(): string | null {
    const early = this.#tooEarly;
    this.#tooEarly = null;
    return early;
  }

  recorded(record: EngineRecord, moment: Moment): string | null {
    if (this.#isFromElsewhere(record)) this.#adopted = true;
    if (record.type === 'fill') {
      const { clientId, instrument, side } = record.fill;
      if (this.book.live.get(clientId)?.intent.purpose === 'entry') this.#filledSide.set(instrument, side);
    }
    if (record.type === 'stop.moved') {
      const opened = (this.book.lots[record.instrument] ?? 0) > 0 ? 'buy' : 'sell';
      this.#explain(record.instrument, opened, record.stopTicks);
    }
    if (record.type === 'order.intended') {
      const { clientId, stopTicks } = record.order;
      // An id whose intent the disk never had is given anew after a restart, be it to an order at the market.
      if (stopTicks === null) this.#triggers.delete(clientId);
      else this.#triggers.set(clientId, stopTicks);
      return this.#intended(record.order);
    }
    if (record.type !== 'order.state') return null;
    const order = this.book.live.get(record.clientId)?.intent;
    if (record.state === 'working' && order?.purpose === 'protective') {
      this.#rested.add(record.clientId);
      this.#gone.delete(order.instrument);
    }
    if (record.state !== 'cancelling') return null;
    return this.#takenOff(record.clientId, moment);
  }

  left(effect: Effect, { view }: Moment): string | null {
    if (effect.kind === 'cancel') {
      const old = this.book.live.get(effect.clientId)?.intent;
      // A new stop that was taken back before the venue had it is nowhere that one could be put back to.
      const isNewer = old !== undefined && this.#gone.has(old.instrument) && !this.#rested.has(old.clientId);
      if (old?.stopTicks != null && !isNewer) this.#gone.set(old.instrument, old.stopTicks);
    }
    if (effect.kind === 'replace') {
      const old = this.book.live.get(effect.clientId)?.intent;
      if (old !== undefined) this.#exchanged.set(effect.order.clientId, old);
    }
    if (effect.kind !== 'submit' && effect.kind !== 'replace') return null;
    const { purpose, instrument, clientId, quantityLots, why } = effect.order;
    if (purpose === 'protective') return this.#tooFar(effect.order, view());
    const sells = purpose === 'close' || purpose === 'exit';
    if (!sells || !this.scenario.capabilities.stopLocksBalance) return null;
    const stops = this.book.liveOn(instrument, 'protective');
    const locked = stops.reduce((lots, { leftLots }) => lots + leftLots, 0);
    // Of a part that is sold for a target, or because the strategy asked for it, the stop keeps the rest.
    const mayBePart = why?.startsWith('target ') === true || (purpose === 'exit' && why === undefined);
    const isPart = mayBePart && !stops.some(({ state }) => state === 'cancelling');
    const free = isPart ? Math.abs(this.book.lots[instrument] ?? 0) - quantityLots : 0;
    return locked > free ? `${clientId} sells what a stop still locks` : null;
  }

  /** Held without an entry that we know: adopted, or of an order that was over or forgotten. */
  #isFromElsewhere(record: EngineRecord): boolean {
    if (record.type === 'fill') return !this.book.live.has(record.fill.clientId);
    if (record.type === 'order.intended')
      return record.order.strategy === 'fermata' && record.order.purpose === 'entry';
    return record.type === 'position.adopted';
  }

  /** A venue that lets a stop go before the market is there sells what should have been kept. */
  #firedEarly({ clientId, side, priceTicks }: Fill): string | null {
    const stop = this.#triggers.get(clientId);
    if (stop === undefined || (side === 'sell' ? priceTicks <= stop : priceTicks >= stop)) return null;
    return `the stop ${clientId} at ${stop} was filled at ${priceTicks}`;
  }

  #intended({ purpose, protectTicks, instrument, limitTicks, side, clientId }: OrderIntent): string | null {
    if (purpose !== 'entry' || protectTicks === null || limitTicks === null) return null;
    this.#explain(instrument, side, protectTicks);
    const distance = side === 'buy' ? limitTicks - protectTicks : protectTicks - limitTicks;
    if (distance > 0 && distance <= (limitTicks * this.stopLossPct()) / 100) return null;
    return `entry ${clientId} at ${limitTicks} has its stop at ${protectTicks}`;
  }

  #explain(instrument: number, opened: OrderIntent['side'], stopTicks: number): void {
    const place = `${instrument} ${opened}`;
    const known = this.#fromEntries.get(place) ?? new Set();
    this.#fromEntries.set(place, known.add(stopTicks));
  }

  #tooFar({ instrument, stopTicks, clientId }: OrderIntent, view: ReturnType<Moment['view']>): string | null {
    const position = view.positions.find((held) => held.instrument === instrument);
    if (position === undefined || stopTicks === null) return `${clientId} protects nothing`;
    // What rested before the last change may be put back as it was, though the average has moved meanwhile: better than none.
    if (this.#gone.get(instrument) === stopTicks) return null;
    const { averageTicks, quantityLots, strategy } = position;
    const opened = quantityLots > 0 ? 'buy' : 'sell';
    const explained = this.#fromEntries.get(`${instrument} ${opened}`)?.has(stopTicks) === true;
    // One that a sale turned round was opened by no entry.
    const byEntry = this.#filledSide.get(instrument) === opened;
    if (strategy !== 'fermata' && !this.#adopted && byEntry && !explained) {
      return `${clientId} protects at ${stopTicks}, where no entry wanted its stop`;
    }
    const distance = quantityLots > 0 ? averageTicks - stopTicks : stopTicks - averageTicks;
    const mostTicks = (averageTicks * this.stopLossPct()) / 100 + ROUNDING_TICKS;
    if (explained || (distance > 0 && distance <= mostTicks)) return null;
    return `${clientId} protects at ${stopTicks} what was bought at ${averageTicks}`;
  }

  /** A desk that neither trades nor closes, or that can send nothing, has no reason to take a fitting stop off. */
  #takenOff(clientId: string, { view, wallMs }: Moment): string | null {
    const order = this.book.live.get(clientId);
    const halted = this.book.mode === 'HALTED' || this.book.mode === 'KILLED';
    if (order?.intent.purpose !== 'protective' || order.state === 'cancelling') return null;
    if (!this.#diskIsBroken && (!halted || this.book.closing)) return null;
    const { instrument, stopTicks, side } = order.intent;
    // One that the market is past protects nothing: what it locks has to be sold.
    if (!this.#diskIsBroken && this.unprotectable.has(instrument, wallMs)) return null;
    const others = this.book.liveOn(instrument, 'protective').filter(({ state }) => state !== 'cancelling');
    const position = view().positions.find((held) => held.instrument === instrument);
    if (position === undefined || others.length > 1) return null;
    const fits =
      order.leftLots === Math.abs(position.quantityLots) &&
      side === (position.quantityLots > 0 ? 'sell' : 'buy') &&
      stopTicks === position.stopTicks;
    return fits ? `${clientId}, the only stop of its position, was taken off ${this.#why()}` : null;
  }

  #why(): string {
    return this.#diskIsBroken ? 'on a disk that takes nothing' : `while ${this.book.mode}`;
  }
}
