/**
 * The loss of the day and the drawdown, watched from outside. The drawdown is counted from the highest equity
 * that the auditor itself has seen, which catches a trader that forgets its peak, or from the trader's own
 * peak if that is higher.
 */
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { afterCapital } from '../domain/cash-and-coins.js';
import { parseMoney } from '../domain/money.js';
import type { FixedKey } from '../limits/registry.js';
import { amountsOf, type Finding, type OwnEquity } from './own-equity.js';

/** The trader adopts a higher peak once it is 0.1 % higher, or a minute later. */
const PEAK_STEP = 1.001;

interface Counted {
  /** Equity of another account or journal says nothing about this one. */
  readonly account: string;
  readonly startedWallMs: number;
  /** Money units, as the trader reports it. */
  readonly peak: number;
  /** Money units: net capital paid in since the journal began. */
  readonly capital: number;
  readonly isHalted: boolean;
}

export class LossWatch {
  #before: Counted | null = null;
  /**
   * Money units. The highest equity that both trader and auditor saw, so that a stray price makes no peak.
   */
  #peak = 0;

  constructor(private readonly risk: Desk['risk']) {}

  /** Called in each audit, even if nothing can be compared: lifting a drawdown halt starts a new peak. */
  note(status: TraderStatus): void {
    const now: Counted = {
      account: `${status.account.name} ${status.incarnation}`,
      startedWallMs: status.startedWallMs,
      peak: parseMoney(status.peakEquity),
      capital: parseMoney(status.books.capitalMoved),
      isHalted: status.halts.some(({ cause }) => cause === 'drawdown'),
    };
    const { capital = now.capital } = this.#before ?? {};
    const moved = now.capital - capital;
    // Also across a restart of the trader, where a lower peak of its own is not believed.
    if (moved !== 0) this.#peak = afterCapital(this.#peak, moved, parseMoney(status.equity) - moved);
    if (this.#before !== null && isCountedAnew(this.#before, now)) this.#peak = 0;
    this.#before = now;
  }

  look(own: OwnEquity, status: TraderStatus): Finding[] {
    return [...this.#ofDay(own, status), ...this.#drawdown(own, status)];
  }

  /** The trader halts by itself at this loss; if it still trades, it has missed the loss. */
  #ofDay(own: OwnEquity, status: TraderStatus): Finding[] {
    if (status.mode !== 'ACTIVE') return [];
    const pct = limitOf(status, this.risk, 'dailyLossLimitPct');
    const start = parseMoney(status.lossesCountFrom);
    const floor = floorOf(start, pct, own);
    if (own.equity >= floor) return [];
    const amount = amountsOf(status);
    const text = `equity is ${amount(own.equity)} after ${amount(start)} from which the day's loss counts, ${pct} % may be lost, and the desk is ACTIVE`;
    return [{ key: 'limit loss', text }];
  }

  #drawdown(own: OwnEquity, status: TraderStatus): Finding[] {
    this.#peak = Math.max(this.#peak, Math.min(own.equity, parseMoney(status.equity)));
    if (status.mode !== 'ACTIVE') return [];
    const pct = limitOf(status, this.risk, 'maxDrawdownPct');
    const peak = Math.max(this.#peak, parseMoney(status.peakEquity));
    const floor = floorOf(peak / PEAK_STEP, pct, own);
    if (own.equity >= floor) return [];
    const amount = amountsOf(status);
    const text = `equity is ${amount(own.equity)} after a peak of ${amount(peak)}, ${pct} % may be lost from it, and the desk is ACTIVE`;
    return [{ key: 'limit drawdown', text }];
  }
}

/**
 * Whether the trader counts from a new peak: for another account or journal, or after a drawdown halt was
 * lifted. If its peak falls within the same process, such a halt came and was lifted between two audits.
 */
function isCountedAnew(before: Counted, now: Counted): boolean {
  const isLifted = before.isHalted && !now.isHalted;
  const isLower = now.peak < before.peak && now.startedWallMs === before.startedWallMs;
  return before.account !== now.account || isLifted || isLower;
}

/** Prices move between the order, or the trader's own check, and the auditor's. */
export const MOVED_FACTOR = 1.05;

/**
 * Equity below which too much was lost, however prices moved between the readings. Positions on margin may be
 * worth many times the account, so the tolerance is at most the permitted loss.
 */
function floorOf(from: number, pct: number, { value }: OwnEquity): number {
  const allowed = (from * pct) / 100;
  return from - allowed - Math.min(allowed, value * (MOVED_FACTOR - 1));
}

/** The desk file's limit, or the value that people have set while the desk ran. */
export function limitOf(
  { settings }: Pick<TraderStatus, 'settings'>,
  risk: Desk['risk'],
  name: FixedKey,
): number {
  const changed = settings.changed[`risk.${name}`];
  return typeof changed === 'number' ? changed : risk[name];
}
