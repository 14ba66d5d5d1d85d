/**
 * Runs that don't progress. Some end or are lost silently, which is recorded and reported. Others stand
 * still: one whose code no longer fits its history, one whose build can't be served, playbooks whose process
 * ends. People are told, and an incident is opened.
 */

import type { Client } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { type WokenTopic, woken } from '../contracts/notice.js';
import { causeOf, messageOf } from '../domain/message-of.js';
import type { TemporalPlace } from '../home/runtime.js';
import type { KeptTask } from '../home/try-again.js';
import { notify } from '../notify/notify.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import { reportSymptom } from '../temporal/report-incident.js';
import { runsOfDesk } from '../temporal/runs.js';
import { tellEndedRuns } from './reconcile/ended-runs.js';
import { endLeftPermission, type ReconcileContext, reconcileRuns } from './reconcile/reconcile-runs.js';
import { POLL_MS, RUNS_OF_OWN_SERVER_MS, repeat, type TraderWatchContext } from './repeat.js';
import type { Logger } from './role-log.js';
import type { UnservedBuild } from './serve-builds.js';

const LOOK_MS = 20_000;
const RUNS_MAX = 200;
/** A first attempt may hit a worker that is just ending. */
const ATTEMPTS_SUSPICIOUS = 2;
/** The history contains the first failure of a task, but not its repetitions. */
const NEWEST_EVENTS = 10;
const WHY_MAX = 500;

/**
 * A run whose code no longer fits its history stays "running": its pending workflow task is retried again and again. If
 * two polls in a row see that, it is reported with the error of the last attempt. `home`: FERMATA_HOME, where notices
 * are spooled while Postgres is down.
 */
export function watchStuckWorkflows(context: TraderWatchContext, log: Logger, home: string | null): KeptTask {
  return repeat('watch over stuck workflows', POLL_MS.stuckWorkflows, log, lookForStuck(context, log, home));
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
      await tellStuck({ ...context, log }, home, run);
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

function tellStuck(
  context: TraderWatchContext,
  home: string | null,
  { workflowId, runId, type, attempt, why }: StuckRun,
): Promise<void> {
  const key = `stuck:${workflowId}:${runId}`;
  return tellStanding(context, home, {
    about: 'stuck-run',
    workflowId,
    fingerprint: key.slice(0, 300),
    key: key.slice(0, 200),
    subject: `workflow.${type.toLowerCase()}`,
    source: 'stuck workflows',
    title: `${type} stands still`,
    detail: `${workflowId} stands still: its task has failed ${attempt} times and is tried again: ${why}`,
    doThis:
      'What it was about to do is not done. Stop and the trader need it for nothing. Look at it in Temporal, or put the build back under which it began.',
    fields: { workflowId, runId, attempt, why },
  });
}

/**
 * Runs of an earlier build that can't be served: they wait silently. `home`: FERMATA_HOME, where notices are spooled
 * while Postgres is down.
 */
export function tellUnserved(
  watched: TraderWatchContext,
  home: string,
  { buildId, runs, why }: UnservedBuild,
): Promise<void> {
  const key = `build:${buildId}`;
  return tellStanding(watched, home, {
    about: 'earlier-build',
    fingerprint: key,
    key,
    subject: 'worker.build',
    source: 'worker builds',
    title: 'runs of an earlier build wait',
    detail: `${runs} open runs began under build ${buildId}, which can't be served: ${why}. They wait; nothing of them is lost`,
    doThis:
      'Stop and the trader need them for nothing. Put that build’s file back, start the desk once with that build, or end them in Temporal.',
    fields: { key },
  });
}

/**
 * Playbooks in code whose process ends again and again; if it recovers and fails again, that is reported
 * again.
 */
export function tellPacksEnd(watched: TraderWatchContext, home: string, how: string): Promise<void> {
  const key = `packs:${Date.now()}`;
  return tellStanding(watched, home, {
    about: 'stuck-run',
    fingerprint: key,
    key,
    subject: 'worker.packs',
    source: 'worker of playbooks',
    title: 'playbooks in code stand still',
    detail: `their process ends again and again (${how.slice(0, 500)}). Playbooks wait; nothing of them is lost`,
    doThis:
      'Stop and the trader need them for nothing. It is begun again at least once a minute. Look for packs-worker in the log of the operations worker; an incident can be declared over without its playbook.',
    fields: { key },
  });
}

interface Standing {
  readonly about: WokenTopic;
  readonly workflowId?: string;
  readonly fingerprint: string;
  /** Key of the incident's report. */
  readonly key: string;
  readonly subject: string;
  readonly source: string;
  readonly title: string;
  readonly detail: string;
  readonly doThis: string;
  /** Further fields of the log line. */
  readonly fields: object;
}

/** The notice comes first: if incidents themselves are stuck, opening another is of no use. */
export async function tellStanding(
  { log, ...context }: TraderWatchContext,
  home: string | null,
  standing: Standing,
): Promise<void> {
  const { desk, pool } = context;
  const { about, workflowId, fingerprint, key, subject, source, title, detail, doThis, fields } = standing;
  log.error({ alarm: true, desk: desk.desk, ...fields }, detail);
  await notify(
    pool,
    woken(about, {
      desk: desk.desk,
      title: `${desk.desk}: ${title}`,
      text: `${detail}. ${doThis}`,
      ...(workflowId === undefined ? {} : { workflowId }),
      fingerprint,
    }),
    home,
  );
  await reportSymptom(
    { ...context, nowMs: Date.now },
    { kind: 'step-failed', subject, key, source, title, detail },
  ).catch((error: unknown) =>
    log.warn({ ...fields, error: messageOf(error) }, 'no incident was opened for it'),
  );
}

/**
 * At start and each minute (at the desk's own server each quarter of one), ends, records and reports whatever belongs to a
 * run that no longer progresses.
 */
export function watchRuns(
  context: ReconcileContext,
  log: Logger,
  { kind }: Pick<TemporalPlace, 'kind'>,
): KeptTask {
  const everyMs = kind === 'managed' ? RUNS_OF_OWN_SERVER_MS : POLL_MS.runs;
  return repeat('watch over runs', everyMs, log, lookAtRuns(context, log));
}

/** Each call is one poll. */
export function lookAtRuns(context: ReconcileContext, log: Pick<Logger, 'error'>): () => Promise<void> {
  const told = new Set<string>();
  const say = (workflowId: string, what: string, how: string): void =>
    log.error({ alarm: true, desk: context.desk.desk, workflowId }, `abandoned: ${what}: ${how}`);
  return async () => {
    try {
      await reconcileRuns(context, ({ workflowId, how, things }) =>
        say(workflowId, things.map(({ kind, title }) => `${kind} "${title}"`).join(', '), how),
      );
    } finally {
      // Even if something can't be ended: whoever waits for the other runs must hear of them.
      for (const { workflowId, how, what } of await tellEndedRuns(context, told))
        say(workflowId, `the ${what}`, how);
    }
    const left = await endLeftPermission(context);
    if (left !== null) say(left.workflowId, 'the permission to trade real money', left.detail);
  };
}
