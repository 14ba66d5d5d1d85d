import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import type { FixedKey } from '../limits/registry.js';

/** Prices move between the order, or the trader's own check, and the auditor's. */
export const MOVED_FACTOR = 1.05;

/** The desk file's limit, or the value that people have set while the desk runs. */
export function limitOf(
  { settings }: Pick<TraderStatus, 'settings'>,
  risk: Desk['risk'],
  name: FixedKey,
): number {
  const changed = settings.changed[`risk.${name}`];
  return typeof changed === 'number' ? changed : risk[name];
}
