/** What comes into the account and leaves it without a trade. Some of it the venue lists; the rest a person has to explain. */
import { formatUnits, parseUnits } from '../../src/domain/money.js';
import type { CashMovement } from '../../src/domain/venue.js';
import type { Random } from './random.js';

/** Of these, one at a time: no more than a tenth of what the desk begins with. */
const MOST_USDT = 900;
/** Of the cents that are drawn: below them the last amount comes once more, as wages do. */
const REPEATS_BELOW_CENTS = 50;
/** Listed as a transfer below the one, as interest from the other on. */
const TRANSFERS = 0.3;
const INTEREST = 0.85;

export class Bank {
  /** Money units that the account has beside what it traded. */
  cash = 0n;
  readonly #listed: CashMovement[] = [];
  #movements = 0;
  #last: bigint | null = null;

  constructor(private readonly random: Random) {}

  /** By its name. */
  move(marketMs: number): string {
    this.#movements += 1;
    const isIn = this.random.chance(0.5);
    const [whole, cents] = [this.random.whole(1, MOST_USDT), this.random.whole(10, 99)];
    const size = parseUnits(`${whole}.${cents}`);
    const repeats = cents < REPEATS_BELOW_CENTS ? this.#last : null;
    const units = repeats ?? (isIn ? size : -size);
    this.#last = units;
    this.cash += units;
    const kind = units > 0n ? 'deposit' : 'withdrawal';
    if (this.random.chance(0.4)) return `unlisted ${kind}`;
    const drawn = this.random.next();
    this.#listed.push({
      id: `m${this.#movements}`,
      kind: drawn < TRANSFERS ? 'transfer' : drawn < INTEREST ? kind : 'interest',
      asset: 'USDT',
      amount: formatUnits(units),
      marketMs,
      source: 'simulated',
    });
    return drawn < INTEREST ? kind : 'interest';
  }

  listedSince(sinceMs: number): readonly CashMovement[] {
    return this.#listed.filter(({ marketMs }) => marketMs >= sinceMs);
  }

  /** Null: the venue never listed it. */
  listed(id: string): CashMovement | null {
    return this.#listed.find((movement) => movement.id === id) ?? null;
  }
}
