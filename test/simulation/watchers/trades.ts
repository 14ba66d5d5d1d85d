/** Each trade is told once, with the figures of its own fills: worked out anew from the list of them. */
import type { Fill, OrderIntent } from '../../../src/domain/order.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import { converted } from '../rates.js';
import type { Scenario } from '../scenario.js';
import { type EndedTrip, SecondBook } from '../second-book.js';
import type { Moment, Watcher } from '../watcher.js';

type Closed = Extract<EngineRecord, { readonly type: 'trade.closed' }>;

interface Part {
  readonly lots: number;
  readonly priceTicks: number;
  /** Where the stop of what was bought belongs; null: nowhere. */
  readonly stopTicks: number | null;
  /** By which what is risked becomes money of the desk. */
  readonly rate: number | undefined;
}

/** What was traded on an instrument since it was flat. */
interface Fills {
  readonly order: string | null;
  readonly openedMs: number;
  bought: Part[];
  sold: Part[];
  fees: number;
  /** Of the newest fill. */
  atMs: number;
  by: OrderIntent['purpose'] | null;
  /** What its order says of why it was sent; null: its purpose says it. */
  why: Closed['why'] | null;
}

interface Change {
  readonly instrument: number;
  readonly signedLots: number;
  readonly priceTicks: number;
  readonly rate: number | undefined;
  readonly atMs: number;
  readonly fee: number;
}

const REASONS = { protective: 'stop', exit: 'strategy', entry: 'reversal' } as const;
/** Doubles of averages and multiples, whose sums are exact. */
const CLOSE_ENOUGH = 1e-9;

export class Trades implements Watcher {
  #book: SecondBook;
  readonly #orders = new Map<string, OrderIntent>();
  readonly #open = new Map<number, Fills>();
  /** Turned round by their last fill: another trade is open by now. */
  #over: Fills[] = [];
  /** Not told so far. */
  #ended: EndedTrip[] = [];
  readonly #told = new Set<string>();

  constructor(private readonly scenario: Scenario) {
    this.#book = this.#emptyBook();
  }

  restarted(records: readonly EngineRecord[]): void {
    this.#book = this.#emptyBook();
    this.#orders.clear();
    this.#open.clear();
    this.#over = [];
    this.#ended = [];
    this.#told.clear();
    for (const record of records) this.recorded(record);
  }

  recorded(record: EngineRecord): string | null {
    const objection = record.type === 'trade.closed' ? this.#compare(record) : this.#untold();
    this.#take(record);
    this.#book.follow(record);
    this.#ended.push(...this.#book.ended);
    return objection;
  }

  lookedClosely({ view }: Moment): string | null {
    for (const { instrument, trade } of view().positions) {
      const fills = this.#open.get(instrument);
      if (trade === null || fills === undefined) return `what is held in ${instrument} is no trade's`;
      if (fills.order !== null && !isIdOf(trade.id, fills.order))
        return `the trade ${trade.id} is open in ${instrument}, where ${fills.order} opened one`;
      if (trade.fees !== fills.fees)
        return `the trade ${trade.id} has paid ${trade.fees}, its fills ${fills.fees}`;
    }
    return null;
  }

  #emptyBook(): SecondBook {
    return new SecondBook(this.scenario.instruments, this.scenario.startingCash);
  }

  #untold(): string | null {
    const [ended] = this.#ended;
    this.#ended = [];
    this.#over = [];
    return ended === undefined ? null : `a trade in ${ended.instrument} was closed, and nothing told of it`;
  }

  #take(record: EngineRecord): void {
    if (record.type === 'order.intended') this.#orders.set(record.order.clientId, record.order);
    if (record.type === 'fill') this.#fill(record.fill);
    if (record.type === 'position.adopted') {
      const { instrument, quantityLots, priceTicks, rate, marketMs: atMs } = record;
      const signedLots = quantityLots - this.#book.lots(instrument);
      this.#change({ instrument, signedLots, priceTicks, rate, atMs, fee: 0 }, undefined);
    }
    if (record.type === 'coins.claimed') {
      const instrument = this.scenario.instruments.findIndex(({ symbol }) => symbol === record.symbol);
      const { quantityLots: signedLots, costTicks: priceTicks, marketMs: atMs } = record;
      this.#change({ instrument, signedLots, priceTicks, rate: undefined, atMs, fee: 0 }, undefined);
    }
  }

  #fill({ instrument, side, quantityLots, priceTicks, rate, fee, marketMs: atMs, clientId }: Fill): void {
    const signedLots = side === 'buy' ? quantityLots : -quantityLots;
    this.#change({ instrument, signedLots, priceTicks, rate, atMs, fee }, this.#orders.get(clientId));
  }

  #change(
    { instrument, signedLots, priceTicks, rate, atMs, fee }: Change,
    order: OrderIntent | undefined,
  ): void {
    if (signedLots === 0) return;
    const before = this.#book.lots(instrument);
    const left = Math.abs(signedLots);
    const reduces = before !== 0 && before > 0 !== signedLots > 0;
    const out = reduces ? Math.min(left, Math.abs(before)) : 0;
    let fills = this.#open.get(instrument);
    if (reduces && fills !== undefined) {
      fills.sold.push({ lots: out, priceTicks, stopTicks: null, rate });
      const { purpose: by = null, why = null } = order ?? {};
      Object.assign(fills, { atMs, by, why, fees: fills.fees + fee });
      if (out === left) return;
      this.#over.push(fills);
    }
    if (before === 0 || reduces || fills === undefined) {
      const former = before === 0 ? fills : undefined;
      fills = {
        ...{ order: order?.clientId ?? null, openedMs: atMs, sold: [] },
        ...{ bought: former?.bought ?? [], fees: former?.fees ?? 0, atMs, by: null, why: null },
      };
      this.#open.set(instrument, fills);
    }
    fills.bought.push({ lots: left - out, priceTicks, stopTicks: order?.protectTicks ?? null, rate });
    Object.assign(fills, { atMs, by: order?.purpose ?? null, why: null });
    if (!reduces) fills.fees += fee;
  }

  #compare(told: Closed): string | null {
    const ended = this.#ended.shift();
    const fills = this.#over.shift() ?? this.#open.get(told.instrument);
    if (ended === undefined || fills === undefined)
      return `the trade ${told.trade} is told of, and none ended`;
    if (this.#open.get(told.instrument) === fills) this.#open.delete(told.instrument);
    if (this.#told.has(told.trade)) return `the trade ${told.trade} is told of twice`;
    this.#told.add(told.trade);
    const { moneyPerTickLot } = this.scenario.instruments[told.instrument]!;
    const risks = fills.bought.map(({ lots, priceTicks, stopTicks, rate }) =>
      stopTicks === null
        ? Number.NaN
        : Number(converted(BigInt(lots * Math.abs(priceTicks - stopTicks) * moneyPerTickLot), rate)),
    );
    const risk = sum(risks);
    const result = Number(ended.result);
    const wanted: readonly (readonly [string, unknown, unknown])[] = [
      ['instrument', told.instrument, ended.instrument],
      ['owner', told.strategy, ended.owner],
      ['order', fills.order === null || isIdOf(told.trade, fills.order), true],
      ['lots', told.quantityLots, sum(fills.bought.map(({ lots }) => lots))],
      ['entry', told.entryTicks, average(fills.bought)],
      ['exit', told.exitTicks, average(fills.sold)],
      ['result', Math.round(Number(told.result) * 1e8), result],
      ['fees', Math.round(Number(told.fees) * 1e8), fills.fees],
      [
        'risk',
        told.risk === null ? null : Math.round(Number(told.risk) * 1e8),
        Number.isNaN(risk) ? null : risk,
      ],
      ['r', told.r, risk > 0 ? result / risk : null],
      ['opened', told.openedMs, fills.openedMs],
      ['closed', told.marketMs, fills.atMs],
      ['reason', fills.why === null ? isReason(told.why, fills.by) : told.why === fills.why, true],
    ];
    const wrong = wanted.find(([, theirs, ours]) => !isClose(theirs, ours));
    return wrong === undefined
      ? null
      : `the trade ${told.trade} has ${wrong[0]} ${String(wrong[1])}, its fills come to ${String(wrong[2])}`;
  }
}

/** A second trade that the same order opened has a number behind it. */
function isIdOf(trade: string, clientId: string): boolean {
  return trade.split('-')[0] === `t${clientId.slice(1)}`;
}

function isReason(why: Closed['why'], by: Fills['by']): boolean {
  if (by === 'close') return why === 'closeAll' || why === 'unprotectable';
  // Also a purchase by an order that a journal which was put back knows nothing of may pay its fee in all that is held.
  if (by === null) return why === 'venue' || why === 'fee';
  return why === REASONS[by] || (by === 'entry' && why === 'fee');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function average(parts: readonly Part[]): number | null {
  const lots = sum(parts.map((part) => part.lots));
  return lots === 0 ? null : sum(parts.map((part) => part.lots * part.priceTicks)) / lots;
}

function isClose(one: unknown, other: unknown): boolean {
  if (typeof one !== 'number' || typeof other !== 'number') return one === other;
  return Math.abs(one - other) <= CLOSE_ENOUGH * Math.max(1, Math.abs(one));
}
