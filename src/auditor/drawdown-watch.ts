/**
 * The maximum drawdown, watched from outside: from the highest equity that the auditor has seen itself, so that a
 * trader that forgets its peak is caught, or from the trader's own peak if that is higher.
 */

import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { formatMoney, parseMoney } from '../domain/money.js';
import type { OwnEquity } from './compare-equity.js';
import type { Finding } from './finding.js';
import { limitOf, MOVED_FACTOR } from './limit-in-force.js';

/** The trader adopts a higher peak once it is 0.1 % higher, or a minute later. */
const PEAK_STEP = 1.001;

interface Counted {
  /** Equity of another account or journal says nothing about this one. */
  readonly account: string;
  readonly startedWallMs: number;
  /** Money units, as the trader reports it. */
  readonly peak: number;
  readonly isHalted: boolean;
}

export class DrawdownWatch {
  #before: Counted | null = null;
  /** Money units. The highest equity that both trader and auditor saw, so that no odd price makes a peak. */
  #peak = 0;

  constructor(private readonly risk: Desk['risk']) {}

  /** Called at each look, even if nothing can be compared: lifting a drawdown halt starts a new peak. */
  note(status: TraderStatus): void {
    const now: Counted = {
      account: `${status.account.name} ${status.incarnation}`,
      startedWallMs: status.startedWallMs,
      peak: parseMoney(status.peakEquity),
      isHalted: status.halts.some(({ cause }) => cause === 'drawdown'),
    };
    if (this.#before !== null && isCountedAnew(this.#before, now)) this.#peak = 0;
    this.#before = now;
  }

  look(own: OwnEquity, status: TraderStatus): Finding[] {
    this.#peak = Math.max(this.#peak, Math.min(own.equity, parseMoney(status.equity)));
    if (status.mode !== 'ACTIVE') return [];
    const pct = limitOf(status, this.risk, 'maxDrawdownPct');
    const peak = Math.max(this.#peak, parseMoney(status.peakEquity));
    const floor = (peak / PEAK_STEP) * (1 - pct / 100) - own.value * (MOVED_FACTOR - 1);
    if (own.equity >= floor) return [];
    const text = `equity is ${formatMoney(own.equity, 2)} after a peak of ${formatMoney(peak, 2)}, ${pct} % may be lost from it, and the desk is ACTIVE`;
    return [{ key: 'limit drawdown', text }];
  }
}

/** A peak that falls within the same process: a halt came and was lifted between two looks. */
function isCountedAnew(before: Counted, now: Counted): boolean {
  const isLifted = before.isHalted && !now.isHalted;
  const isLower = now.peak < before.peak && now.startedWallMs === before.startedWallMs;
  return before.account !== now.account || isLifted || isLower;
}
