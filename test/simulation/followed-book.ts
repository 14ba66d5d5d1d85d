/** The desk as its records tell of it: kept apart from the engine, and simpler. */
import type { OthersCoins } from '../../src/domain/cash-and-coins.js';
import type { Halt } from '../../src/domain/mode.js';
import { FINAL_ORDER_STATES, type OrderIntent, type OrderState } from '../../src/domain/order.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { Scenario } from './scenario.js';
import { SecondBook } from './second-book.js';
import { addLots, NOBODY, type OwnLots, sharesOf } from './shares.js';

/** From so many on a position counts as one that can't be protected. */
const STOP_REFUSALS = 3;
const RANK = { ACTIVE: 0, REDUCING: 1, HALTED: 2, KILLED: 3 } as const;

export interface FollowedOrder {
  intent: OrderIntent;
  leftLots: number;
  state: OrderState;
}

export class FollowedBook {
  mode: keyof typeof RANK = 'ACTIVE';
  closing = false;
  escalated = false;
  newestHalt: string | null = null;
  halts: Halt[] = [];
  sizeFactorPpm = 1_000_000;
  enabled = true;
  /** The desk's own, whole and signed. */
  lots: number[];
  /** By instrument, where strategies are against each other: the signed lots of each. */
  readonly #own = new Map<number, OwnLots>();
  readonly #orders = new Map<string, OrderIntent>();
  /** Coins of the account that are not the desk's, in lots. */
  others: number[];
  /** There were such, by instrument, whatever a reading said since. */
  hadOthers: boolean[];
  /** Of these, coins of which nobody has said whose they are, by symbol. */
  readonly nobodys = new Map<string, number>();
  readonly second: SecondBook;
  /** Orders that may still be filled. */
  readonly live = new Map<string, FollowedOrder>();
  /** Taken for absent: the desk's conclusion, and the venue may still come up with them. */
  readonly #absent = new Map<string, FollowedOrder>();

  /** Stops in a row that the venue did not take, by instrument. */
  readonly #stopsRefused = new Map<number, number>();

  constructor(private readonly scenario: Scenario) {
    this.second = new SecondBook(scenario.instruments, scenario.startingCash);
    this.lots = this.#flat();
    this.others = this.#flat();
    this.hadOthers = this.others.map(() => false);
  }

  /** A new process knows only what the disk kept. */
  restart(records: readonly EngineRecord[]): void {
    this.#armed();
    this.escalated = false;
    this.sizeFactorPpm = 1_000_000;
    this.enabled = true;
    this.second.restart([]);
    this.lots = this.#flat();
    this.others = this.#flat();
    this.hadOthers = this.others.map(() => false);
    this.nobodys.clear();
    this.live.clear();
    this.#absent.clear();
    this.#own.clear();
    this.#orders.clear();
    for (const record of records) this.follow(record);
    this.#stopsRefused.clear();
  }

  follow(record: EngineRecord): void {
    if (this.scenario.against) this.#followOwn(record);
    this.second.follow(record);
    if (record.type === 'fill' || record.type === 'position.adopted' || record.type === 'coins.claimed')
      this.lots = this.lots.map((_, at) => this.second.lots(at));
    switch (record.type) {
      case 'halt':
        this.newestHalt = record.halt.haltId;
        this.halts.push(record.halt);
        if (RANK[record.halt.mode] > RANK[this.mode]) this.mode = record.halt.mode;
        return;
      case 'armed':
        this.#armed();
        return;
      case 'closeAll.begun':
        this.closing = true;
        this.escalated = false;
        return;
      case 'flat.escalated':
        this.escalated = true;
        return;
      case 'flat.proven':
        this.closing = false;
        return;
      case 'size.factor':
        this.sizeFactorPpm = record.sizeFactorPpm;
        return;
      case 'strategy.toggled':
        this.enabled = record.enabled;
        return;
      case 'coins.counted':
        this.others[this.#at(record.symbol)] = sumOf(record.coins);
        this.hadOthers[this.#at(record.symbol)] = true;
        this.nobodys.set(record.symbol, record.coins.nobodys);
        return;
      case 'coins.claimed':
        this.others[this.#at(record.symbol)]! -= record.quantityLots;
        this.nobodys.delete(record.symbol);
        return;
      default:
        this.#followOrder(record);
    }
  }

  /** What is held on the larger side: as much as it comes to once the other side is closed. */
  openLots(instrument: number): number {
    if (!this.scenario.against) return Math.abs(this.lots[instrument] ?? 0);
    const lots = [...(this.#own.get(instrument)?.values() ?? [])];
    const on = (sign: number): number => lots.reduce((sum, one) => sum + Math.max(0, sign * one), 0);
    return Math.max(on(1), on(-1));
  }

  /** What that strategy holds, signed. */
  ownLots(instrument: number, strategy: string): number {
    return this.#own.get(instrument)?.get(strategy) ?? 0;
  }

  #followOwn(record: EngineRecord): void {
    if (record.type === 'order.intended') this.#orders.set(record.order.clientId, record.order);
    const add = (instrument: number, owner: string, signedLots: number): void => {
      const held = this.#own.get(instrument) ?? new Map<string, number>();
      this.#own.set(instrument, held);
      addLots(held, owner, signedLots);
    };
    if (record.type === 'fill') {
      const { instrument, side, quantityLots, clientId } = record.fill;
      const held = this.#own.get(instrument) ?? new Map<string, number>();
      const lots = side === 'buy' ? quantityLots : -quantityLots;
      for (const [owner, by] of sharesOf(held, lots, this.#orders.get(clientId))) add(instrument, owner, by);
    }
    if (record.type === 'position.adopted')
      add(record.instrument, NOBODY, record.quantityLots - this.second.lots(record.instrument));
    if (record.type === 'trades.crossed') {
      add(record.instrument, record.seller.strategy, -record.quantityLots);
      add(record.instrument, record.buyer.strategy, record.quantityLots);
    }
  }

  liveOn(instrument: number, purpose: OrderIntent['purpose']): FollowedOrder[] {
    const found: FollowedOrder[] = [];
    for (const order of this.live.values())
      if (order.intent.instrument === instrument && order.intent.purpose === purpose) found.push(order);
    return found;
  }

  /** The venue takes no stop for it: nothing is left but to close it, whatever the mode. */
  isUnprotectable(instrument: number): boolean {
    const rests = this.liveOn(instrument, 'protective').some(({ state }) => state === 'working');
    return !rests && (this.#stopsRefused.get(instrument) ?? 0) >= STOP_REFUSALS;
  }

  get entries(): FollowedOrder[] {
    return [...this.live.values()].filter(({ intent }) => intent.purpose === 'entry');
  }

  #followOrder(record: EngineRecord): void {
    if (record.type === 'order.intended') {
      const { order } = record;
      this.live.set(order.clientId, { intent: order, leftLots: order.quantityLots, state: 'intended' });
    } else if (record.type === 'order.amended') {
      const order = this.live.get(record.clientId);
      if (order === undefined) return;
      order.leftLots -= order.intent.quantityLots - record.quantityLots;
      order.intent = { ...order.intent, quantityLots: record.quantityLots };
    } else if (record.type === 'order.state') {
      this.#followState(record.clientId, record.state);
    } else if (record.type === 'fill') {
      const { quantityLots, clientId } = record.fill;
      this.#comesBack(clientId, 'partlyFilled');
      const order = this.live.get(clientId);
      if (order === undefined) return;
      order.leftLots -= quantityLots;
      if (order.state !== 'cancelling') order.state = 'partlyFilled';
      if (order.leftLots <= 0) this.live.delete(clientId);
    }
  }

  #followState(clientId: string, state: OrderState): void {
    const isOver = FINAL_ORDER_STATES.has(state);
    if (!isOver) this.#comesBack(clientId, state);
    const order = this.live.get(clientId);
    if (order?.intent.purpose === 'protective') this.#followStop(order.intent, state);
    if (isOver) this.live.delete(clientId);
    else if (order !== undefined) order.state = state;
    if (state === 'absent' && order !== undefined) this.#absent.set(clientId, order);
  }

  #comesBack(clientId: string, state: OrderState): void {
    const order = this.#absent.get(clientId);
    if (order === undefined) return;
    this.#absent.delete(clientId);
    this.live.set(clientId, { ...order, state });
  }

  #followStop({ instrument }: OrderIntent, state: OrderState): void {
    const refused = this.#stopsRefused.get(instrument) ?? 0;
    if (state === 'working') this.#stopsRefused.delete(instrument);
    else if (FINAL_ORDER_STATES.has(state) && state !== 'cancelled')
      this.#stopsRefused.set(instrument, refused + 1);
  }

  #armed(): void {
    this.newestHalt = null;
    this.halts = [];
    this.mode = 'ACTIVE';
    this.closing = false;
  }

  #flat(): number[] {
    return this.scenario.instruments.map(() => 0);
  }

  #at(symbol: string): number {
    return this.scenario.instruments.findIndex((instrument) => instrument.symbol === symbol);
  }
}

/** Worked out a second time: whoever counts some of them as the desk's must be contradicted here. */
export function sumOf({ nobodys, foreign, toMove }: OthersCoins): number {
  return nobodys + foreign + toMove;
}
