/**
 * Equity including open results, computed from fills and prices alone. It is independent of the engine's own figure,
 * with which it is compared at the end. Money units.
 */
import { type BookSteps, type Scales, scalesFor, stepsOf } from '../../domain/book-steps.js';
import { splitPrice, splitShares } from '../../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { Units } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';
import { VALUE, type ValueRule } from '../../domain/value.js';
import type { EngineRecord } from '../../engine/record.js';
import { keptCoins } from './coin-books.js';

export class EquityMeter {
  /**
   * Cash as if every fill had been paid in full: right for spot, and for contracts together with their full value.
   */
  #paid: number;
  /** The same for contracts that are paid in the coin: exact, in its books' units, and rounded to money units. */
  #inCoin: Units = 0n;
  #paidInCoin = 0;
  #worth = 0;
  /** Units of the coin: a fee in coins leaves some below a lot. */
  readonly #coins: Units[];
  readonly #scales: Scales;
  readonly #steps: readonly BookSteps[];
  readonly #worths: number[];
  readonly #rules: readonly ValueRule[];
  readonly #bids: number[];
  readonly #asks: number[];

  constructor(
    readonly instruments: readonly Instrument[],
    startingCash: number,
  ) {
    this.#paid = startingCash;
    this.#coins = instruments.map(() => 0n);
    this.#scales = scalesFor(instruments, new Map());
    this.#steps = instruments.map((instrument) => stepsOf(instrument, this.#scales));
    this.#worths = instruments.map(() => 0);
    this.#rules = instruments.map(({ kind }) => VALUE[kind]);
    this.#bids = instruments.map(() => 0);
    this.#asks = instruments.map(() => 0);
  }

  get equity(): number {
    return this.#paid - this.#paidInCoin + this.#worth;
  }

  /** True if the equity changed. */
  quote(at: InstrumentId, bidTicks: number, askTicks: number): boolean {
    this.#bids[at] = bidTicks;
    this.#asks[at] = askTicks;
    if (this.#coins[at] === 0n) return false;
    this.#value(at);
    return true;
  }

  fill(fill: Fill): void {
    const { instrument: at, side, quantityLots, priceTicks, fee } = fill;
    const steps = this.#steps[at];
    const rule = this.#rules[at];
    if (steps === undefined || rule === undefined) return;
    const sign = side === 'buy' ? 1 : -1;
    const kept = keptCoins(steps, this.#scales, fill);
    if (rule.settles === 'base') {
      this.#inCoin += rule.cost(steps.perTickLot, sign * quantityLots, priceTicks);
      this.#paidInCoin = Math.round(Number(this.#inCoin) / Number(steps.perMoney));
      this.#paid -= fee;
    } else {
      this.#paid -= sign * priceTicks * quantityLots * this.#perTickLot(at) + (kept === 0n ? fee : 0);
    }
    this.#coins[at] = (this.#coins[at] ?? 0n) + BigInt(sign * quantityLots) * steps.perLot - kept;
    this.#value(at);
  }

  /** Shares became others; what no lot can hold was paid out. */
  split(record: Extract<EngineRecord, { readonly type: 'split' }>): void {
    const { instrument: at, inLieu } = record;
    const steps = this.#steps[at];
    if (steps === undefined) return;
    this.#coins[at] = splitShares(this.#coins[at] ?? 0n, record, steps).lots * steps.perLot;
    this.#paid += Number(inLieu);
    if ((this.#bids[at] ?? 0) > 0) {
      this.#bids[at] = splitPrice(this.#bids[at] as number, record);
      this.#asks[at] = splitPrice(this.#asks[at] as number, record);
    }
    this.#value(at);
  }

  /** Cash that came without a trade. */
  paid(amount: number): void {
    this.#paid += amount;
  }

  /** Subtracts a fee in another asset once its value is known. */
  feeValued(fee: number): void {
    this.#paid -= fee;
  }

  /** A long position is worth what selling it brings; a short one costs what buying it back costs. */
  #value(at: InstrumentId): void {
    const lots = Number(this.#coins[at] ?? 0n) / Number(this.#steps[at]?.perLot ?? 1n);
    const mark = (lots > 0 ? this.#bids[at] : this.#asks[at]) ?? 0;
    const now = this.#rules[at]?.worth(lots, mark, this.#perTickLot(at)) ?? 0;
    this.#worth += now - (this.#worths[at] ?? 0);
    this.#worths[at] = now;
  }

  #perTickLot(at: InstrumentId): number {
    return this.instruments[at]?.moneyPerTickLot ?? 0;
  }
}
