/** Trades as a person counts them: from flat to flat, with every fee. What is left below a lot opens no trade. */
import { type BookSteps, type Scales, scalesFor, stepsOf } from '../../domain/book-steps.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { mulDiv, mulDivUnits, type Units } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';
import { VALUE } from '../../domain/value.js';
import { keptCoins } from './coin-books.js';

export interface RoundTrip {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly openedMs: number;
  readonly closedMs: number;
  /** Largest number of lots held at any time. */
  readonly quantityLots: number;
  /** Prices of the first and of the last fill, in ticks. */
  readonly entryTicks: number;
  readonly exitTicks: number;
  /** Money units, after fees. */
  readonly profit: number;
  readonly fees: number;
}

interface OpenTrip {
  readonly side: 'long' | 'short';
  readonly openedMs: number;
  readonly entryTicks: number;
  mostLots: number;
  /** Units of the quote currency's books. */
  profit: Units;
  fees: number;
}

/** What is held, and its cost: coins that remain after a trade keep their part of the cost. */
interface Held {
  /** Units of the coin, signed. */
  coins: Units;
  /** Units of the quote currency's books, signed like the coins. */
  cost: Units;
}

export class RoundTrips {
  readonly closed: RoundTrip[] = [];
  readonly #open = new Map<InstrumentId, OpenTrip>();
  readonly #held: readonly Held[];
  readonly #scales: Scales;
  readonly #steps: readonly BookSteps[];

  constructor(readonly instruments: readonly Instrument[]) {
    this.#scales = scalesFor(instruments, new Map());
    this.#steps = instruments.map((instrument) => stepsOf(instrument, this.#scales));
    this.#held = instruments.map(() => ({ coins: 0n, cost: 0n }));
  }

  /** A fill that reverses a position ends one trade and begins the next; its fee is split by quantity. */
  fill(fill: Fill): void {
    const lots = Math.abs(this.#lots(fill.instrument));
    const open = this.#open.get(fill.instrument);
    const reduces = open !== undefined && (open.side === 'long') === (fill.side === 'sell');
    if (!reduces || fill.quantityLots <= lots) {
      this.#add(fill, fill.quantityLots, fill.fee);
      return;
    }
    const closingFee = mulDiv(fill.fee, lots, fill.quantityLots);
    this.#add(fill, lots, closingFee);
    this.#add(fill, fill.quantityLots - lots, fill.fee - closingFee);
  }

  #add(fill: Fill, lots: number, fee: number): void {
    const { instrument: at, side, priceTicks, marketMs } = fill;
    const steps = this.#steps[at];
    if (steps === undefined) return;
    const trip = this.#open.get(at) ?? begin(fill);
    this.#open.set(at, trip);
    const opens = (trip.side === 'long') === (side === 'buy');
    const kept = keptCoins(steps, this.#scales, fill);
    trip.profit -= kept === 0n ? BigInt(fee) * steps.perMoney : 0n;
    if (opens) this.#take(at, side === 'buy' ? lots : -lots, priceTicks);
    else trip.profit += this.#leave(at, BigInt(lots) * steps.perLot, priceTicks);
    if (kept > 0n) trip.profit += this.#leave(at, kept, 0);
    trip.mostLots = Math.max(trip.mostLots, Math.abs(this.#lots(at)));
    trip.fees += fee;
    if (this.#lots(at) !== 0) return;
    this.#open.delete(at);
    const { openedMs, entryTicks, mostLots: quantityLots, fees } = trip;
    const symbol = this.instruments[at]?.symbol ?? '?';
    const profit = Number(trip.profit / steps.perMoney);
    const times = { openedMs, closedMs: marketMs, entryTicks, exitTicks: priceTicks };
    this.closed.push({ symbol, side: trip.side, ...times, quantityLots, profit, fees });
  }

  #take(at: InstrumentId, signedLots: number, priceTicks: number): void {
    const held = this.#held[at];
    const steps = this.#steps[at];
    if (held === undefined || steps === undefined) return;
    held.coins += BigInt(signedLots) * steps.perLot;
    held.cost += VALUE[steps.kind].cost(steps.perTickLot, signedLots, priceTicks);
  }

  /** Returns proceeds less cost. Coins that the venue keeps bring nothing. */
  #leave(at: InstrumentId, coins: Units, priceTicks: number): Units {
    const held = this.#held[at];
    const steps = this.#steps[at];
    if (held === undefined || steps === undefined || held.coins === 0n) return 0n;
    const signed = held.coins < 0n ? -coins : coins;
    const cost = mulDivUnits(held.cost, signed, held.coins);
    held.coins -= signed;
    held.cost -= cost;
    if (priceTicks === 0) return -cost;
    return VALUE[steps.kind].cost(steps.perTickLot, Number(signed / steps.perLot), priceTicks) - cost;
  }

  /** Whole lots. */
  #lots(at: InstrumentId): number {
    return Number((this.#held[at]?.coins ?? 0n) / (this.#steps[at]?.perLot ?? 1n));
  }
}

function begin({ side, marketMs, priceTicks }: Fill): OpenTrip {
  return {
    side: side === 'buy' ? 'long' : 'short',
    openedMs: marketMs,
    entryTicks: priceTicks,
    mostLots: 0,
    profit: 0n,
    fees: 0,
  };
}
