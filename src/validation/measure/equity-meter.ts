/**
 * Equity with open results, worked out from fills and prices alone: apart from the engine's own figure, which it is
 * compared with at the end. Money units.
 */
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { Fill } from '../../domain/order.js';

export class EquityMeter {
  /** Cash if every fill had been paid in full: right for spot, and for contracts together with their full value. */
  #paid: number;
  #worth = 0;
  readonly #lots: number[];
  readonly #worths: number[];
  readonly #bids: number[];
  readonly #asks: number[];

  constructor(
    readonly instruments: readonly Instrument[],
    startingCash: number,
  ) {
    this.#paid = startingCash;
    this.#lots = instruments.map(() => 0);
    this.#worths = instruments.map(() => 0);
    this.#bids = instruments.map(() => 0);
    this.#asks = instruments.map(() => 0);
  }

  get equity(): number {
    return this.#paid + this.#worth;
  }

  /** True where the equity changed. */
  quote(at: InstrumentId, bidTicks: number, askTicks: number): boolean {
    this.#bids[at] = bidTicks;
    this.#asks[at] = askTicks;
    if (this.#lots[at] === 0) return false;
    this.#value(at);
    return true;
  }

  fill({ instrument: at, side, quantityLots, priceTicks, fee }: Fill): void {
    const sign = side === 'buy' ? 1 : -1;
    this.#paid -= sign * priceTicks * quantityLots * this.#perTickLot(at) + fee;
    this.#lots[at] = (this.#lots[at] ?? 0) + sign * quantityLots;
    this.#value(at);
  }

  /** A long position is worth what selling it brings, a short one what buying it back costs. */
  #value(at: InstrumentId): void {
    const lots = this.#lots[at] ?? 0;
    const mark = (lots > 0 ? this.#bids[at] : this.#asks[at]) ?? 0;
    const worth = lots * mark * this.#perTickLot(at);
    this.#worth += worth - (this.#worths[at] ?? 0);
    this.#worths[at] = worth;
  }

  #perTickLot(at: InstrumentId): number {
    return this.instruments[at]?.moneyPerTickLot ?? 0;
  }
}
