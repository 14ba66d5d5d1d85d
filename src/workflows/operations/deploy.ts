/**
 * `deploy:<desk>`: switches the desk to a build that was tested next to the running one, once people agree. Nothing is
 * switched until open runs can continue under the new build and a backup is verified. If the new build is unhealthy,
 * the former one is started again. Whatever halts the desk stays in force throughout.
 */
import {
  type ActivityInterfaceFor,
  allHandlersFinished,
  condition,
  defineQuery,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ApprovalOutcome } from '../../contracts/approval.js';
import {
  DEPLOY_MESSAGES,
  type DeployActivities,
  type DeployInput,
  type DeployResult,
} from '../../contracts/deploy.js';
import { operationsQueue } from '../../contracts/queues.js';
import type { StepResult } from '../../contracts/routine.js';
import type { PreparedBuild } from '../../domain/build.js';
import type { ApprovalParameters } from '../../domain/decision.js';
import { causeOf } from '../../domain/message-of.js';
import { CANCEL_ASKED, isCancelRequested, onCancelRequest } from '../cancellation.js';
import { EvidenceTrail } from '../evidence-trail.js';
import { showPhase, showVerdict } from '../show.js';
import { Approvals } from './approval.js';
import { recordCalls } from './operations-calls.js';
import { runAction } from './routine/actions.js';
import { lineOf, recordResult, type StepKind, type StepOutcome } from './routine/step.js';

const resultQuery = defineQuery<DeployResult | null>(DEPLOY_MESSAGES.result);
const ROUTINE = 'deploy';
const EXAMINED = 'tested, every open run would go on under it, and there is a way back';

interface Step {
  readonly key: string;
  readonly title: string;
  readonly kind: StepKind;
  readonly expected: string;
  readonly run: () => Promise<StepOutcome>;
}

export async function deploy(input: DeployInput): Promise<DeployResult> {
  const { desk, build, simulated, marketMs } = input;
  const records = recordCalls(desk, input.evidenceMs);
  const trail = new EvidenceTrail(desk, records);
  const approvals = new Approvals(desk);
  const results: StepResult[] = [];
  let result: DeployResult | null = null;
  setHandler(resultQuery, () => result);
  onCancelRequest(() => approvals.withdraw(`cancelled: ${CANCEL_ASKED}`));
  const trace = { routine: ROUTINE, attemptGroup: 0, marketMs, simulated, trail };
  let found: PreparedBuild | null = null;
  let isAsked = false;
  let by = '';

  const examine = async (): Promise<StepOutcome> => {
    const {
      build: prepared,
      problem: unfit,
      observed,
    } = await examineCalls(desk).examineBuild({ desk, build });
    const problem = unfit ?? otherCommit(found, prepared);
    found = prepared;
    return { verdict: problem === null ? 'pass' : 'fail', observed: problem ?? observed, expected: EXAMINED };
  };
  const agree = async (): Promise<StepOutcome> => {
    isAsked = true;
    const { state, detail, votes } = await askPeople(approvals, input, found);
    by = votes.map(({ person }) => person).join(' and ');
    const isAgreed = state === 'approved';
    const observed = `${state}: ${detail}`;
    return { verdict: isAgreed ? 'pass' : 'not_run', observed, expected: AGREED, person: by || null };
  };
  const backUp = (): Promise<StepOutcome> => {
    const { backupsKept, backupDays } = input;
    const nobody = { onResult: () => undefined, worthRecording: () => false };
    return runAction(
      'backup',
      {},
      { ...trace, desk, backupsKept, backupDays: backupDays ?? undefined, ...nobody },
    );
  };
  const switchTo = async (): Promise<StepOutcome> => {
    const { workflowId, firstExecutionRunId } = workflowInfo();
    const key = `${workflowId}:${firstExecutionRunId}`;
    const { switched, says } = await switchCalls(desk).switchBuild({ key, by, to: build });
    return { verdict: switched ? 'pass' : 'fail', observed: says, expected: SWITCHED, person: by };
  };
  const again = 'Still fit to take its place';
  const steps: readonly Step[] = [
    { key: 'examine', title: 'Fit to take its place', kind: 'check', expected: EXAMINED, run: examine },
    { key: 'agreed', title: 'People agree', kind: 'human', expected: AGREED, run: agree },
    {
      key: 'backup',
      title: 'Backup, verified',
      kind: 'action',
      expected: 'every step of it to pass',
      run: backUp,
    },
    { key: 'examine-again', title: again, kind: 'check', expected: EXAMINED, run: examine },
    { key: 'switch', title: 'Switched', kind: 'action', expected: SWITCHED, run: switchTo },
  ];

  for (const { key, title, kind, expected, run } of steps) {
    const startedMs = Date.now();
    showPhase(title, results.map(lineOf));
    const why = leftOut(results);
    const outcome: StepOutcome =
      why === null
        ? await run().catch(
            (error: unknown): StepOutcome => ({ verdict: 'fail', observed: causeOf(error), expected }),
          )
        : { verdict: 'not_run', observed: why, expected };
    const { reference = null, person = null, ...said } = outcome;
    results.push({ key, title, ...said });
    recordResult({ key, title, ...said }, startedMs, { ...trace, kind, reference, person });
  }
  const notPassed = results.find(({ verdict }) => verdict !== 'pass') ?? null;
  const verdict = notPassed?.verdict ?? 'pass';
  const detail =
    notPassed === null ? (results.at(-1)?.observed ?? '') : `${notPassed.title}: ${notPassed.observed}`;
  showPhase(`Deployment of ${build}: ${verdict}`, results.map(lineOf));
  showVerdict(verdict);
  result = { verdict, detail, steps: results };
  // People hear how a question ended from the question itself.
  if (notPassed?.key !== 'agreed' || !isAsked) await tell(records, input, result);
  await condition(() => trail.settled && allHandlersFinished());
  return result;
}

const AGREED = 'the desk’s approvers agree to this very build';
const SWITCHED = 'everything ends in order, is started as this build, and answers';

/** Null if this is the build that people were asked about, or if nobody was asked yet. */
function otherCommit(before: PreparedBuild | null, now: PreparedBuild | null): string | null {
  if (before === null || before.commit === now?.commit) return null;
  return `its commit is ${now?.commit} now; people were asked about ${before.commit}`;
}

/** Why the next step is left out; null if it should run. A switch that has begun is always finished. */
function leftOut(before: readonly StepResult[]): string | null {
  const failed = before.find(({ verdict }) => verdict !== 'pass');
  if (failed !== undefined) return `not run: "${failed.title}" did not pass`;
  return isCancelRequested() ? `not run: ${CANCEL_ASKED}` : null;
}

function askPeople(
  approvals: Approvals,
  input: DeployInput,
  prepared: PreparedBuild | null,
): Promise<ApprovalOutcome> {
  const { desk, build, approvalId, needed, person, reason } = input;
  return approvals.ask({
    id: approvalId,
    desk,
    kind: ROUTINE,
    subject: build,
    title: `Deploy ${build}: ${reason}`.slice(0, 200),
    parameters: termsOf(prepared),
    needed,
    roles: ['approver'],
    requestedBy: person,
    expiresMs: Date.now() + input.expiresAfterMs,
    remindEveryMs: input.remindEveryMs,
    escalateAfterMs: input.escalateAfterMs,
  });
}

function termsOf(prepared: PreparedBuild | null): ApprovalParameters {
  const { commit = '', version = '', from = '', updated = [], testsTookMs = 0 } = prepared ?? {};
  return {
    commit,
    version,
    from,
    packages: updated.length === 0 ? 'those of the checkout' : `updated: ${updated.join(', ')}`,
    tests: `all of them have passed, in ${Math.round(testsTookMs / 1_000)} s`,
    before: 'a backup is taken and verified',
    downtime: 'everything ends and is started again; positions keep the stops that rest at the venue',
    wayBack: 'where it does not answer in its time, the build that runs now is started again',
    trading: 'begins by the desk file’s rule for starts; a halt stays in force',
  };
}

async function tell(
  records: ReturnType<typeof recordCalls>,
  { desk, build }: DeployInput,
  { verdict, detail }: DeployResult,
): Promise<void> {
  const isDone = verdict === 'pass';
  const { workflowId, firstExecutionRunId } = workflowInfo();
  await records.notify
    .executeWithOptions({ summary: 'Tell people how it went' }, [
      {
        desk,
        event: isDone ? 'system' : 'warning',
        severity: isDone ? 'info' : 'warning',
        title: `${desk}: build ${build} ${isDone ? 'runs' : 'was not deployed'}`,
        text: isDone
          ? detail
          : `${detail}\nWhat ran before goes on, or is started again. Look: fermata status.`,
        workflowId,
        fingerprint: `deploy:${workflowId}:${firstExecutionRunId}`,
        audience: ['operator', 'approver'],
      },
    ])
    .catch(() => {});
}

/** Fetches and replays the history of each open run. */
function examineCalls(desk: string): Pick<ActivityInterfaceFor<DeployActivities>, 'examineBuild'> {
  return proxyActivities<DeployActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '20 seconds',
    scheduleToCloseTimeout: '30 minutes',
    retry: { maximumAttempts: 5, initialInterval: '1 second' },
  });
}

/** Retried, because its worker and Temporal itself end for the duration of the switch. */
function switchCalls(desk: string): Pick<ActivityInterfaceFor<DeployActivities>, 'switchBuild'> {
  return proxyActivities<DeployActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '30 seconds',
    scheduleToCloseTimeout: '1 day',
    retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
  });
}
