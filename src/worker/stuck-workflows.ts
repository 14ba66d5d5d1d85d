/**
 * A run whose code no longer fits its history stays "running" and gives no sign: its pending workflow task is retried
 * again and again. If two polls in a row see that, an incident and a notice report it with the error of the last
 * attempt.
 */
import type { Client } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { causeOf } from '../domain/cause-of.js';
import { messageOf } from '../domain/message-of.js';
import { notify } from '../notify/notify.js';
import { reportSymptom } from '../temporal/incidents/report-incident.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import { runsOfDesk } from '../temporal/runs.js';
import { LOOKS_MS } from './looks.js';
import { type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';
import type { TraderWatchContext } from './trader-watch.js';

const LOOK_MS = 20_000;
const RUNS_MAX = 200;
/** A first attempt may hit a worker that is just ending. */
const ATTEMPTS_SUSPICIOUS = 2;
/** The history contains the first failure of a task, but not its repetitions. */
const NEWEST_EVENTS = 10;
const WHY_MAX = 500;

/** `home`: FERMATA_HOME, where notices are spooled while Postgres is down. */
export function watchStuckWorkflows(
  context: TraderWatchContext,
  log: Logger,
  home: string | null,
): Repeating {
  return repeat('watch over stuck workflows', LOOKS_MS.stuckWorkflows, log, lookForStuck(context, log, home));
}

/** Each call is one poll. */
export function lookForStuck(
  context: TraderWatchContext,
  log: Logger,
  home: string | null,
): () => Promise<void> {
  let suspected = new Set<string>();
  const told = new Set<string>();
  return async () => {
    const stuck = await stuckRuns(context.temporal, context.desk.desk);
    for (const run of stuck) {
      if (!suspected.has(run.key) || told.has(run.key)) continue;
      await tell(context, log, home, run);
      told.add(run.key);
    }
    suspected = new Set(stuck.map(({ key }) => key));
    for (const key of told) if (!suspected.has(key)) told.delete(key);
  };
}

interface StuckRun {
  readonly key: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly attempt: number;
  /** The error of its task, or a sentence that it is not known. */
  readonly why: string;
}

export async function stuckRuns(temporal: TemporalAccess, desk: string): Promise<StuckRun[]> {
  return temporal.within(LOOK_MS, async (client) => {
    const stuck: StuckRun[] = [];
    let looked = 0;
    const query = `ExecutionStatus = "Running" AND ${runsOfDesk(desk)}`;
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      looked += 1;
      if (looked > RUNS_MAX) break;
      const { raw, type } = await client.workflow.getHandle(workflowId, runId).describe();
      const attempt = raw.pendingWorkflowTask?.attempt ?? 0;
      if (attempt < ATTEMPTS_SUSPICIOUS) continue;
      const why = await whyOf(client, workflowId, runId).catch(
        (error: unknown) => `why can't be read: ${messageOf(error)}`,
      );
      stuck.push({ key: `${workflowId}:${runId}`, workflowId, runId, type, attempt, why });
    }
    return stuck;
  });
}

async function whyOf(client: Client, workflowId: string, runId: string): Promise<string> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: NEWEST_EVENTS,
  });
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
  const failure = failed?.workflowTaskFailedEventAttributes?.failure;
  const error = await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, failure);
  return error === undefined ? 'no worker takes it' : causeOf(error).slice(0, WHY_MAX);
}

/** The notice comes first: if incidents themselves are stuck, opening another is of no use. */
async function tell(
  context: TraderWatchContext,
  log: Logger,
  home: string | null,
  { workflowId, runId, type, attempt, why }: StuckRun,
): Promise<void> {
  const { desk, pool } = context;
  const title = `${type} stands still`;
  const detail = `${workflowId} stands still: its task has failed ${attempt} times and is tried again: ${why}`;
  log.error({ alarm: true, desk: desk.desk, workflowId, runId, attempt, why }, detail);
  await notify(
    pool,
    {
      desk: desk.desk,
      event: 'warning',
      severity: 'critical',
      about: 'stuck-run',
      title: `${desk.desk}: ${title}`,
      text: `${detail}. What it was about to do is not done. Stop and the trader need it for nothing. Look at it in Temporal, or put the build back under which it began.`,
      workflowId,
      fingerprint: `stuck:${workflowId}:${runId}`.slice(0, 300),
      audience: ['operator', 'approver'],
    },
    home,
  );
  const subject = `workflow.${type.toLowerCase()}`;
  const key = `stuck:${workflowId}:${runId}`.slice(0, 200);
  await reportSymptom(
    { ...context, nowMs: Date.now },
    { kind: 'step-failed', subject, key, source: 'stuck workflows', title, detail },
  ).catch((error: unknown) =>
    log.warn({ workflowId, error: messageOf(error) }, 'no incident was opened for it'),
  );
}
