/** Which differences may only be late: between the venue's lists, the trader's readings and the auditor's. */
import type { TraderStatus } from '../contracts/trader-status.js';
import { parseMoney } from '../domain/money.js';
import type { BookReading } from '../venue/port.js';
import { amountsLike, roundedOff } from './own-equity.js';

type CashStatus = Pick<TraderStatus, 'cash' | 'currency' | 'reconciliation'> &
  Partial<Pick<TraderStatus, 'books'>>;

/** A fee is hardly ever so many times what it was expected to be. */
const FEE_TIMES_EXPECTED_MAX = 10;

/**
 * A cash difference that the trader does not see. The venue's lists may still explain it, for example as a
 * deposit, and the trader queries them at its next reading. So it becomes a finding only if the trader calls
 * a later reading clean.
 */
export class LateCash {
  #since: { readonly ours: number; readonly readAtWallMs: number | null } | null = null;

  /** Cash differs, and it is not known yet whether that is wrong. */
  get isOpen(): boolean {
    return this.#since !== null;
  }

  look({ cash: venues }: BookReading, { cash, currency, reconciliation, books }: CashStatus): string[] {
    const ours = parseMoney(cash);
    if (venues === null || Math.abs(ours - venues) <= roundedOff(cash, currency)) {
      this.#since = null;
      return [];
    }
    // The trader says that it does not know them yet, and for how long it may: then it reports the difference.
    const awaited = parseMoney(books?.feesAwaited ?? '0');
    const mayBeFees = Math.abs(ours - venues) <= awaited * FEE_TIMES_EXPECTED_MAX;
    if (this.#since?.ours !== ours || mayBeFees) {
      this.#since = { ours, readAtWallMs: reconciliation.atWallMs };
      return [];
    }
    // The trader has not read the account since, or it has seen the difference and reported it.
    if (reconciliation.atWallMs === this.#since.readAtWallMs || reconciliation.state !== 'clean') return [];
    const amount = amountsLike(cash, currency);
    return [`cash: the trader has ${amount(ours)}, the venue ${amount(venues)}`];
  }
}

/** How long the trader itself lets a list of positions lag behind the list of fills. */
const LISTED_LATE_MS = 15_000;

/** What the trader held recently: a list at the venue may still show it. */
export class HeldLately {
  #statuses: { readonly atMs: number; readonly status: Pick<TraderStatus, 'positions' | 'dust'> }[] = [];

  constructor(private readonly nowMs: () => number) {}

  note({ positions, dust }: Pick<TraderStatus, 'positions' | 'dust'>): void {
    const atMs = this.nowMs();
    this.#statuses = this.#statuses.filter((one) => atMs - one.atMs < LISTED_LATE_MS);
    this.#statuses.push({ atMs, status: { positions, dust } });
  }

  some(agrees: (status: Pick<TraderStatus, 'positions' | 'dust'>) => boolean): boolean {
    return this.#statuses.some(({ status }) => agrees(status));
  }
}

export interface BookDifference {
  /** A symbol, or `cash`. */
  readonly what: string;
  /** What the trader has. */
  readonly ours: number;
  readonly text: string;
}

/** By then the venue's list would have caught up, too. */
const APART_MAX_MS = 30_000;

/**
 * Notices a position or cash that differs in another way at each audit, so that no difference is found twice, while the
 * trader's own figure stays: it sees nothing of what happens there.
 */
export class BooksApart {
  #apart: ReadonlyMap<string, { readonly ours: number; readonly sinceMs: number }> = new Map();
  #before = '';

  constructor(private readonly nowMs: () => number) {}

  /** What has differed for too long; nothing if all is as it was at the last audit. */
  look(differences: readonly BookDifference[]): readonly string[] {
    const nowMs = this.nowMs();
    this.#apart = new Map(
      differences.map(({ what, ours }) => {
        const last = this.#apart.get(what);
        return [what, last?.ours === ours ? last : { ours, sinceMs: nowMs }];
      }),
    );
    const all = differences.map(({ text }) => text).join();
    const isSame = all === this.#before;
    this.#before = all;
    return [...this.#apart].flatMap(([what, { sinceMs }]) =>
      isSame || nowMs - sinceMs < APART_MAX_MS ? [] : [what],
    );
  }
}

/** Longer than the trader itself tolerates: by then it should have halted, as it could not compare. */
const UNCOMPARED_MAX_MS = 240_000;

/** Detects a trader that goes on trading although none of its own readings has agreed for too long. */
export class LateReading {
  #sinceMs: number | null = null;

  constructor(private readonly nowMs: () => number) {}

  look({ mode, reconciliation }: Pick<TraderStatus, 'mode' | 'reconciliation'>): string | null {
    const trades = mode === 'ACTIVE' || mode === 'REDUCING';
    const compared = reconciliation.state === 'clean' || reconciliation.state === 'differences';
    if (!trades || compared) {
      this.#sinceMs = null;
      return null;
    }
    this.#sinceMs ??= this.nowMs();
    if (this.nowMs() - this.#sinceMs < UNCOMPARED_MAX_MS) return null;
    return `the trader trades, and no reading of its account has agreed for ${UNCOMPARED_MAX_MS / 1000} s`;
  }
}
