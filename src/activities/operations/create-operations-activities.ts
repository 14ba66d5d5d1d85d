/** The activities of routines and resumption. */
import { isDeepStrictEqual } from 'node:util';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { ownerConnection, type PgConnection } from '../../backup/pg-programs.js';
import { ACTIONS } from '../../checks/actions/registry.js';
import type { Check, CheckContext, Findings } from '../../checks/check.js';
import type { PartCode, RunOwnAction } from '../../checks/own-parts.js';
import type { RunIdentity } from '../../contracts/evidence.js';
import type { Notice } from '../../contracts/notice.js';
import type { OperationsActivities, TaskActivities } from '../../contracts/operations-activities.js';
import { FAILURE_NAMES } from '../../contracts/queues.js';
import type {
  ActionRequest,
  CheckOutcome,
  CheckRequest,
  ReportRequest,
  RunVerdict,
} from '../../contracts/routine.js';
import { isAskedInCode } from '../../desk/coded-playbooks.js';
import { chatVotesMax } from '../../desk/live-rules.js';
import { stepLists } from '../../desk/own-steps.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { type Decision, isEndedBy } from '../../domain/decision.js';
import { moment } from '../../domain/moment.js';
import { realMoneyKindOf } from '../../domain/signed-vote.js';
import { votesEndedMs } from '../../home/people-folder.js';
import { peoplesKeys } from '../../home/person-keys.js';
import { alarmNotice, resultsNotice, routineNotice, taskNotice } from '../../notify/notices.js';
import { notify } from '../../notify/notify.js';
import { REPORTS } from '../../reports/registry.js';
import type { Report } from '../../reports/report.js';
import type { Pool } from '../../store/pool.js';
import {
  beginRoutineRun,
  finishRoutineRun,
  readRoutineProblems,
  readRoutineResults,
  readRunsOwing,
  recordMissedRun,
} from '../../store/routine-run.js';
import { closeTask, openTask, readTask, readTasksFrom } from '../../store/task-rows.js';
import { aboutThisRun, activityKey } from '../activity-key.js';
import { type AlarmLog, createEvidenceActivities, raiseAlarm } from '../create-emergency-activities.js';
import { withHeartbeat } from '../worker-ends.js';
import { createApprovalActivities, type RealMoneyVotes, verifyOrigin } from './create-approval-activities.js';
import { createBackupActivities } from './create-backup-activities.js';
import { boundedOutcome, runHttp } from './own-step.js';
import { type RunningCommands, runCommand } from './run-command-step.js';

interface OperationsDependencies {
  readonly pool: Pool;
  readonly checks: ReadonlyMap<string, Check>;
  readonly context: CheckContext;
  /** The desk file as this desk was started with it, for backups. */
  readonly deskText: string;
  readonly decisionKey: () => string;
  /** The connection as the database's owner, for backups. */
  readonly databaseOwner?: () => PgConnection;
  readonly nowMs: () => number;
  readonly log: AlarmLog;
  readonly runningCommands?: RunningCommands;
  /** Including reports from the desk's own folder; absent: none. */
  readonly reports?: ReadonlyMap<string, Report>;
  readonly ownAction?: RunOwnAction;
  /** Whether this very run is open; absent: none is. */
  readonly isRunning?: (workflowId: string, runId: string) => Promise<boolean>;
  /** Absent: the desk has no checks, reports and actions of its own. */
  readonly partCode?: PartCode;
}

function realMoneyVotes({ desk, runtime }: CheckContext): RealMoneyVotes | null {
  if (desk.mode !== 'live') return null;
  return {
    ...peoplesKeys(runtime.home, runtime.web),
    kindOf: (approvalKind) => realMoneyKindOf(desk.mode, approvalKind),
    chatVotesMax: (needed) => chatVotesMax(desk, needed),
  };
}

export function createOperationsActivities(dependencies: OperationsDependencies): OperationsActivities {
  const { pool, checks, context, deskText, decisionKey, nowMs, log } = dependencies;
  const { databaseOwner = () => ownerConnection(context.runtime), partCode = () => [] } = dependencies;
  const tell = (notice: Notice) => notify(pool, notice, context.runtime.home ?? null);
  const isEnded = (decision: Decision) =>
    isEndedBy(votesEndedMs(context.runtime.home, decision.person), decision);
  return {
    ...createApprovalActivities({
      ...{ pool, decisionKey, nowMs, tell, isEnded, trader: context.trader },
      realMoney: realMoneyVotes(context),
    }),
    ...createTaskActivities(pool, tell),
    ...createEvidenceActivities(pool),
    ...createBackupActivities({
      ...{ pool, runtime: context.runtime, desk: context.desk, deskText },
      ...{ owner: databaseOwner, nowMs, partCode },
    }),
    runCheck: (request) =>
      withHeartbeat(() =>
        runCheck(
          checks,
          { ...context, stepMs: stepMs(request), lateMs: request.lateMs },
          request,
          (findings) => followFindings(pool, context.desk.desk, findings, nowMs()),
        ),
      ),
    runReport: (request) =>
      withHeartbeat(() =>
        runReport(
          new Map([...REPORTS, ...(dependencies.reports ?? [])]),
          { ...context, stepMs: stepMs(request), lateMs: request.lateMs },
          request,
          nowMs(),
        ),
      ),
    runAction: (run, request) => runAction(context, dependencies.ownAction, run, request, nowMs()),
    runCommand: (run, request) =>
      withHeartbeat((_say, ending) =>
        runCommand(context, dependencies.runningCommands, run, request, ending),
      ),
    runHttp: (run, request) => withHeartbeat((_say, ending) => runHttp(context, run, request, ending)),
    openRoutineRun: ({ desk, workflowId, firstRunId }, opened) =>
      beginRoutineRun(pool, { desk, workflowId, firstRunId, ...opened }),
    closeRoutineRun: async (run, { problems = [], ...closed }) => {
      const { workflowId, firstRunId } = run;
      await finishRoutineRun(pool, { workflowId, firstRunId, ...closed });
      const kept = await readRoutineProblems(pool, run);
      // Problems that were not recorded, or are problems only to this routine.
      const others = problems.filter(({ name }) => !kept?.problems.some((one) => one.name === name));
      const said = kept && { ...kept, problems: [...kept.problems, ...others] };
      const notice = said && routineNotice(run, closed.verdict, said);
      if (notice) await tell(notice);
      const summary = closed.verdict === 'missed' ? null : await summaryOf(dependencies, run, closed.verdict);
      if (summary) await tell(summary);
    },
    recordMissed: (missed) => recordMissedRun(pool, missed),
    isHaltOwed: async ({ desk, firstRunId }, halt) => {
      const { isRunning = async () => false } = dependencies;
      for (const run of await readRunsOwing(pool, { desk, firstRunId, ...halt }))
        if (await isRunning(run.workflowId, run.runId)) return true;
      return false;
    },
    verifyDecision: async (decision, earlier = []) => {
      verifyOrigin(decisionKey(), decision, nowMs());
      return earlier.filter(isEnded).map(({ decisionId }) => decisionId);
    },
    raiseAlarm: async (alarm) => {
      raiseAlarm(log, alarm);
      await tell(aboutThisRun(alarmNotice(alarm, activityKey())));
    },
    notify: (notice) => tell(aboutThisRun(notice)),
  };
}

/** Each step's result, in the order of the desk file; null if the routine doesn't ask for a summary. */
async function summaryOf(
  { pool, context }: OperationsDependencies,
  run: RunIdentity,
  verdict: RunVerdict,
): Promise<Notice | null> {
  const asking = context.desk.routines.filter(({ tellResults }) => tellResults === true);
  if (asking.length === 0) return null;
  const found = await readRoutineResults(pool, run);
  const steps = asking.find(({ name }) => name === found?.routine)?.steps;
  if (found === null || steps === undefined) return null;
  const results = steps.flatMap(({ key }) => found.results.find((one) => one.key === key) ?? []);
  return resultsNotice(run, verdict, { title: found.title, results });
}

const stepMs = ({ timeoutSeconds }: CheckRequest | ReportRequest): number =>
  timeoutSeconds === undefined ? Context.current().info.startToCloseTimeoutMs : timeoutSeconds * 1_000;

export async function runCheck(
  checks: ReadonlyMap<string, Check>,
  context: CheckContext,
  request: CheckRequest,
  follow: (findings: Findings) => Promise<void> = async () => {},
): Promise<CheckOutcome> {
  const check = checks.get(request.check);
  if (!check) {
    const known = [...checks.keys()].join(', ');
    throw ApplicationFailure.nonRetryable(
      `there is no check "${request.check}" (there are: ${known})`,
      FAILURE_NAMES.unknownCheck,
    );
  }
  const { findings, ...outcome } = await check(context, request.with);
  if (findings !== undefined) await follow(findings);
  return boundedOutcome(outcome);
}

/** Passes if the report could be made: a report judges nothing. */
async function runReport(
  reports: ReadonlyMap<string, Report>,
  context: CheckContext,
  request: ReportRequest,
  nowMs: number,
): Promise<CheckOutcome> {
  const report = reports.get(request.report);
  if (!report) {
    const known = [...reports.keys()].join(', ');
    throw ApplicationFailure.nonRetryable(
      `there is no report "${request.report}" (there are: ${known})`,
      FAILURE_NAMES.unknownCheck,
    );
  }
  const observed = await report({ ...context, marketMs: request.marketMs ?? nowMs }, request.with);
  return boundedOutcome({ verdict: 'pass', observed, expected: 'worked out from what is stored' });
}

/** The activities that ask people for something done by hand. */
function createTaskActivities(pool: Pool, tell: (notice: Notice) => Promise<void>): TaskActivities {
  return {
    openTask: async (asked) => {
      const task = await openTask(pool, asked);
      if (task.state === 'open') await tell(taskNotice(task));
      return task;
    },
    readTask: async (desk, id) => {
      const task = await readTask(pool, desk, id);
      if (task === null) throw ApplicationFailure.nonRetryable(`there is no task ${id} on ${desk}`);
      return task;
    },
  };
}

const BY = 'fermata';

/**
 * Each problem that a check finds becomes a task, open until a later run no longer finds it. If somebody
 * closes the task before, a new one is opened. Tells nobody: the routine reports its failed step, and the
 * tasks are listed. The same findings again change nothing.
 */
async function followFindings(
  pool: Pick<Pool, 'query'>,
  desk: string,
  { source, dueDays, found }: Findings,
  nowMs: number,
): Promise<void> {
  const known = await readTasksFrom(pool, desk, `finding:${source}:`);
  const isOpen = ({ state }: (typeof known)[number]): boolean => state === 'open';
  const prefixes = new Set(found.map(({ key }) => prefixOf(source, key)));
  for (const { key, title, detail } of found) {
    const prefix = prefixOf(source, key);
    const own = known.filter((task) => task.source.startsWith(prefix));
    if (own.some(isOpen)) continue;
    // Somebody marked it done and it is still there, or it is back.
    await openTask(pool, {
      ...{ desk, title, detail, source: `${prefix}${own.length + 1}` },
      dueMs: nowMs + dueDays * DAY_MS,
    });
  }
  const gone = known
    .filter(isOpen)
    .filter((task) => ![...prefixes].some((prefix) => task.source.startsWith(prefix)));
  for (const { id } of gone)
    await closeTask(pool, { desk, id, state: 'done', by: BY, note: `not found any more, ${moment(nowMs)}` });
}

/** Ends in a character that no key contains, so that no prefix is the beginning of another. */
const prefixOf = (source: string, key: string): string => `finding:${source}:${key}#`;

/**
 * An action that is not a workflow, shipped with Fermata or from the desk's own folder. Only what a step of the
 * desk file or the code of one of its playbooks says is carried out, because a run's input came through Temporal.
 */
async function runAction(
  context: CheckContext,
  carryOut: RunOwnAction | undefined,
  { workflowId, firstRunId }: RunIdentity,
  { stepKey, attemptGroup, action, with: given, timeoutSeconds, marketMs, nominalMs }: ActionRequest,
  nowMs: number,
): Promise<CheckOutcome> {
  const isInDeskFile = stepLists(context.desk).some(({ steps }) =>
    steps.some(
      (step) =>
        step.action === action &&
        step.timeoutSeconds === timeoutSeconds &&
        isDeepStrictEqual(step.with, given),
    ),
  );
  if (!isInDeskFile && !isAskedInCode(context.desk, action, given)) {
    const observed = `no step of the desk file says action ${action} with these values, and no playbook’s code names it so; nothing was begun`;
    return { verdict: 'not_run', observed, expected: 'a step of the desk file, or a call in a playbook' };
  }
  const limitMs = timeoutSeconds * 1_000;
  const key = [workflowId, firstRunId, stepKey, attemptGroup].join(':');
  const ours = ACTIONS.get(action);
  const begin =
    ours === undefined
      ? carryOut && ((ending: AbortSignal) => carryOut({ key, action, given, limitMs, ending }))
      : () => ours({ ...context, stepMs: limitMs, marketMs: marketMs ?? nowMs, nominalMs }, given);
  if (begin === undefined)
    throw ApplicationFailure.nonRetryable(`there is no action "${action}"`, FAILURE_NAMES.unknownCheck);
  return boundedOutcome(await withHeartbeat(async (_say, ending) => begin(ending)));
}
