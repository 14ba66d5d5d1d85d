/** What this process has seen since it began and no journal holds. */
import type { EquityAnswer } from '../../contracts/trader-status.js';
import { formatMoney } from '../../domain/money.js';
import type { EquitySample } from '../../engine/effect.js';
import type { EngineRecord } from '../../engine/record.js';

/** Since when entries wait in the core, from this process's records: a start drops earlier ones. */
export class WaitingSince {
  readonly #sinceMs = new Map<string, number>();

  add(record: EngineRecord): void {
    if (record.type === 'entry.waits') this.#sinceMs.set(record.entry.clientId, record.marketMs);
    if (record.type === 'entry.over') this.#sinceMs.delete(record.clientId);
  }

  /** Market time. Null: not known. */
  of(clientId: string): number | null {
    return this.#sinceMs.get(clientId) ?? null;
  }
}

/** Two days of minutes. */
const POINTS_KEPT_MAX = 3000;

/** The newest points of the equity curve, for the ledger. Points not fetched in time are lost. */
export class EquityCurve {
  readonly #points: EquitySample[] = [];
  #dropped = 0;

  add(point: EquitySample): void {
    this.#points.push(point);
    // Dropped in batches, so a point usually costs nothing.
    if (this.#points.length < POINTS_KEPT_MAX * 1.1) return;
    const many = this.#points.length - POINTS_KEPT_MAX;
    this.#points.splice(0, many);
    this.#dropped += many;
  }

  /** Oldest first, without the first `after` points of this process. */
  answer(after: number, count: number): Omit<EquityAnswer, 'incarnation'> {
    const from = Math.max(0, after - this.#dropped);
    const points = this.#points.slice(from, from + count);
    return {
      next: this.#dropped + from + points.length,
      points: points.map(({ marketMs, equity, peak, cash, unrealised, capitalMoved }) => ({
        marketMs,
        equity: formatMoney(equity),
        peak: formatMoney(peak),
        cash: formatMoney(cash),
        unrealised: formatMoney(unrealised),
        capitalMoved: formatMoney(capitalMoved),
      })),
    };
  }
}
