/** Positions, their cost, what was realised, and cash: worked out a second time, from fills alone. */
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { Scenario } from '../scenario.js';
import type { Moment, Watcher } from '../watcher.js';

/** Money units that rounding may make of it in a whole run. */
const ROUNDING_UNITS = 1_000;
/** Adopted within this part of the newest price. */
const ADOPTED_WITHIN = 0.05;

interface Holding {
  lots: number;
  /** Of the open lots, signed like them. */
  cost: number;
  owner: string;
  trip: number;
}

interface Change {
  readonly instrument: number;
  readonly signedLots: number;
  readonly priceTicks: number;
  readonly fee: number;
  readonly owner: string;
}

export class Results implements Watcher {
  #holdings: Holding[] = [];
  #cash = 0;
  /** Of closed round trips, by strategy and instrument. */
  #results = new Map<string, number>();
  readonly #owners = new Map<string, string>();
  readonly #bids = new Map<number, number>();

  constructor(private readonly scenario: Scenario) {
    this.#clear();
  }

  restarted(records: readonly EngineRecord[]): void {
    this.#clear();
    this.#owners.clear();
    for (const record of records) this.#follow(record);
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'quote') this.#bids.set(event.instrument, event.bidTicks);
  }

  recorded(record: EngineRecord): string | null {
    this.#follow(record);
    if (record.type !== 'position.adopted') return null;
    const { instrument, priceTicks } = record;
    const bid = this.#bids.get(instrument);
    if (bid === undefined || Math.abs(priceTicks - bid) <= bid * ADOPTED_WITHIN) return null;
    return `a position in ${instrument} was adopted at ${priceTicks}, the market is at ${bid}`;
  }

  lookedClosely({ view }: Moment): string | null {
    const { cash, positions, strategies } = view();
    if (this.#differ(cash, this.#cash)) return `cash is ${cash}, its fills come to ${this.#cash}`;
    for (const { instrument, quantityLots, averageTicks } of positions) {
      const { lots, cost } = this.#holdings[instrument]!;
      const ours = cost / (lots * this.#perTickLot(instrument));
      if (lots !== quantityLots || Math.abs(ours - averageTicks) > 0.01)
        return `${quantityLots} lots at ${averageTicks} in ${instrument}: their fills come to ${lots} at ${ours}`;
    }
    for (const { name, instrument, realised } of strategies) {
      const ours = this.#results.get(`${name}/${instrument}`) ?? 0;
      if (this.#differ(realised, ours))
        return `${name} realised ${realised} in ${instrument}, its fills come to ${ours}`;
    }
    return null;
  }

  #follow(record: EngineRecord): void {
    if (record.type === 'order.intended') this.#owners.set(record.order.clientId, record.order.strategy);
    else if (record.type === 'fill') {
      const { instrument, side, quantityLots, priceTicks, fee, clientId } = record.fill;
      const signedLots = side === 'buy' ? quantityLots : -quantityLots;
      const owner = this.#owners.get(clientId) ?? 'fermata';
      this.#change({ instrument, signedLots, priceTicks, fee, owner });
    } else if (record.type === 'cash') {
      this.#cash += Number(record.amount);
    } else if (record.type === 'position.adopted') {
      const { instrument, quantityLots, priceTicks } = record;
      const signedLots = quantityLots - this.#holdings[instrument]!.lots;
      if (signedLots !== 0) this.#change({ instrument, signedLots, priceTicks, fee: 0, owner: 'fermata' });
    }
  }

  #change({ instrument, signedLots, priceTicks, fee, owner }: Change): void {
    const held = this.#holdings[instrument]!;
    const perLot = priceTicks * this.#perTickLot(instrument);
    const reducing = held.lots * signedLots < 0 ? Math.min(Math.abs(signedLots), Math.abs(held.lots)) : 0;
    let gained = 0;
    held.trip -= fee;
    if (reducing > 0) {
      const signedOut = Math.sign(held.lots) * reducing;
      const costOut = (held.cost * reducing) / Math.abs(held.lots);
      gained = signedOut * perLot - costOut;
      held.lots -= signedOut;
      held.cost -= costOut;
      held.trip += gained;
      if (held.lots === 0) this.#endTrip(instrument, held);
    }
    const opening = signedLots + (reducing > 0 ? -Math.sign(signedLots) * reducing : 0);
    if (opening !== 0) {
      if (held.lots === 0) held.owner = owner;
      held.lots += opening;
      held.cost += opening * perLot;
    }
    const spot = this.scenario.instruments[instrument]!.kind === 'spot';
    this.#cash += (spot ? -signedLots * perLot : gained) - fee;
  }

  #endTrip(instrument: number, held: Holding): void {
    const key = `${held.owner}/${instrument}`;
    this.#results.set(key, (this.#results.get(key) ?? 0) + held.trip);
    held.trip = 0;
    held.cost = 0;
  }

  #differ(one: number, other: number): boolean {
    return Math.abs(one - other) > ROUNDING_UNITS;
  }

  #perTickLot(instrument: number): number {
    return this.scenario.instruments[instrument]!.moneyPerTickLot;
  }

  #clear(): void {
    this.#holdings = this.scenario.instruments.map(() => ({ lots: 0, cost: 0, owner: 'fermata', trip: 0 }));
    this.#cash = this.scenario.startingCash;
    this.#results = new Map();
  }
}
