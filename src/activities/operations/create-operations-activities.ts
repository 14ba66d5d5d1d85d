/** Everything that routines and resumption do outside themselves. */

import { ownerConnection } from '../../backup/owner-connection.js';
import type { PgConnection } from '../../backup/pg-programs.js';
import type { Check, CheckContext } from '../../checks/check.js';
import type { Notice } from '../../contracts/notice.js';
import type { OperationsActivities } from '../../contracts/operations-activities.js';
import { chatVotesMax } from '../../desk/go-live-people.js';
import { realMoneyKindOf } from '../../domain/signed-vote.js';
import { peoplesKeys } from '../../home/person-keys.js';
import { alarmNotice } from '../../notify/alarm-notice.js';
import { notify } from '../../notify/notify.js';
import { routineNotice } from '../../notify/routine-notice.js';
import type { Pool } from '../../store/pool.js';
import { beginRoutineRun, finishRoutineRun, readRoutineProblems } from '../../store/routine-run.js';
import { recordMissedRun } from '../../store/run-missed.js';
import { aboutThisRun, activityKey } from '../activity-key.js';
import { type AlarmLog, raiseAlarm } from '../raise-alarm.js';
import { createEvidenceActivities } from '../record-evidence.js';
import { createApprovalActivities, type RealMoneyVotes } from './create-approval-activities.js';
import { createBackupActivities } from './create-backup-activities.js';
import { createTaskActivities } from './create-task-activities.js';
import { runCheck } from './run-check.js';
import { runReport } from './run-report.js';
import { verifyOrigin } from './verify-origin.js';

export interface OperationsDependencies {
  readonly pool: Pool;
  readonly checks: ReadonlyMap<string, Check>;
  readonly context: CheckContext;
  readonly decisionKey: () => string;
  /** Who backups connect as. */
  readonly databaseOwner?: () => PgConnection;
  readonly nowMs: () => number;
  readonly log: AlarmLog;
}

function realMoneyVotes({ desk, runtime }: CheckContext): RealMoneyVotes | null {
  if (desk.mode !== 'live') return null;
  return {
    ...peoplesKeys(runtime.home),
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
    ...createBackupActivities({ pool, runtime: context.runtime, owner: databaseOwner, nowMs }),
    runCheck: (request) => runCheck(checks, context, request),
    runReport: (request) => runReport(context, request, nowMs()),
    openRoutineRun: ({ desk, workflowId, firstRunId }, opened) =>
      beginRoutineRun(pool, { desk, workflowId, firstRunId, ...opened }),
    closeRoutineRun: async (run, { problems = [], ...closed }) => {
      const { workflowId, firstRunId } = run;
      await finishRoutineRun(pool, { workflowId, firstRunId, ...closed });
      const kept = await readRoutineProblems(pool, run);
      const said = kept?.problems.length === 0 ? { ...kept, problems } : kept;
      const notice = said && routineNotice(run, closed.verdict, said);
      if (notice) await tell(notice);
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
