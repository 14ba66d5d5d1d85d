/** Pre-flight of a desk, made in this process with its environment and its key. */
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { TimeoutFailure, WorkflowFailedError } from '@temporalio/client';
import { readExchange } from '../../checks/preflight/exchange-reading.js';
import { runPreflight } from '../../checks/preflight/run-preflight.js';
import type { PreflightReport, PreflightVerdict } from '../../contracts/preflight.js';
import { operationsQueue, preflightId } from '../../contracts/queues.js';
import { runLabel } from '../../contracts/run-label.js';
import type { LoadedDesk } from '../../desk/load.js';
import { causeOf } from '../../domain/cause-of.js';
import { keepReadiness } from '../../home/readiness.js';
import type { Runtime } from '../../home/runtime.js';
import { spoolNotice } from '../../notify/spool.js';
import { type TemporalAccess, TemporalUnavailable } from '../../temporal/open-temporal.js';
import { loadDesk } from '../../venue/load-desk.js';
import type { preflight } from '../../workflows/operations/preflight.js';
import type { OperationContext } from '../operation.js';

export interface PreflightPlace {
  /** FERMATA_HOME. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly simulatedVenue: string | undefined;
  readonly nowMs: () => number;
}

/** Where `fermata validate` writes its reports. */
export const REPORT_FOLDER = 'data';

export async function preflightDesk(
  { desk, configHash }: Pick<LoadedDesk, 'desk' | 'configHash'>,
  { home, env, simulatedVenue, nowMs }: PreflightPlace,
): Promise<PreflightReport> {
  const exchange = await readExchange({ desk, env, simulatedVenue });
  const reportFolder = resolve(REPORT_FOLDER);
  const subject = { desk, configHash, home, env, exchange, reportFolder, simulatedVenue };
  const report = await runPreflight({ ...subject, nowMs: nowMs() });
  const { verdict, results, atMs } = report;
  const passed = results.filter((one) => one.verdict === 'pass').length;
  keepReadiness(home, desk.desk, { verdict, passed, looked: results.length, configHash, atMs });
  return report;
}

/** For the running desk, in the process that has its keys. */
export function preflightOfRuntime(
  { home, deskFile, simulatedVenue }: Runtime,
  nowMs: () => number,
): Promise<PreflightReport> {
  return preflightDesk(loadDesk(deskFile), { home, env: process.env, simulatedVenue, nowMs });
}

export interface StartVerdict {
  /** One line each; a single one prevents the start. */
  readonly failures: readonly string[];
  /** One line each; people are alerted already. */
  readonly warnings: readonly string[];
}

/**
 * The pre-flight before a start with real money: what forbids the start, and what only warns people. On
 * paper nothing is checked.
 */
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

const START_MS = 5_000;
/** The exchange is asked with its own time limits; the page waits for a minute. */
const PATIENCE_MS = 40_000;

/**
 * The pre-flight of the running desk, made by its operations worker, which holds the exchange's key and
 * the bot's token. Joins a pre-flight that is under way. Rejects with what is missing: Temporal or the
 * worker.
 */
export async function askPreflight(
  { desk: { desk }, temporal }: Pick<OperationContext, 'desk' | 'temporal'>,
  patienceMs = PATIENCE_MS,
): Promise<PreflightReport> {
  const runId = await start(temporal, desk, patienceMs);
  try {
    return await temporal.within(patienceMs, (client) =>
      client.workflow.getHandle<typeof preflight>(preflightId(desk), runId).result(),
    );
  } catch (error) {
    throw new Error(
      isLate(error)
        ? `the operations worker has not made the pre-flight checks within ${patienceMs / 1_000} s; is it running?`
        : causeOf(error),
    );
  }
}

/** True for a timeout of the wait or of the run, whichever comes first. */
const isLate = (error: unknown): boolean =>
  error instanceof TemporalUnavailable ||
  (error instanceof WorkflowFailedError && error.cause instanceof TimeoutFailure);

async function start(temporal: TemporalAccess, desk: string, patienceMs: number): Promise<string> {
  const handle = await temporal.within(START_MS, (client) =>
    client.workflow.start<typeof preflight>('preflight', {
      workflowId: preflightId(desk),
      taskQueue: operationsQueue(desk),
      workflowIdConflictPolicy: 'USE_EXISTING',
      // Nobody waits for a later answer.
      workflowExecutionTimeout: patienceMs,
      args: [{ desk }],
      ...runLabel({
        desk,
        routine: 'preflight',
        summary: `Pre-flight of ${desk}`,
        details:
          'Everything that real money needs, looked at now by real calls on the exchange. Changes nothing.',
      }),
    }),
  );
  return handle.firstExecutionRunId;
}
