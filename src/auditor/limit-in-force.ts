import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';

type RiskLimit = 'maxPositionSizePct' | 'maxConcurrentPositions' | 'dailyLossLimitPct' | 'maxDrawdownPct';

/** Prices move between the order, or the trader's own look, and the auditor's. */
export const MOVED_FACTOR = 1.05;

/** The desk file's limit, or what people changed it to while the desk runs. */
export function limitOf(
  { settings }: Pick<TraderStatus, 'settings'>,
  risk: Desk['risk'],
  name: RiskLimit,
): number {
  return settings.changed[`risk.${name}`] ?? risk[name];
}
