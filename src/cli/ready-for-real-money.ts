/** Before a start with real money: a failed pre-flight check forbids it, a warning is shown and told to people. */
import { randomUUID } from 'node:crypto';
import type { PreflightReport } from '../checks/preflight/preflight-check.js';
import type { LoadedDesk } from '../desk/load.js';
import { spoolNotice } from '../notify/spool.js';
import { preflightDesk } from '../operations/go-live/preflight-desk.js';
import { CliFailure } from './failure.js';

/** Throws where a check failed; nothing was started then. */
export async function readyForRealMoney(
  loaded: Pick<LoadedDesk, 'desk' | 'configHash'>,
  home: string,
  simulatedVenue: string | undefined,
): Promise<void> {
  const report = await preflightDesk(loaded, { home, env: process.env, simulatedVenue, nowMs: Date.now });
  if (report.verdict === 'fail') {
    throw new CliFailure(
      `desk ${report.desk} does not start with real money:\n${linesOf(report, 'fail').join('\n')}`,
      'nothing was started and no order was sent; stops that rest at the exchange stay there',
      'put that right, and look again with fermata preflight',
    );
  }
  const warnings = linesOf(report, 'warn');
  if (warnings.length === 0) return;
  process.stderr.write(`${warnings.map((line) => `! ${line}`).join('\n')}\n`);
  // No database runs yet: it is told once there is one.
  await spoolNotice(home, {
    desk: report.desk,
    event: 'warning',
    severity: 'warning',
    title: `${report.desk} starts with real money and ${warnings.length} warnings`,
    text: warnings.join('\n'),
    fingerprint: `preflight:${randomUUID()}`,
  });
}

function linesOf({ results }: PreflightReport, wanted: 'warn' | 'fail'): string[] {
  return results
    .filter(({ verdict }) => verdict === wanted)
    .map(({ title, observed, expected }) => `${title}: ${observed} (expected: ${expected})`);
}
