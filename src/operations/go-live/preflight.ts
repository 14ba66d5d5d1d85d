/** Pre-flight of a desk, run in this process with its environment and its key. */
import { randomUUID } from 'node:crypto';
import { readExchange } from '../../checks/preflight/exchange-reading.js';
import { REPORT_FOLDER } from '../../checks/preflight/newest-go.js';
import { runPreflight } from '../../checks/preflight/run-preflight.js';
import type { PreflightReport, PreflightVerdict } from '../../contracts/published.js';
import { deskEnvironment, fromWorkingFolder } from '../../desk/desk-environment.js';
import { changedBeyondFile, type Setting, withLimitsInForce } from '../../desk/desk-settings.js';
import type { LoadedDesk } from '../../desk/load.js';
import { counted } from '../../domain/figure-text.js';
import { keepReadiness } from '../../home/readiness.js';
import { deskPaths, homePaths } from '../../home/runtime.js';
import { spoolNotice } from '../../notify/notify.js';
import { monthsInForce } from '../../trader/open-trader.js';
import { readStatus } from '../../trader/read-status.js';
import { loadDesk } from '../../venue/load-desk.js';
import type { OperationContext } from '../operation.js';

interface PreflightPlace {
  /** FERMATA_HOME. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly simulatedVenue: string | undefined;
  readonly nowMs: () => number;
}

export async function preflightDesk(
  { desk, configHash }: Pick<LoadedDesk, 'desk' | 'configHash'>,
  { home, env, simulatedVenue, nowMs }: PreflightPlace,
  beyondFile: readonly Setting[] = [],
): Promise<PreflightReport> {
  const { journal } = deskPaths(homePaths(home), desk.desk);
  const months = monthsInForce(desk, journal, nowMs());
  const exchange = await readExchange({ desk, env, simulatedVenue, months });
  const reportFolder = fromWorkingFolder(REPORT_FOLDER);
  const subject = { desk, configHash, home, env, exchange, reportFolder, simulatedVenue, months, beyondFile };
  const report = await runPreflight({ ...subject, nowMs: nowMs() });
  const { verdict, results, atMs } = report;
  const passed = results.filter((one) => one.verdict === 'pass').length;
  keepReadiness(home, desk.desk, { verdict, passed, looked: results.length, configHash, atMs });
  return report;
}

/** For the running desk, with the limits in force, in the process that has its keys. */
export async function preflightOfRuntime(
  { runtime, trader }: Pick<OperationContext, 'runtime' | 'trader'>,
  nowMs: () => number,
): Promise<PreflightReport> {
  const { home, deskFile, simulatedVenue } = runtime;
  const loaded = loadDesk(deskFile);
  const status = await readStatus({ trader }).catch(() => null);
  // A file that was edited since is checked as it stands: what was changed before may not outlive the edit.
  const isItsFile = status?.settings.fileConfigHash === loaded.configHash;
  const place = { home, env: deskEnvironment(), simulatedVenue, nowMs };
  if (!isItsFile) return preflightDesk(loaded, place);
  const beyondFile = changedBeyondFile(loaded.desk, status.settings.changed);
  const desk = withLimitsInForce(loaded.desk, status.settings);
  return preflightDesk({ ...loaded, desk }, place, beyondFile);
}

interface StartVerdict {
  /** One line each; a single one prevents the start. */
  readonly failures: readonly string[];
  /** One line each; people have already been alerted, unless the start is only tried. */
  readonly warnings: readonly string[];
}

/**
 * The pre-flight before a start with real money: what forbids the start, and what is only a warning. On
 * paper, nothing is checked.
 */
export async function preflightAtStart(
  loaded: Pick<LoadedDesk, 'desk' | 'configHash'>,
  { isTrial = false, ...place }: PreflightPlace & { readonly isTrial?: boolean },
): Promise<StartVerdict> {
  if (loaded.desk.mode !== 'live') return { failures: [], warnings: [] };
  const report = await preflightDesk(loaded, place);
  const failures = linesOf(report, 'fail');
  const warnings = linesOf(report, 'warn');
  if (failures.length === 0 && warnings.length > 0 && !isTrial) await tell(place.home, report.desk, warnings);
  return { failures, warnings };
}

/** Spooled, because the database may not be running yet; the notice is sent once it is. */
function tell(home: string, desk: string, warnings: readonly string[]): Promise<void> {
  return spoolNotice(home, {
    desk,
    event: 'warning',
    severity: 'warning',
    title: `${desk} starts with real money and ${counted(warnings.length, 'warning')}`,
    text: warnings.join('\n'),
    fingerprint: `preflight:${randomUUID()}`,
  });
}

function linesOf({ results }: PreflightReport, wanted: PreflightVerdict): string[] {
  return results
    .filter(({ verdict }) => verdict === wanted)
    .map(({ title, observed, expected }) => `${title}: ${observed} (expected: ${expected})`);
}
