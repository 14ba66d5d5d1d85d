/** Before a start with real money: what forbids it, and what it goes on with while people are told. */
import { randomUUID } from 'node:crypto';
import type { PreflightReport, PreflightVerdict } from '../../contracts/preflight.js';
import type { LoadedDesk } from '../../desk/load.js';
import { spoolNotice } from '../../notify/spool.js';
import { type PreflightPlace, preflightDesk } from './preflight-desk.js';

export interface StartVerdict {
  /** Each a line; one of them is enough not to start. */
  readonly failures: readonly string[];
  /** Each a line; they are alerts already. */
  readonly warnings: readonly string[];
}

/** On paper nothing is looked at. */
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

/** No database may run yet: it is told once there is one. */
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
