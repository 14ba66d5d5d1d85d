/** The activities of routines and resumption. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { ownerConnection, type PgConnection } from '../../backup/pg-programs.js';
import type { Check, CheckContext, Findings } from '../../checks/check.js';
import type { RunOwnAction } from '../../checks/own-actions.js';
import type { RunIdentity } from '../../contracts/evidence.js';
import { FAILURE_NAMES } from '../../contracts/failure-names.js';
import type { Notice } from '../../contracts/notice.js';
import type { OperationsActivities } from '../../contracts/operations-activities.js';
import type { CheckOutcome, CheckRequest, ReportRequest, RunVerdict } from '../../contracts/routine.js';
import type { TaskActivities } from '../../contracts/task.js';
import { chatVotesMax } from '../../desk/go-live-people.js';
import { realMoneyKindOf } from '../../domain/signed-vote.js';
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
  recordMissedRun,
} from '../../store/routine-run.js';
import { openTask, readTask } from '../../store/tasks.js';
import { aboutThisRun, activityKey } from '../activity-key.js';
import { type AlarmLog, raiseAlarm } from '../raise-alarm.js';
import { createEvidenceActivities } from '../record-evidence.js';
import { withHeartbeat } from '../with-heartbeat.js';
import { cancelledOrEnding } from '../worker-ends.js';
import { boundedOutcome } from './bounded-text.js';
import { createApprovalActivities, type RealMoneyVotes, verifyOrigin } from './create-approval-activities.js';
import { createBackupActivities } from './create-backup-activities.js';
import { followFindings } from './follow-findings.js';
import { runAction } from './run-action.js';
import { type RunningCommands, runCommand } from './run-command.js';
import { runHttp } from './run-http.js';

interface OperationsDependencies {
  readonly pool: Pool;
  readonly checks: ReadonlyMap<string, Check>;
  readonly context: CheckContext;
  readonly decisionKey: () => string;
  /** The connection as the database's owner, for backups. */
  readonly databaseOwner?: () => PgConnection;
  readonly nowMs: () => number;
  readonly log: AlarmLog;
  readonly runningCommands?: RunningCommands;
  /** Including reports from the desk's own folder; absent: none. */
  readonly reports?: ReadonlyMap<string, Report>;
  readonly ownAction?: RunOwnAction;
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
  const { pool, checks, context, decisionKey, nowMs, log } = dependencies;
  const { databaseOwner = () => ownerConnection(context.runtime) } = dependencies;
  const tell = (notice: Notice) => notify(pool, notice, context.runtime.home ?? null);
  return {
    ...createApprovalActivities({ pool, decisionKey, nowMs, tell, realMoney: realMoneyVotes(context) }),
    ...createTaskActivities(pool, tell),
    ...createEvidenceActivities(pool),
    ...createBackupActivities({
      ...{ pool, runtime: context.runtime, desk: context.desk },
      ...{ owner: databaseOwner, nowMs },
    }),
    runCheck: (request) =>
      withHeartbeat(() =>
        runCheck(checks, { ...context, stepMs: stepMs(request) }, request, (findings) =>
          followFindings(pool, context.desk.desk, findings, nowMs()),
        ),
      ),
    runReport: (request) =>
      withHeartbeat(() =>
        runReport(
          new Map([...REPORTS, ...(dependencies.reports ?? [])]),
          { ...context, stepMs: stepMs(request) },
          request,
          nowMs(),
        ),
      ),
    runAction: (run, request) => runAction(context, dependencies.ownAction, run, request, nowMs()),
    runCommand: (run, request) =>
      runCommand(context, dependencies.runningCommands, run, request, cancelledOrEnding(Context.current())),
    runHttp: (run, request) => runHttp(context, run, request, cancelledOrEnding(Context.current())),
    openRoutineRun: ({ desk, workflowId, firstRunId }, opened) =>
      beginRoutineRun(pool, { desk, workflowId, firstRunId, ...opened }),
    closeRoutineRun: async (run, { problems = [], ...closed }) => {
      const { workflowId, firstRunId } = run;
      await finishRoutineRun(pool, { workflowId, firstRunId, ...closed });
      const kept = await readRoutineProblems(pool, run);
      const said = kept?.problems.length === 0 ? { ...kept, problems } : kept;
      const notice = said && routineNotice(run, closed.verdict, said);
      if (notice) await tell(notice);
      const summary = closed.verdict === 'missed' ? null : await summaryOf(dependencies, run, closed.verdict);
      if (summary) await tell(summary);
    },
    recordMissed: (missed) => recordMissedRun(pool, missed),
    verifyDecision: async (decision) => verifyOrigin(decisionKey(), decision, nowMs()),
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
