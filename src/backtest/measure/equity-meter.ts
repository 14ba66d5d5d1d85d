/**
 * Equity including open results, in money units, computed from prices, fills and other cash movements. It is
 * independent of the engine's own figure and compared with it at the end.
 */
import { type BookSteps, type Scales, scalesFor, stepsOf } from '../../domain/book-steps.js';
import { splitPrice, splitShares } from '../../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { mulDivUnits, readUnits, type Units, type WrittenUnits } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';
import { convertedUnits, rateAt, VALUE, type ValueRule } from '../../domain/value.js';
import type { EngineRecord } from '../../engine/record.js';
import { keptCoins } from './coin-books.js';

export class EquityMeter {
  /**
   * Cash as if every fill had been paid in full: right for spot, and for contracts together with their full
   * value. If results are converted, only results and fees move it, and `#costs` has the cost of the
   * position. `#exact` is in units of the desk's books, which may be finer than money units; `#funds` is
   * rounded to money units.
   */
  #exact: Units;
  #funds: number;
  #worth = 0;
  /** In units of the coin: a fee in coins leaves a remainder below one lot. */
  readonly #coins: Units[];
  /** The same in lots, for marking them at each price. */
  readonly #lots: number[];
  readonly #scales: Scales;
  readonly #steps: readonly BookSteps[];
  readonly #worths: number[];
  readonly #rules: readonly ValueRule[];
  readonly #bids: number[];
  readonly #asks: number[];
  readonly #costs: Units[];
  /** By instrument: the instruments whose worth depends on its price. */
  readonly #marks: readonly (readonly InstrumentId[])[];

  constructor(
    readonly instruments: readonly Instrument[],
    startingCash: number,
  ) {
    this.#coins = instruments.map(() => 0n);
    this.#lots = instruments.map(() => 0);
    this.#scales = scalesFor(instruments, new Map());
    this.#steps = instruments.map((instrument) => stepsOf(instrument, this.#scales));
    this.#worths = instruments.map(() => 0);
    this.#rules = instruments.map(({ kind }) => VALUE[kind]);
    this.#bids = instruments.map(() => 0);
    this.#asks = instruments.map(() => 0);
    this.#costs = instruments.map(() => 0n);
    this.#marks = instruments.map(({ id: at }) =>
      instruments.filter(({ id, conversion }) => id === at || conversion?.by === at).map(({ id }) => id),
    );
    this.#exact = BigInt(startingCash) * this.#perMoney;
    this.#funds = startingCash;
  }

  get equity(): number {
    return this.#funds + this.#worth;
  }

  /** True if a position was marked anew. */
  quote(at: InstrumentId, bidTicks: number, askTicks: number): boolean {
    this.#bids[at] = bidTicks;
    this.#asks[at] = askTicks;
    let changed = false;
    for (const id of this.#marks[at] ?? []) {
      if (this.#lots[id] === 0) continue;
      this.#value(id);
      changed = true;
    }
    return changed;
  }

  fill(fill: Fill): void {
    const { instrument: at, side, quantityLots, priceTicks, fee } = fill;
    const steps = this.#steps[at];
    const rule = this.#rules[at];
    if (steps === undefined || rule === undefined) return;
    const sign = side === 'buy' ? 1 : -1;
    const kept = keptCoins(steps, this.#scales, fill);
    const cost = rule.cost(steps.perTickLot, sign * quantityLots, priceTicks);
    this.#pay(this.instruments[at]?.conversion === undefined ? cost : -this.#converted(fill, cost));
    if (kept === 0n) this.feeValued(fee);
    this.#hold(at, (this.#coins[at] ?? 0n) + BigInt(sign * quantityLots) * steps.perLot - kept);
    this.#value(at);
  }

  #hold(at: InstrumentId, coins: Units): void {
    this.#coins[at] = coins;
    this.#lots[at] = Number(coins) / Number(this.#steps[at]?.perLot ?? 1n);
  }

  /** Result of what the fill closes, in the desk's currency; its remaining cost joins the position's. */
  #converted({ instrument: at, quantityLots, rate }: Fill, cost: Units): Units {
    const held = (this.#coins[at] ?? 0n) / (this.#steps[at]?.perLot ?? 1n);
    const lots = BigInt(quantityLots);
    const size = held < 0n ? -held : held;
    const closing = held === 0n || held < 0n === cost < 0n ? 0n : lots < size ? lots : size;
    const before = this.#costs[at] ?? 0n;
    const costOut = closing === 0n ? 0n : mulDivUnits(before, closing, size);
    const proceeds = (-cost * closing) / lots;
    this.#costs[at] = before - costOut + cost + proceeds;
    return convertedUnits(proceeds - costOut, rate);
  }

  /** Old shares became new ones; cash was paid in lieu of what no lot can hold. */
  split(record: Extract<EngineRecord, { readonly type: 'split' }>): void {
    const { instrument: at, inLieu } = record;
    const steps = this.#steps[at];
    if (steps === undefined) return;
    this.#hold(at, splitShares(this.#coins[at] ?? 0n, record, steps).lots * steps.perLot);
    this.received(inLieu);
    if ((this.#bids[at] ?? 0) > 0) {
      this.#bids[at] = splitPrice(this.#bids[at] as number, record);
      this.#asks[at] = splitPrice(this.#asks[at] as number, record);
    }
    this.#value(at);
  }

  /** Cash that came or went without a trade. */
  received(amount: WrittenUnits): void {
    this.#pay(-readUnits(amount) * this.#perMoney);
  }

  /** Subtracts a fee; one in another asset once its value is known. */
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

  /** A long position is worth the proceeds of selling it; a short one costs the price of buying it back. */
  #value(at: InstrumentId): void {
    const lots = this.#lots[at] ?? 0;
    const mark = (lots > 0 ? this.#bids[at] : this.#asks[at]) ?? 0;
    const worth = this.#rules[at]?.worth(lots, mark, this.#perTickLot(at)) ?? 0;
    const now = this.#inMoney(at, worth);
    this.#worth += now - (this.#worths[at] ?? 0);
    this.#worths[at] = now;
  }

  /** For a contract whose results are converted: its open result, 0 before the first converting price. */
  #inMoney(at: InstrumentId, worth: number): number {
    const { conversion } = this.instruments[at] ?? {};
    if (conversion === undefined) return worth;
    const [bid = 0, ask = 0] = [this.#bids[conversion.by], this.#asks[conversion.by]];
    if (bid === 0) return 0;
    const cost = Math.round(Number(this.#costs[at] ?? 0n) / Number(this.#perMoney));
    return Math.round((worth - cost) * rateAt(conversion, bid, ask));
  }

  #perTickLot(at: InstrumentId): number {
    return this.instruments[at]?.moneyPerTickLot ?? 0;
  }
}
