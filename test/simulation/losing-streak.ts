/** Round trips of the strategy, counted a second time from records alone. */
import { parseUnits } from '../../src/domain/money.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { Scenario } from './scenario.js';
import { SecondBook } from './second-book.js';
import { isTradableAt } from './tradable.js';

export class LosingStreak {
  /** In a row since the last gain, or since the strategy was switched on; 0 where somebody else traded too. */
  losses = 0;
  readonly #ours = new Set<string>();
  readonly #book: SecondBook;
  /** Where positions were adopted or traded by strangers, no trip is one of ours alone. */
  #blurred = false;
  /** Of legs that are closed while others of theirs are held. */
  #legs = 0n;

  constructor(private readonly scenario: Scenario) {
    this.#book = new SecondBook(scenario.instruments, scenario.startingCash);
  }

  restart(): void {
    this.#ours.clear();
    this.#book.restart([]);
    this.losses = 0;
    this.#legs = 0n;
    this.#blurred = false;
  }

  follow(record: EngineRecord): void {
    this.#book.follow(record);
    if (record.type === 'order.intended') this.#ours.add(record.order.clientId);
    if (record.type === 'strategy.toggled' && record.enabled) this.losses = 0;
    if (record.type === 'position.adopted' || record.type === 'coins.claimed') this.#blur();
    if (record.type === 'fill' && !this.#ours.has(record.fill.clientId)) this.#blur();
    if (this.#blurred) return;
    for (const { owner, instrument, result: ofTrip } of this.#book.ended) {
      // An entry that the journal forgot and the venue showed again is of no strategy.
      if (owner === 'fermata') continue;
      const result = ofTrip + this.#legs;
      const isLast = !this.scenario.legs || !this.#holdsAnother(owner, instrument);
      this.#legs = isLast ? 0n : result;
      if (!isLast) continue;
      if (result < 0n) this.losses += 1;
      else if (result > 0n) this.losses = 0;
    }
  }

  /** What is traded as one ends with the last leg that an order could still close. */
  #holdsAnother(owner: string, closed: number): boolean {
    return this.scenario.instruments.some((traded, at) => {
      const { coins, cost, owner: by } = this.#book.holdings[at]!;
      const lots = this.#book.lots(at);
      if (at === closed || by !== owner || lots === 0) return false;
      const ticks = Number(cost * parseUnits(traded.lotSize)) / Number(coins) / traded.moneyPerTickLot;
      return isTradableAt(traded, Math.abs(lots), ticks);
    });
  }

  #blur(): void {
    this.#blurred = true;
    this.losses = 0;
  }
}
