/**
 * Two strategies against each other on an account that nets: what each trade came to, worked out anew from fills and
 * crossings to the last unit, and what may be crossed: lots that both have, that leave, and that nothing at the venue can
 * close once more.
 */
import { formatUnits } from '../../../src/domain/money.js';
import type { OrderIntent } from '../../../src/domain/order.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import { converted, share } from '../rates.js';
import type { Scenario } from '../scenario.js';
import { NOBODY, type OwnLots, sharesOf } from '../shares.js';
import type { Moment, Watcher } from '../watcher.js';

type Crossed = Extract<EngineRecord, { readonly type: 'trades.crossed' }>;

interface Trade {
  lots: number;
  /** Money units, signed like the lots. */
  cost: bigint;
  result: bigint;
}

interface Traded {
  readonly instrument: number;
  readonly owner: string;
  readonly signedLots: number;
  readonly priceTicks: number;
  /** By which its result becomes money of the desk. */
  readonly rate: number | undefined;
  readonly fee: bigint;
}

interface Ended {
  readonly owner: string;
  readonly instrument: number;
  readonly result: bigint;
}

export class AgainstEachOther implements Watcher {
  /** By instrument and owner, oldest first. */
  readonly #trades = new Map<number, Map<string, Trade>>();
  readonly #orders = new Map<string, OrderIntent>();
  /** Not told so far. */
  #ended: Ended[] = [];

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#trades.clear();
    this.#orders.clear();
    this.#ended = [];
    for (const record of records) {
      if (record.type === 'trade.closed') this.#ended.shift();
      this.#take(record);
    }
  }

  recorded(record: EngineRecord, moment: Moment): string | null {
    const objection =
      record.type === 'trade.closed'
        ? this.#compare(record)
        : (this.#untold() ??
          (record.type === 'trades.crossed' ? this.#wronglyCrossed(record, moment) : null));
    this.#take(record);
    return objection;
  }

  /** The trades add up to what the venue holds, at every moment that anybody looks. */
  lookedClosely({ view }: Moment): string | null {
    const { positions } = view();
    for (const { id } of this.scenario.instruments) {
      const ours = [...this.#of(id).values()].reduce((sum, { lots }) => sum + lots, 0);
      const shown = positions.find(({ instrument }) => instrument === id)?.quantityLots ?? 0;
      if (ours !== shown) return `the trades of ${id} add up to ${ours} lots, and ${shown} are held`;
    }
    return null;
  }

  #wronglyCrossed(
    { instrument, quantityLots, priceTicks, seller, buyer }: Crossed,
    { view }: Moment,
  ): string | null {
    for (const [{ strategy, trade }, sign] of [
      [seller, 1],
      [buyer, -1],
    ] as const) {
      const lots = sign * (this.#of(instrument).get(strategy)?.lots ?? 0);
      if (lots < quantityLots) return `${quantityLots} lots of ${trade} are crossed, and it has ${lots}`;
      const stop = this.book
        .liveOn(instrument, 'protective')
        .find(({ intent, leftLots }) => intent.strategy === strategy && leftLots > lots - quantityLots);
      if (stop !== undefined) return `${trade} is crossed while its stop ${stop.intent.clientId} may fire`;
      const closing = [
        ...this.book.liveOn(instrument, 'exit').filter(({ intent }) => intent.strategy === strategy),
        ...this.book.liveOn(instrument, 'close'),
      ];
      const onTheWay = closing.reduce((sum, { leftLots }) => sum + leftLots, 0);
      if (onTheWay > lots - quantityLots) return `${trade} is crossed, and an order closes it as well`;
    }
    const quote = view().quotes.find((one) => one.instrument === instrument);
    const mid = quote === undefined ? null : Math.floor((quote.bidTicks + quote.askTicks) / 2);
    return priceTicks === mid ? null : `crossed at ${priceTicks}, and the mid is ${mid}`;
  }

  #untold(): string | null {
    const [ended] = this.#ended;
    this.#ended = [];
    return ended === undefined
      ? null
      : `a trade of ${ended.owner} in ${ended.instrument} was closed, and nothing told of it`;
  }

  #compare(told: Extract<EngineRecord, { readonly type: 'trade.closed' }>): string | null {
    const ended = this.#ended.shift();
    if (ended === undefined || ended.owner !== told.strategy || ended.instrument !== told.instrument)
      return `the trade ${told.trade} of ${told.strategy} is told of, and that of ${ended?.owner ?? 'nobody'} ended`;
    const result = formatUnits(ended.result);
    return Number(told.result) === Number(result)
      ? null
      : `the trade ${told.trade} came to ${told.result}, its fills to ${result}`;
  }

  #take(record: EngineRecord): void {
    if (record.type === 'order.intended') this.#orders.set(record.order.clientId, record.order);
    if (record.type === 'fill') {
      const { instrument, side, quantityLots, clientId, priceTicks, rate, fee } = record.fill;
      const lots = side === 'buy' ? quantityLots : -quantityLots;
      const held: OwnLots = new Map([...this.#of(instrument)].map(([owner, trade]) => [owner, trade.lots]));
      let [feeLeft, lotsLeft] = [BigInt(fee), BigInt(quantityLots)];
      for (const [owner, signedLots] of sharesOf(held, lots, this.#orders.get(clientId))) {
        const size = BigInt(Math.abs(signedLots));
        const part = size === lotsLeft ? feeLeft : share(feeLeft, size, lotsLeft);
        this.#trade({ instrument, owner, signedLots, priceTicks, rate, fee: part });
        feeLeft -= part;
        lotsLeft -= size;
      }
    }
    if (record.type === 'position.adopted') {
      const { instrument, quantityLots, priceTicks, rate } = record;
      const ours = [...this.#of(instrument).values()].reduce((sum, { lots }) => sum + lots, 0);
      const signedLots = quantityLots - ours;
      if (signedLots !== 0) this.#trade({ instrument, owner: NOBODY, signedLots, priceTicks, rate, fee: 0n });
    }
    if (record.type === 'trades.crossed') {
      const { instrument, quantityLots, priceTicks, rate, seller, buyer } = record;
      const free = { instrument, priceTicks, rate, fee: 0n };
      this.#trade({ ...free, owner: seller.strategy, signedLots: -quantityLots });
      this.#trade({ ...free, owner: buyer.strategy, signedLots: quantityLots });
    }
  }

  #trade({ instrument, owner, signedLots, priceTicks, rate, fee }: Traded): void {
    const trades = this.#of(instrument);
    const trade = trades.get(owner) ?? { lots: 0, cost: 0n, result: 0n };
    const worth = (lots: number): bigint =>
      BigInt(lots) * BigInt(priceTicks) * BigInt(this.scenario.instruments[instrument]!.moneyPerTickLot);
    const reduces = trade.lots !== 0 && trade.lots > 0 !== signedLots > 0;
    const out = reduces ? Math.sign(trade.lots) * Math.min(Math.abs(signedLots), Math.abs(trade.lots)) : 0;
    trade.result -= fee;
    if (out !== 0) {
      const cost = share(trade.cost, BigInt(Math.abs(out)), BigInt(Math.abs(trade.lots)));
      trade.result += converted(worth(out) - cost, rate);
      trade.lots -= out;
      trade.cost -= cost;
    }
    if (reduces && trade.lots === 0) {
      trades.delete(owner);
      this.#ended.push({ owner, instrument, result: trade.result });
    }
    const opening = signedLots + out;
    if (opening === 0) return;
    const open = trades.get(owner) ?? (reduces ? { lots: 0, cost: 0n, result: 0n } : trade);
    open.lots += opening;
    open.cost += worth(opening);
    trades.set(owner, open);
  }

  #of(instrument: number): Map<string, Trade> {
    const trades = this.#trades.get(instrument) ?? new Map<string, Trade>();
    this.#trades.set(instrument, trades);
    return trades;
  }
}
