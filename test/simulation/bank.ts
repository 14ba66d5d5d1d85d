/** What comes into the account and leaves it without a trade. Some of it the venue lists; the rest a person has to explain. */
import { formatUnits, parseUnits } from '../../src/domain/money.js';
import type { CashMovement } from '../../src/venue/port.js';
import type { Random } from './random.js';

/** Of these, one at a time: no more than a tenth of what the desk begins with. */
const MOST_USDT = 900;

export class Bank {
  /** Money units that the account has beside what it traded. */
  cash = 0n;
  readonly #listed: CashMovement[] = [];
  #movements = 0;

  constructor(private readonly random: Random) {}

  /** By its name. */
  move(marketMs: number): string {
    this.#movements += 1;
    const isIn = this.random.chance(0.5);
    const size = parseUnits(`${this.random.whole(1, MOST_USDT)}.${this.random.whole(10, 99)}`);
    const units = isIn ? size : -size;
    this.cash += units;
    const kind = isIn ? 'deposit' : 'withdrawal';
    if (this.random.chance(0.4)) return `unlisted ${kind}`;
    this.#listed.push({
      id: `m${this.#movements}`,
      kind: this.random.chance(0.3) ? 'transfer' : kind,
      asset: 'USDT',
      amount: formatUnits(units),
      marketMs,
      source: 'simulated',
    });
    return kind;
  }

  listedSince(sinceMs: number): readonly CashMovement[] {
    return this.#listed.filter(({ marketMs }) => marketMs >= sinceMs);
  }

  /** Null: the venue never listed it. */
  listed(id: string): CashMovement | null {
    return this.#listed.find((movement) => movement.id === id) ?? null;
  }
}
