/**
 * Equity as seen by this process, at most one point for each market minute: what the page shows while the ledger is
 * away.
 */
import type { TraderStatus } from '../../contracts/trader-status.js';

const POINTS_MAX = 1440;

export interface EquityPoint {
  readonly marketMs: number;
  /** Decimal text in the desk's currency. */
  readonly equity: string;
}

export class EquityHistory {
  readonly #points: EquityPoint[] = [];

  points(): readonly EquityPoint[] {
    return this.#points;
  }

  observe(status: TraderStatus): void {
    const { marketMs } = status.marketData;
    const last = this.#points.at(-1);
    if (last !== undefined && marketMs < last.marketMs) this.#points.length = 0;
    if (last !== undefined && this.#points.length > 0 && minute(last.marketMs) === minute(marketMs)) {
      this.#points[this.#points.length - 1] = { marketMs, equity: status.equity };
      return;
    }
    this.#points.push({ marketMs, equity: status.equity });
    if (this.#points.length > POINTS_MAX) this.#points.shift();
  }
}

const minute = (ms: number): number => Math.floor(ms / 60_000);
