/** The pre-flight before a start with real money: what forbids the start, and what only warns people. */
import { randomUUID } from 'node:crypto';
import type { PreflightReport, PreflightVerdict } from '../../contracts/preflight.js';
import type { LoadedDesk } from '../../desk/load.js';
import { spoolNotice } from '../../notify/spool.js';
import { type PreflightPlace, preflightDesk } from './preflight-desk.js';

export interface StartVerdict {
  /** One line each; a single one prevents the start. */
  readonly failures: readonly string[];
  /** One line each; people are alerted already. */
  readonly warnings: readonly string[];
}

/** On paper nothing is checked. */
export async function preflightAtStart(
  loaded: Pick<LoadedDesk, 'desk' | 'configHash'>,
  place: PreflightPlace,
): Promise<StartVerdict> {
  if (loaded.desk.mode !== 'live') return { failures: [], warnings: [] };
  const report = await preflightDesk(loaded, place);
  const failures = linesOf(report, 'fail');
  const warnings = linesOf(report, 'warn');
  if (failures.length === 0 && warnings.length > 0) await tell(place.home, report.desk, warnings);
  return { failures, warnings };
}

/** Spooled, because no database may be running yet: it is sent once there is one. */
function tell(home: string, desk: string, warnings: readonly string[]): Promise<void> {
  return spoolNotice(home, {
    desk,
    event: 'warning',
    severity: 'warning',
    title: `${desk} starts with real money and ${warnings.length} warnings`,
    text: warnings.join('\n'),
    fingerprint: `preflight:${randomUUID()}`,
  });
}

function linesOf({ results }: PreflightReport, wanted: PreflightVerdict): string[] {
  return results
    .filter(({ verdict }) => verdict === wanted)
    .map(({ title, observed, expected }) => `${title}: ${observed} (expected: ${expected})`);
}
