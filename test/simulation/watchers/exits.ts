/** What closes a trade beside its stop: each when the market is there, for its part alone, and no stop ever goes back. */
import type { ExitPlan } from '../../../src/domain/exits.js';
import type { OrderIntent } from '../../../src/domain/order.js';
import { exitBecause, partBecause } from '../../../src/engine/core.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { EngineView } from '../../../src/engine/view.js';
import { PART_PPM_MAX } from '../entries.js';
import type { FollowedBook } from '../followed-book.js';
import { marketCalendar } from '../market-hours.js';
import { NO_FAULTS, type Scenario } from '../scenario.js';
import { isTradableAt, SURELY_TRADABLE } from '../tradable.js';
import type { Moment, Watcher } from '../watcher.js';

/** A stop that has to be a limit order asks for so much less than its trigger. */
const BELOW_TRIGGER = 0.95;
/** Quotes come every half a second, and one that is far away is held back for two seconds. */
const REACHED_MS_MAX = 4_000;
/** Until the order leaves: its stop has to be made smaller first, or to be off the market. */
const CLOSED_MS_MAX = 20_000;
/** At a venue that is never away, loses nothing and refuses nothing. */
const CLOSED_SURELY_MS_MAX = 4_000;
/** A tick, and what a standing process has to catch up with. */
const SAID_MS_MAX = 2_500;
const MINUTE_MS = 60_000;

type Fill = Extract<EngineRecord, { readonly type: 'fill' }>['fill'];

interface Trade {
  /** Client id. */
  readonly entry: string;
  readonly side: 'long' | 'short';
  plan: ExitPlan;
  /** Entries of a lower number were asked for before it. */
  asked: number;
  readonly openedMs: number;
  sold: number;
  reached: number;
  stopTicks: number;
  /** Where it was moved to, by what moved it. */
  readonly places: Set<string>;
}

export class Exits implements Watcher {
  readonly #entries = new Map<string, OrderIntent>();
  /** Number of the newest order. */
  #newest = 0;
  readonly #trades = new Map<number, Trade>();
  readonly #bids = new Map<number, number>();
  readonly #beyondSinceMs = new Map<number, number>();
  /** Since when something of them is to be closed, and no order for it has left. */
  readonly #dueSinceMs = new Map<number, number>();
  /** Since when the session of their trade is about to end, and nothing closes it. */
  readonly #endsSinceMs = new Map<number, number>();
  /** Instruments of which an exit was noted. */
  readonly #leaving = new Set<number>();
  #marketMs = 0;
  readonly #hours = marketCalendar();
  /** Instruments of which the venue refused a stop: the one before it is restored. */
  readonly #refused = new Set<number>();
  #lastFill: Fill | null = null;
  /** Held after the last fill, signed; fees that were paid in coins are not taken off. */
  readonly #lots = new Map<number, number>();
  /** The largest part that the strategy can have asked for, in lots. */
  readonly #parts = new Map<number, number>();

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#entries.clear();
    this.#newest = 0;
    this.#trades.clear();
    this.#lots.clear();
    this.#beyondSinceMs.clear();
    this.#dueSinceMs.clear();
    this.#endsSinceMs.clear();
    this.#leaving.clear();
    this.#refused.clear();
    this.#parts.clear();
    for (const record of records) this.#follow(record);
  }

  thawed(): void {
    this.#endsSinceMs.clear();
    this.#dueSinceMs.clear();
    this.#beyondSinceMs.clear();
  }

  marketClosed(): void {
    this.thawed();
  }

  heard(event: EngineEvent, wallMs: number): void {
    if (event.kind === 'order.rejected' || event.kind === 'order.replaceRejected') {
      const refused = this.book.live.get(event.clientId)?.intent;
      if (refused?.purpose === 'protective') this.#refused.add(refused.instrument);
    }
    this.#marketMs = event.marketMs;
    if (event.kind !== 'quote') return;
    const { instrument: at, bidTicks, askTicks } = event;
    this.#bids.set(at, bidTicks);
    const trade = this.#trades.get(at);
    const target = trade?.plan.targets?.[trade.reached];
    const price = trade?.side === 'short' ? askTicks : bidTicks;
    if (trade === undefined || target === undefined || !isAt(trade, price, target.ticks))
      this.#beyondSinceMs.delete(at);
    else if (!this.#beyondSinceMs.has(at)) this.#beyondSinceMs.set(at, wallMs);
  }

  recorded(record: EngineRecord, { view }: Moment): string | null {
    const objection =
      record.type === 'stop.moved'
        ? this.#wronglyMoved(record, view())
        : record.type === 'target.reached'
          ? this.#notReached(record, view())
          : null;
    this.#follow(record);
    return objection;
  }

  left(effect: Effect): string | null {
    if (effect.kind !== 'submit' && effect.kind !== 'replace') return null;
    const { order } = effect;
    if (order.purpose === 'exit' || order.purpose === 'close') this.#dueSinceMs.delete(order.instrument);
    const trade = this.#trades.get(order.instrument);
    const tooMuch = this.#tooMuch(order);
    if (tooMuch !== null || trade === undefined) return tooMuch;
    if (order.purpose === 'protective') return this.#wrongStop(order, trade);
    return order.why?.startsWith('target ') === true ? this.#wrongPart(order, trade) : null;
  }

  /** What the strategy asked a part of, and not the whole, is sold only in part, unless the rest could not be sold. */
  #tooMuch({ clientId, instrument: at, purpose, why, quantityLots }: OrderIntent): string | null {
    const most = this.#parts.get(at);
    if (most === undefined || purpose !== 'exit' || why !== undefined) return null;
    const held = Math.abs(this.book.lots[at] ?? 0);
    const stopTicks = this.#trades.get(at)?.stopTicks ?? this.#bids.get(at) ?? 0;
    const leastTicks = Math.floor(stopTicks * BELOW_TRIGGER ** 2);
    const isSellable = isTradableAt(this.scenario.instruments[at]!, held - most, leastTicks);
    return isSellable && quantityLots > most
      ? `${clientId} closes ${quantityLots} of ${held} lots, a part of at most ${most} was asked for`
      : null;
  }

  /** Where the venue refuses one, that of before is restored: never one that was nowhere. */
  #wrongStop({ clientId, instrument, stopTicks, why }: OrderIntent, trade: Trade): string | null {
    const isThere = stopTicks === trade.stopTicks || this.#refused.delete(instrument);
    if (!isThere)
      return `${clientId} puts the stop to ${stopTicks}, where it was moved to ${trade.stopTicks}`;
    return why === undefined || trade.places.has(`${why} ${stopTicks}`)
      ? null
      : `${clientId} says that ${why} put the stop to ${stopTicks}`;
  }

  /** A price that stands beyond a target of a desk that trades is a target that is reached. */
  looked({ wallMs }: Moment): string | null {
    if (this.book.mode !== 'ACTIVE' || this.book.closing) {
      this.#beyondSinceMs.clear();
      this.#dueSinceMs.clear();
      this.#endsSinceMs.clear();
      this.#leaving.clear();
      return null;
    }
    for (const [at, sinceMs] of this.#beyondSinceMs) {
      if (!this.#trades.has(at) || !this.#isHeld(at)) this.#beyondSinceMs.delete(at);
      else if (wallMs - sinceMs > REACHED_MS_MAX)
        return `the market is beyond a target of ${at} for ${wallMs - sinceMs} ms, and nobody has noticed`;
    }
    return this.#unsaid(wallMs) ?? this.#unclosed(wallMs);
  }

  /** A session lasts no longer than it may take until an order has left: what counts is that its end is said to close the trade. */
  #unsaid(wallMs: number): string | null {
    const { open, untilMs } = this.#hours.phaseAt(this.#marketMs);
    for (const [at, { plan }] of this.#trades) {
      const ends = open && untilMs - this.#marketMs <= (plan.beforeCloseMs ?? 0);
      const isClosing = this.#leaving.has(at) || this.book.liveOn(at, 'exit').length > 0;
      if (!this.scenario.hours || !ends || isClosing || !this.#isHeld(at)) this.#endsSinceMs.delete(at);
      else if (!this.#endsSinceMs.has(at)) this.#endsSinceMs.set(at, wallMs);
    }
    // One that was closed between two looks has not gone on.
    for (const [at, sinceMs] of this.#endsSinceMs)
      if (!this.#trades.has(at)) this.#endsSinceMs.delete(at);
      else if (wallMs - sinceMs > SAID_MS_MAX)
        return `the session of ${at} is about to end for ${wallMs - sinceMs} ms, and its trade is not closed`;
    return null;
  }

  #unclosed(wallMs: number): string | null {
    for (const [at, trade] of this.#trades) {
      const isClosing = this.book.liveOn(at, 'exit').length + this.book.liveOn(at, 'close').length > 0;
      if (isClosing || !this.#isDue(at, trade)) this.#dueSinceMs.delete(at);
      else if (!this.#dueSinceMs.has(at)) this.#dueSinceMs.set(at, wallMs);
    }
    const { faults, maintenanceEveryMs, disconnectEveryMs, stormEveryMs, noStopsEveryMs } = this.scenario;
    const away = maintenanceEveryMs + disconnectEveryMs + stormEveryMs + noStopsEveryMs;
    const mostMs = faults === NO_FAULTS && away === 0 ? CLOSED_SURELY_MS_MAX : CLOSED_MS_MAX;
    for (const [at, sinceMs] of this.#dueSinceMs)
      if (this.#trades.has(at) && wallMs - sinceMs > mostMs)
        return `exits of ${at} are due for ${wallMs - sinceMs} ms, and no order has left`;
    return null;
  }

  #isDue(at: number, trade: Trade): boolean {
    const held = Math.abs(this.book.lots[at] ?? 0);
    const { maxBars = Number.POSITIVE_INFINITY, targets = [] } = trade.plan;
    const isOver = this.#marketMs >= trade.openedMs + (maxBars + 1) * MINUTE_MS;
    const part = isOver ? held : held - restOf(held + trade.sold, targets[trade.reached - 1]?.closedPpm ?? 0);
    const bidTicks = this.#bids.get(at) ?? 0;
    return part > 0 && isTradableAt(this.scenario.instruments[at]!, part, bidTicks, SURELY_TRADABLE);
  }

  #isHeld(at: number): boolean {
    const bidTicks = this.#bids.get(at) ?? 0;
    return isTradableAt(this.scenario.instruments[at]!, this.book.lots[at] ?? 0, bidTicks);
  }

  #follow(record: EngineRecord): void {
    if (record.type === 'order.intended') {
      this.#newest = Math.max(this.#newest, numberOf(record.order.clientId));
      if (record.order.purpose === 'entry') this.#entries.set(record.order.clientId, record.order);
    }
    if (record.type === 'entry.waits') this.#newest = Math.max(this.#newest, numberOf(record.entry.clientId));
    if (record.type === 'note') this.#noted(record);
    if (record.type === 'trade.closed') this.#closed(record);
    if (record.type === 'position.adopted' || record.type === 'coins.claimed') this.#forget(record);
    if (record.type === 'fill') {
      this.#lastFill = record.fill;
      this.#hold(record.fill.instrument, signed(record.fill));
      this.#filled(record.fill);
    }
    const trade = 'instrument' in record ? this.#trades.get(record.instrument ?? -1) : undefined;
    if (trade === undefined) return;
    if (record.type === 'target.reached') {
      trade.reached = record.targets;
      // The feed may be silent from here on: the quote that it was beyond counts for this target alone.
      this.#beyondSinceMs.delete(record.instrument);
    }
    if (record.type === 'exits.changed') {
      trade.plan = record.plan;
      if (record.askedAt !== undefined) trade.asked = this.#newest + 1;
      if (record.targetsAnew) Object.assign(trade, { sold: 0, reached: 0 });
      this.#beyondSinceMs.delete(record.instrument);
      this.#dueSinceMs.delete(record.instrument);
    }
    if (record.type !== 'stop.moved') return;
    trade.stopTicks = record.stopTicks;
    trade.places.add(`${record.why} ${record.stopTicks}`);
  }

  #noted({ symbol, text }: Extract<EngineRecord, { readonly type: 'note' }>): void {
    const at = this.scenario.instruments.findIndex((instrument) => instrument.symbol === symbol);
    if (exitBecause(text) !== null) {
      this.#parts.delete(at);
      this.#leaving.add(at);
    }
    if (partBecause(text) === null) return;
    const held = Math.abs(this.book.lots[at] ?? 0);
    this.#parts.set(at, Math.floor((held * PART_PPM_MAX) / 1_000_000));
  }

  /** What nobody here bought or sold: how much of the trade it is, is not known any more. */
  #forget(record: Extract<EngineRecord, { readonly type: 'position.adopted' | 'coins.claimed' }>): void {
    if (record.type === 'position.adopted') {
      this.#trades.delete(record.instrument);
      this.#lots.set(record.instrument, record.quantityLots);
    } else {
      this.#trades.clear();
      const at = this.scenario.instruments.findIndex(({ symbol }) => symbol === record.symbol);
      this.#hold(at, record.quantityLots);
    }
  }

  #hold(at: number, more: number): void {
    this.#lots.set(at, (this.#lots.get(at) ?? 0) + more);
  }

  #filled(fill: Fill): void {
    const trade = this.#trades.get(fill.instrument);
    if (trade !== undefined && trade.side !== opened(fill)) trade.sold += fill.quantityLots;
    else this.#begin(fill);
  }

  /** One fill may close a trade and open the next, on the other side. */
  #closed({ instrument, why }: Extract<EngineRecord, { readonly type: 'trade.closed' }>): void {
    this.#trades.delete(instrument);
    this.#parts.delete(instrument);
    this.#leaving.delete(instrument);
    this.#endsSinceMs.delete(instrument);
    const isOpen = (this.#lots.get(instrument) ?? 0) !== 0;
    if (why === 'reversal' && isOpen && this.#lastFill?.instrument === instrument)
      this.#begin(this.#lastFill);
  }

  #begin(fill: Fill): void {
    const { instrument: at, clientId, marketMs: openedMs } = fill;
    const trade = this.#trades.get(at);
    const opens = opened(fill);
    const entry = this.#entries.get(clientId);
    const stopTicks = entry?.protectTicks;
    if (entry?.exits === undefined || stopTicks === null || stopTicks === undefined) {
      if (trade !== undefined) this.#trades.delete(at);
      return;
    }
    if (trade?.entry === clientId) return;
    const heldBefore = Math.abs((this.#lots.get(at) ?? 0) - signed(fill));
    const isOlder = trade !== undefined && numberOf(clientId) < trade.asked;
    if (isOlder && this.#isTradable(at, heldBefore, fill.priceTicks, SURELY_TRADABLE)) {
      const isNearer = opens === 'long' ? stopTicks > trade.stopTicks : stopTicks < trade.stopTicks;
      if (isNearer) trade.stopTicks = stopTicks;
      return;
    }
    // It depends on fees that nobody here counts whether what was held before is a rest, beside which all begins anew.
    if (isOlder && this.#isTradable(at, heldBefore, fill.priceTicks)) {
      this.#trades.delete(at);
      return;
    }
    // Another entry is made beside what can't be sold alone, and begins anew. One that is over joins by a late fill: no stop goes back for it.
    const stays = trade !== undefined && this.#isOver(clientId, trade.entry) && hasCome(trade, stopTicks);
    const stop = stays
      ? { stopTicks: trade.stopTicks, places: trade.places }
      : { stopTicks, places: new Set<string>() };
    const begun = {
      entry: clientId,
      side: opens,
      plan: entry.exits,
      asked: numberOf(clientId),
      openedMs,
    } as const;
    this.#trades.set(at, { ...begun, ...stop, sold: 0, reached: 0 });
  }

  #isTradable(at: number, lots: number, ticks: number, surely?: number): boolean {
    return isTradableAt(this.scenario.instruments[at]!, lots, ticks, surely);
  }

  /** The other one was intended after it. */
  #isOver(entry: string, other: string): boolean {
    for (const clientId of this.#entries.keys()) {
      if (clientId === entry) return true;
      if (clientId === other) return false;
    }
    return false;
  }

  #wronglyMoved(
    record: Extract<EngineRecord, { readonly type: 'stop.moved' }>,
    { quotes }: EngineView,
  ): string | null {
    const { instrument: at, stopTicks, why } = record;
    const trade = this.#trades.get(at);
    const quote = quotes.find(({ instrument }) => instrument === at);
    if (trade === undefined || quote === undefined) return null;
    const nearer = trade.side === 'long' ? stopTicks - trade.stopTicks : trade.stopTicks - stopTicks;
    if (nearer <= 0) return `the stop of ${at} goes back from ${trade.stopTicks} to ${stopTicks}`;
    const price = trade.side === 'long' ? quote.bidTicks : quote.askTicks;
    const { trailTicks = Number.NaN, breakEvenAtTicks = Number.NaN } = trade.plan;
    const behind = Math.abs(price - stopTicks);
    if (why === 'adjustedStop' && (trade.side === 'long' ? stopTicks >= price : stopTicks <= price))
      return `the stop of ${at} is moved to ${stopTicks}, where the market is at ${price}`;
    if (why === 'trailingStop' && behind !== trailTicks)
      return `the stop of ${at} trails the market by ${behind}, not by ${trailTicks}`;
    if (why === 'breakEvenStop' && !isAt(trade, price, breakEvenAtTicks))
      return `the stop of ${at} goes to break-even at ${price}, before ${breakEvenAtTicks}`;
    return null;
  }

  #notReached(
    { instrument: at, targets }: Extract<EngineRecord, { readonly type: 'target.reached' }>,
    { quotes }: EngineView,
  ): string | null {
    const trade = this.#trades.get(at);
    const quote = quotes.find(({ instrument }) => instrument === at);
    const target = trade?.plan.targets?.[targets - 1];
    if (trade === undefined || quote === undefined || target === undefined) return null;
    const price = trade.side === 'long' ? quote.bidTicks : quote.askTicks;
    return isAt(trade, price, target.ticks)
      ? null
      : `target ${targets} of ${at} at ${target.ticks} is said to be reached at ${price}`;
  }

  /** More than the part only where the rest could not be sold. */
  #wrongPart(order: OrderIntent, trade: Trade): string | null {
    const target = trade.plan.targets?.[trade.reached - 1];
    const held = Math.abs(this.book.lots[order.instrument] ?? 0);
    if (target === undefined) return `${order.clientId} closes for a target that was not reached`;
    const whole = held + trade.sold;
    const rest = restOf(whole, target.closedPpm);
    const leastTicks = trade.side === 'long' ? Math.floor(trade.stopTicks * BELOW_TRIGGER) : trade.stopTicks;
    const isSellable = isTradableAt(this.scenario.instruments[order.instrument]!, rest, leastTicks);
    const most = isSellable ? held - rest : held;
    return order.quantityLots <= most
      ? null
      : `${order.clientId} closes ${order.quantityLots} of ${held} lots for ${order.why}, its part is ${most}`;
  }
}

const opened = ({ side }: Fill): Trade['side'] => (side === 'buy' ? 'long' : 'short');
const signed = ({ side, quantityLots }: Fill): number => (side === 'buy' ? quantityLots : -quantityLots);

function restOf(lots: number, closedPpm: number): number {
  return lots - Math.floor((lots * closedPpm) / 1_000_000);
}

/** Its stop was moved, and is nearer to the market than there. */
function hasCome({ side, stopTicks, places }: Trade, thanTicks: number): boolean {
  return places.size > 0 && (side === 'long' ? stopTicks > thanTicks : stopTicks < thanTicks);
}

/** Orders are counted, behind seven characters that say whose they are. */
const numberOf = (clientId: string): number => Number.parseInt(clientId.slice(7), 36);

function isAt({ side }: Trade, price: number, ticks: number): boolean {
  return side === 'long' ? price >= ticks : price <= ticks;
}
