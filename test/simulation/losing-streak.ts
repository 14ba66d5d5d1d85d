/** Round trips of the strategy, counted a second time from fills alone. */
import type { Fill } from '../../src/domain/order.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { Scenario } from './scenario.js';

interface Trip {
  lots: number;
  /** Money paid less money received, fees included. */
  paid: number;
}

export class LosingStreak {
  /** In a row since the last gain, or since the strategy was switched on; 0 where somebody else traded too. */
  losses = 0;
  readonly #ours = new Set<string>();
  #trips = new Map<number, Trip>();
  /** Where positions were adopted or traded by strangers, no trip is one of ours alone. */
  #blurred = false;

  constructor(private readonly scenario: Scenario) {}

  restart(): void {
    this.#ours.clear();
    this.losses = 0;
    this.#trips = new Map();
    this.#blurred = false;
  }

  follow(record: EngineRecord): void {
    if (record.type === 'order.intended') this.#ours.add(record.order.clientId);
    if (record.type === 'strategy.toggled' && record.enabled) this.losses = 0;
    if (record.type === 'position.adopted') this.#blur();
    if (record.type === 'fill') this.#fill(record.fill);
  }

  #fill({ clientId, instrument, side, quantityLots, priceTicks, fee }: Fill): void {
    if (!this.#ours.has(clientId)) this.#blur();
    if (this.#blurred) return;
    const trip = this.#trips.get(instrument) ?? { lots: 0, paid: 0 };
    this.#trips.set(instrument, trip);
    const signed = side === 'buy' ? quantityLots : -quantityLots;
    const value = signed * priceTicks * this.scenario.instruments[instrument]!.moneyPerTickLot;
    // Turned round in one fill: whose money is whose is the engine's own rule.
    if (trip.lots !== 0 && Math.sign(trip.lots + signed) === -Math.sign(trip.lots)) {
      this.#blur();
      return;
    }
    trip.lots += signed;
    trip.paid += value + fee;
    if (trip.lots !== 0) return;
    if (trip.paid > 0) this.losses += 1;
    else if (trip.paid < 0) this.losses = 0;
    trip.paid = 0;
  }

  #blur(): void {
    this.#blurred = true;
    this.losses = 0;
  }
}
