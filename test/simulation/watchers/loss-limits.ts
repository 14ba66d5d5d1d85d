/**
 * Days begin when they begin and no sooner; who may trade has lost neither the day's nor the drawdown's part. Money and
 * coins that came in or went out change both by the part that they are of equity: they are no profit and no loss.
 */

import type { EngineRecord } from '../../../src/engine/record.js';
import type { RiskNumbers } from '../../../src/limits/registry.js';
import type { FollowedBook } from '../followed-book.js';
import { isNoResult } from '../second-book.js';
import type { Moment, Watcher } from '../watcher.js';

/** Money units, for each rounded what it counts from, some times over. */
const ROUNDING = 100;
/** A higher peak is on record once it is higher by a thousandth. */
const UNRECORDED_PEAK = 1.002;

export class LossLimits implements Watcher {
  #dayMs: number | null = null;
  #dayEquity = 0;
  #peak = 0;
  /** As the records themselves say it. */
  #said = 0;
  /** Lifted at this moment: the loss may be counted anew. */
  #liftedAtMarketMs: number | null = null;

  constructor(
    private readonly book: FollowedBook,
    private readonly risk: () => Pick<RiskNumbers, 'dailyLossLimitPct' | 'maxDrawdownPct'>,
    private readonly dayStartMs: (marketMs: number) => number,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#dayMs = null;
    this.#peak = 0;
    this.#said = 0;
    this.#liftedAtMarketMs = null;
    for (const record of records) this.#follow(record);
  }

  recorded(record: EngineRecord): string | null {
    const objection = record.type === 'day' ? this.#objectToDay(record) : null;
    this.#follow(record);
    return objection;
  }

  lookedClosely({ view }: Moment): string | null {
    const { equity, lossesFromEquity: dayStartEquity, peak } = view();
    if (this.#dayMs !== null && Math.abs(dayStartEquity - this.#dayEquity) > ROUNDING)
      return `the day is counted from ${dayStartEquity}, by the records from ${this.#dayEquity}`;
    if (peak < this.#peak - ROUNDING || (this.#said > 0 && peak > this.#said * UNRECORDED_PEAK))
      return `the peak is ${peak}, by the records ${this.#peak} to ${this.#said}`;
    if (this.book.mode !== 'ACTIVE') return null;
    const { dailyLossLimitPct, maxDrawdownPct } = this.risk();
    if (this.#dayMs !== null && equity <= this.#dayEquity * (1 - dailyLossLimitPct / 100) - 1)
      return `ACTIVE with an equity of ${equity}, the day began with ${this.#dayEquity}`;
    if (equity <= this.#peak * (1 - maxDrawdownPct / 100) - 1)
      return `ACTIVE with an equity of ${equity}, the peak is ${this.#peak}`;
    return null;
  }

  #objectToDay({ dayStartMs, marketMs }: Extract<EngineRecord, { readonly type: 'day' }>): string | null {
    const due = this.dayStartMs(marketMs);
    if (dayStartMs !== due) return `a day that began at ${due} is counted from ${dayStartMs}`;
    const anew = this.#liftedAtMarketMs === marketMs;
    if (this.#dayMs === null || dayStartMs > this.#dayMs || anew) return null;
    return `the day of ${dayStartMs} began once more, and nobody had lifted its loss`;
  }

  #follow(record: EngineRecord): void {
    switch (record.type) {
      case 'armed':
        this.#liftedAtMarketMs = record.marketMs;
        return;
      case 'day':
        this.#dayMs = record.dayStartMs;
        this.#dayEquity = record.startEquity;
        return;
      case 'equity':
        this.#said = record.peak;
        // Who lifts a drawdown has it counted from here.
        this.#peak =
          this.#liftedAtMarketMs === record.marketMs ? record.equity : Math.max(this.#peak, record.equity);
        return;
      case 'cash':
        if (isNoResult(record.kind)) this.#move(Number(record.amount), record.equity);
        return;
      case 'coins.claimed':
        this.#move(record.value, record.equity);
        return;
      default:
        return;
    }
  }

  /** `equity`: before it moved. Undefined: nobody knew, and all move by the amount. */
  #move(by: number, equity: number | undefined): void {
    const times = equity === undefined || equity <= 0 ? 0 : (equity + by) / equity;
    const moved = (from: number): number => (times > 0 ? from * times : from + by);
    this.#dayEquity = moved(this.#dayEquity);
    if (this.#peak > 0) this.#peak = Math.max(0, moved(this.#peak));
    if (this.#said > 0) this.#said = Math.max(0, moved(this.#said));
  }
}
