/** Cash, coins, their cost and what was realised, to the last unit: worked out a second time, from records alone. */
import type { Instrument } from '../../src/domain/instrument.js';
import { parseUnits } from '../../src/domain/money.js';
import type { Fill } from '../../src/domain/order.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { converted, share } from './rates.js';

export interface Holding {
  /** Units of 1e-8 coins, signed. */
  coins: bigint;
  /** Money units that they cost, signed like them; of the quote currency. */
  cost: bigint;
  owner: string;
  /** Result so far of the trip that is open. */
  trip: bigint;
}

export interface EndedTrip {
  readonly owner: string;
  readonly instrument: number;
  readonly result: bigint;
}

interface Change {
  readonly instrument: number;
  readonly signedLots: bigint;
  readonly priceTicks: number;
  /** By which its result becomes money of the desk; undefined: it is that. */
  readonly rate: number | undefined;
  readonly owner: string;
}

export class SecondBook {
  holdings: Holding[] = [];
  cash = 0n;
  /** Worth of fees that were paid from a stock. */
  feesElsewhere = 0n;
  /** Fees that nobody could value so far. */
  unvalued = 0;
  /** Cash in and out that is no result. */
  capital = 0n;
  /** Of closed round trips, by strategy and instrument. */
  results = new Map<string, bigint>();
  /** By the last record. */
  ended: EndedTrip[] = [];
  readonly #owners = new Map<string, string>();
  /** Units of 1e-8 coins in one lot, by instrument. */
  readonly #lots: readonly bigint[];

  constructor(
    private readonly instruments: readonly Instrument[],
    private readonly startingCash: number,
  ) {
    this.#lots = instruments.map(({ lotSize }) => parseUnits(lotSize));
    this.restart([]);
  }

  /** A new process knows only what the disk kept. */
  restart(records: readonly EngineRecord[]): void {
    this.holdings = this.instruments.map(() => ({ coins: 0n, cost: 0n, owner: 'fermata', trip: 0n }));
    this.cash = BigInt(this.startingCash);
    this.feesElsewhere = 0n;
    this.unvalued = 0;
    this.capital = 0n;
    this.results = new Map();
    this.#owners.clear();
    for (const record of records) this.follow(record);
  }

  /** Whole lots, signed. */
  lots(instrument: number): number {
    return Number(this.holdings[instrument]!.coins / this.#lot(instrument));
  }

  /** Cash and what is held, at these prices: what is long at the bid, what is short at what buying it back costs. */
  equity(
    ticks: (instrument: number, isLong: boolean) => number,
    rate: (instrument: number) => number,
  ): number {
    let equity = Number(this.cash - this.feesElsewhere);
    this.holdings.forEach(({ coins, cost }, at) => {
      const { moneyPerTickLot, kind } = this.instruments[at]!;
      const worth = (Number(coins) / Number(this.#lot(at))) * ticks(at, coins > 0n) * moneyPerTickLot;
      if (coins !== 0n) equity += (kind === 'spot' ? worth : worth - Number(cost)) * rate(at);
    });
    return equity;
  }

  follow(record: EngineRecord): void {
    this.ended = [];
    switch (record.type) {
      case 'order.intended':
        this.#owners.set(record.order.clientId, record.order.strategy);
        return;
      case 'fill':
        this.#fill(record.fill);
        return;
      case 'cash':
        this.cash += BigInt(record.amount);
        if (isNoResult(record.kind)) this.capital += BigInt(record.amount);
        return;
      case 'fee.valued': {
        this.unvalued -= 1;
        this.feesElsewhere += BigInt(record.fee);
        const key = `${record.strategy}/${record.instrument}`;
        this.results.set(key, (this.results.get(key) ?? 0n) - BigInt(record.fee));
        return;
      }
      case 'position.adopted': {
        const { instrument, quantityLots, priceTicks, rate } = record;
        const signedLots = BigInt(quantityLots - this.lots(instrument));
        if (signedLots !== 0n) this.#change({ instrument, signedLots, priceTicks, rate, owner: 'fermata' });
        return;
      }
      case 'coins.claimed': {
        const instrument = this.instruments.findIndex(({ symbol }) => symbol === record.symbol);
        const signedLots = BigInt(record.quantityLots);
        const cash = this.cash;
        const { costTicks: priceTicks } = record;
        this.#change({ instrument, signedLots, priceTicks, rate: undefined, owner: 'fermata' });
        this.cash = cash;
        return;
      }
      default:
        return;
    }
  }

  #fill({ instrument, side, quantityLots, priceTicks, rate, fee, feeIn, clientId }: Fill): void {
    const held = this.holdings[instrument]!;
    const isBase = feeIn?.asset === this.instruments[instrument]!.base;
    const paidInCoins = feeIn !== undefined && isBase && side === 'buy';
    const signedLots = BigInt(side === 'buy' ? quantityLots : -quantityLots);
    if (feeIn?.unvalued === true) this.unvalued += 1;
    held.trip -= BigInt(fee);
    const owner = this.#owners.get(clientId) ?? 'fermata';
    this.#change({ instrument, signedLots, priceTicks, rate, owner });
    if (feeIn === undefined) this.cash -= BigInt(fee);
    else if (!paidInCoins) this.feesElsewhere += BigInt(fee);
    else {
      const kept = parseUnits(feeIn.amount);
      const own = held.coins < 0n ? 0n : least(held.coins, kept);
      const cost = own === 0n ? 0n : share(held.cost, own, held.coins);
      // What is not there is owed: sold at this price, to pay the fee.
      const owed = share(BigInt(fee), kept - own, kept);
      const wasOpen = this.lots(instrument) !== 0;
      held.coins -= kept;
      held.cost -= cost + owed;
      held.trip += BigInt(fee) - cost - owed;
      if (wasOpen && this.lots(instrument) === 0) this.#endTrip(instrument, held);
    }
  }

  #change({ instrument, signedLots, priceTicks, rate, owner }: Change): void {
    const held = this.holdings[instrument]!;
    const lot = this.#lot(instrument);
    const perLot = BigInt(priceTicks) * BigInt(this.instruments[instrument]!.moneyPerTickLot);
    const lots = BigInt(this.lots(instrument));
    const reduces = lots !== 0n && lots > 0n !== signedLots > 0n;
    const out = reduces ? least(size(signedLots), size(lots)) : 0n;
    let gained = 0n;
    if (out > 0n) {
      const signedOut = lots > 0n ? out : -out;
      const cost = share(held.cost, out * lot, size(held.coins));
      gained = converted(signedOut * perLot - cost, rate);
      held.coins -= signedOut * lot;
      held.cost -= cost;
      held.trip += gained;
      if (this.lots(instrument) === 0) this.#endTrip(instrument, held);
    }
    const opening = signedLots > 0n ? signedLots - out : signedLots + out;
    if (opening !== 0n) {
      if (this.lots(instrument) === 0) held.owner = owner;
      held.coins += opening * lot;
      held.cost += opening * perLot;
    }
    this.cash += this.instruments[instrument]!.kind === 'spot' ? -signedLots * perLot : gained;
  }

  #endTrip(instrument: number, held: Holding): void {
    const key = `${held.owner}/${instrument}`;
    this.results.set(key, (this.results.get(key) ?? 0n) + held.trip);
    this.ended.push({ owner: held.owner, instrument, result: held.trip });
    held.trip = 0n;
  }

  #lot(instrument: number): bigint {
    return this.#lots[instrument]!;
  }
}

/** Said a second time: what comes in and goes out is neither profit nor loss. */
export function isNoResult(kind: string): boolean {
  return kind === 'deposit' || kind === 'withdrawal' || kind === 'correction';
}

const size = (value: bigint): bigint => (value < 0n ? -value : value);
const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);
