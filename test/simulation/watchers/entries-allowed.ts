/** Entries: none past the venue's breaker, of a strategy that is off or has lost too often, none larger than allowed. */
import type { Effect } from '../../../src/engine/effect.js';
import type { Command, EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import { LosingStreak } from '../losing-streak.js';
import { Rates } from '../rates.js';
import type { Scenario } from '../scenario.js';
import { isTradableAt } from '../tradable.js';
import type { Moment, Watcher } from '../watcher.js';

/** What is left of a purchase at the least, on spot: the fee is kept in what was bought. */
const AFTER_FEE = 0.9995;

export interface Allowed {
  readonly maxPositionSizePct: () => number;
  readonly maxConsecutiveLosses: number;
}

export class EntriesAllowed implements Watcher {
  readonly #streak: LosingStreak;
  readonly #rates: Rates;
  #breaker = 'closed';
  #mayRaise = false;

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
    private readonly allowed: Allowed,
  ) {
    this.#streak = new LosingStreak(scenario);
    this.#rates = new Rates(scenario.instruments);
  }

  restarted(records: readonly EngineRecord[]): void {
    this.#breaker = 'closed';
    this.#streak.restart();
    for (const record of records) this.#streak.follow(record);
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'venue.breaker') this.#breaker = event.state;
  }

  commanded(command: Command): void {
    this.#mayRaise = command.name === 'resize' && command.authorised;
  }

  recorded(record: EngineRecord): string | null {
    this.#streak.follow(record);
    if (record.type !== 'size.factor' || record.sizeFactorPpm <= this.book.sizeFactorPpm) return null;
    return this.#mayRaise
      ? null
      : `the size was raised to ${record.sizeFactorPpm} ppm, and nobody allowed it`;
  }

  /** Whatever halts, an entry that rests is being taken off. */
  looked(): string | null {
    if (this.book.mode === 'ACTIVE') return null;
    const resting = this.book.entries.find(({ state }) => state !== 'cancelling' && state !== 'unknown');
    return resting === undefined ? null : `entry ${resting.intent.clientId} rests while ${this.book.mode}`;
  }

  left(effect: Effect, { view }: Moment): string | null {
    if (effect.kind !== 'submit' || effect.order.purpose !== 'entry') return null;
    const { clientId, instrument, limitTicks, quantityLots, protectTicks } = effect.order;
    if (this.#breaker !== 'closed') return `entry ${clientId} left past a breaker that is ${this.#breaker}`;
    if (this.book.second.unvalued > 0) return `entry ${clientId} left while a fee has no value`;
    if (!this.book.enabled) return `entry ${clientId} left while its strategy is off`;
    const losses = this.#streak.losses;
    if (losses >= this.allowed.maxConsecutiveLosses)
      return `entry ${clientId} left after ${losses} losses in a row`;
    const traded = this.scenario.instruments[instrument]!;
    const { moneyPerTickLot } = traded;
    const leastTicks = Math.min(protectTicks ?? 0, limitTicks ?? 0);
    const leftLots = traded.kind === 'spot' ? quantityLots * AFTER_FEE : quantityLots;
    if (effect.order.side === 'buy' && !isTradableAt(traded, leftLots, leastTicks))
      return `entry ${clientId} of ${quantityLots} lots could not be protected at ${protectTicks}`;
    const resting = this.book.liveOn(instrument, 'entry');
    const lots = resting.reduce(
      (sum, entry) => sum + entry.leftLots,
      Math.abs(this.book.lots[instrument] ?? 0),
    );
    const { equity, quotes } = view();
    const bidTicks = (by: number) => quotes.find((quote) => quote.instrument === by)?.bidTicks;
    const rate = this.#rates.at(instrument, bidTicks);
    if (rate === undefined) return `entry ${clientId} left, and nobody knows what it is worth`;
    const value = lots * (limitTicks ?? 0) * moneyPerTickLot * rate;
    const most = (equity * this.allowed.maxPositionSizePct() * this.book.sizeFactorPpm) / 100_000_000;
    if (resting.length !== 1 || value <= most + 1) return null;
    return `entry ${clientId} makes a position of ${value}, ${most} are allowed at an equity of ${equity}`;
  }
}
