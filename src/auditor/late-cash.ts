/**
 * Cash that differs and that the trader does not see. What came or went may first be explained by what the venue lists,
 * which the trader asks for at its next reading: only a reading of its own since then that calls itself clean is wrong.
 */

import type { TraderStatus } from '../contracts/trader-status.js';
import { formatMoney, parseMoney } from '../domain/money.js';
import type { BookReading } from './book-reading.js';

/** Money units: the trader shows cash rounded to cents at the least. */
const TOLERANCE = 1_000_000;

export class LateCash {
  #since: { readonly difference: string; readonly readAtWallMs: number | null } | null = null;

  /** It differs, and nobody can say yet whether that is wrong. */
  get isOpen(): boolean {
    return this.#since !== null;
  }

  look(
    { cash: venues }: BookReading,
    { cash, reconciliation }: Pick<TraderStatus, 'cash' | 'reconciliation'>,
  ): string[] {
    const ours = parseMoney(cash);
    if (venues === null || Math.abs(ours - venues) <= TOLERANCE) {
      this.#since = null;
      return [];
    }
    const difference = formatMoney(Math.round(venues - ours), 2);
    if (this.#since?.difference !== difference) {
      this.#since = { difference, readAtWallMs: reconciliation.atWallMs };
      return [];
    }
    // It has not looked since, or it has seen it and said so.
    if (reconciliation.atWallMs === this.#since.readAtWallMs || reconciliation.state !== 'clean') return [];
    return [`cash: the trader has ${formatMoney(ours, 2)}, the venue ${formatMoney(venues, 2)}`];
  }
}
