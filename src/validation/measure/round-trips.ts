/** Trades as a person counts them: from flat to flat again, with every fee. */
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { mulDiv } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';

export interface RoundTrip {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly openedMs: number;
  readonly closedMs: number;
  /** Most lots that were held at a time. */
  readonly quantityLots: number;
  /** Of the first and of the last fill, ticks. */
  readonly entryTicks: number;
  readonly exitTicks: number;
  /** Money units, fees taken off. */
  readonly profit: number;
  readonly fees: number;
}

interface OpenTrip {
  readonly side: 'long' | 'short';
  readonly openedMs: number;
  readonly entryTicks: number;
  lots: number;
  mostLots: number;
  profit: number;
  fees: number;
}

export class RoundTrips {
  readonly closed: RoundTrip[] = [];
  readonly #open = new Map<InstrumentId, OpenTrip>();

  constructor(readonly instruments: readonly Instrument[]) {}

  /** A fill that turns a position round ends one trade and begins the next; its fee is shared by quantity. */
  fill(fill: Fill): void {
    const open = this.#open.get(fill.instrument);
    const reduces = open !== undefined && (open.side === 'long') === (fill.side === 'sell');
    if (!reduces || fill.quantityLots <= open.lots) {
      this.#add(fill, fill.quantityLots, fill.fee);
      return;
    }
    const closingFee = mulDiv(fill.fee, open.lots, fill.quantityLots);
    const beyond = fill.quantityLots - open.lots;
    this.#add(fill, open.lots, closingFee);
    this.#add(fill, beyond, fill.fee - closingFee);
  }

  #add(fill: Fill, lots: number, fee: number): void {
    const { instrument: at, side, priceTicks, marketMs } = fill;
    const trip = this.#open.get(at) ?? begin(fill);
    this.#open.set(at, trip);
    const opens = (trip.side === 'long') === (side === 'buy');
    const value = priceTicks * lots * (this.instruments[at]?.moneyPerTickLot ?? 0);
    trip.lots += opens ? lots : -lots;
    trip.mostLots = Math.max(trip.mostLots, trip.lots);
    trip.fees += fee;
    trip.profit += (side === 'buy' ? -value : value) - fee;
    if (trip.lots > 0) return;
    this.#open.delete(at);
    const { openedMs, entryTicks, mostLots: quantityLots, profit, fees } = trip;
    const symbol = this.instruments[at]?.symbol ?? '?';
    const times = { openedMs, closedMs: marketMs, entryTicks, exitTicks: priceTicks };
    this.closed.push({ symbol, side: trip.side, ...times, quantityLots, profit, fees });
  }
}

function begin({ side, marketMs, priceTicks }: Fill): OpenTrip {
  return {
    side: side === 'buy' ? 'long' : 'short',
    openedMs: marketMs,
    entryTicks: priceTicks,
    lots: 0,
    mostLots: 0,
    profit: 0,
    fees: 0,
  };
}
