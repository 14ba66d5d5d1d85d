/**
 * Equity including open results, computed from fills and prices alone. It is independent of the engine's own figure,
 * with which it is compared at the end. Money units.
 */
import { type BookSteps, type Scales, scalesFor, stepsOf } from '../../domain/book-steps.js';
import { splitPrice, splitShares } from '../../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { readUnits, type Units, type WrittenUnits } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';
import { VALUE, type ValueRule } from '../../domain/value.js';
import type { EngineRecord } from '../../engine/record.js';
import { keptCoins } from './coin-books.js';

export class EquityMeter {
  /**
   * Cash as if every fill had been paid in full: right for spot, and for contracts together with their full value.
   * Exact, in units of the desk's books, which may be finer than money units; and rounded to these.
   */
  #exact: Units;
  #funds: number;
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
    this.#coins = instruments.map(() => 0n);
    this.#scales = scalesFor(instruments, new Map());
    this.#steps = instruments.map((instrument) => stepsOf(instrument, this.#scales));
    this.#worths = instruments.map(() => 0);
    this.#rules = instruments.map(({ kind }) => VALUE[kind]);
    this.#bids = instruments.map(() => 0);
    this.#asks = instruments.map(() => 0);
    this.#exact = BigInt(startingCash) * this.#perMoney;
    this.#funds = startingCash;
  }

  get equity(): number {
    return this.#funds + this.#worth;
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
    this.#pay(rule.cost(steps.perTickLot, sign * quantityLots, priceTicks));
    if (kept === 0n) this.feeValued(fee);
    this.#coins[at] = (this.#coins[at] ?? 0n) + BigInt(sign * quantityLots) * steps.perLot - kept;
    this.#value(at);
  }

  /** Shares became others; what no lot can hold was paid out. */
  split(record: Extract<EngineRecord, { readonly type: 'split' }>): void {
    const { instrument: at, inLieu } = record;
    const steps = this.#steps[at];
    if (steps === undefined) return;
    this.#coins[at] = splitShares(this.#coins[at] ?? 0n, record, steps).lots * steps.perLot;
    this.received(inLieu);
    if ((this.#bids[at] ?? 0) > 0) {
      this.#bids[at] = splitPrice(this.#bids[at] as number, record);
      this.#asks[at] = splitPrice(this.#asks[at] as number, record);
    }
    this.#value(at);
  }

  /** Cash that came, or went, without a trade. */
  received(amount: WrittenUnits): void {
    this.#pay(-readUnits(amount) * this.#perMoney);
  }

  /** Subtracts a fee in another asset once its value is known. */
  feeValued(fee: number): void {
    this.#pay(BigInt(fee) * this.#perMoney);
  }

  #pay(units: Units): void {
    this.#exact -= units;
    this.#funds = Math.round(Number(this.#exact) / Number(this.#perMoney));
  }

  /** All instruments settle in the desk's currency, so they share its scale. */
  get #perMoney(): Units {
    return this.#steps[0]?.perMoney ?? 1n;
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
