/**
 * One routine of the desk's runbook, whatever its steps: started no later than allowed, checks in parallel, then the
 * desk file's reaction to each failure.
 */
import {
  ApplicationFailure,
  condition,
  defineQuery,
  patched,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { CommandResult } from '../../../contracts/control.js';
import { NOT_KEPT } from '../../../contracts/emergency.js';
import { VERDICT_RANK, type Verdict } from '../../../contracts/evidence.js';
import { FAILURE_NAMES, NOT_ON_DISK } from '../../../contracts/queues.js';
import {
  owedKeys,
  ROUTINE_FAILED,
  ROUTINE_MESSAGES,
  type RoutineInput,
  type RoutineResult,
  type RoutineStep,
  type RoutineVerdict,
  type StepResult,
} from '../../../contracts/routine.js';
import { causeOf, isCausedBy } from '../../../domain/message-of.js';
import { RESUME_RANK, type ResumeRule } from '../../../domain/mode.js';
import { iso } from '../../../domain/moment.js';
import { CANCEL_ASKED, isCancelRequested } from '../../cancellation.js';
import { EvidenceTrail, runIdentity } from '../../evidence-trail.js';
import { showDetails, showPhase, showVerdict } from '../../show.js';
import { decisionCalls, keepCalls, owedCalls, recordCalls, traderCalls } from '../operations-calls.js';
import { isLacking, runSteps } from './run-steps.js';
import { type Budget, lineOf, recordResult } from './step.js';

/** Runs that began before this patch may end while their evidence is still being written. */
const CLOSES_LAST = 'routine-closes-after-its-evidence';
/** Runs that began before this patch fail if a required step was not run, and halt nothing. */
const REQUIRED_HAS_TO_PASS = 'a-required-step-has-to-pass';
/** Runs that began before this patch halt only once every step has ended, for all failures together. */
const HALTS_AT_ONCE = 'a-step-halts-at-once';
/** Runs that began before this patch end as completed, whatever they found. */
const FAILED_ENDS_AS_FAILED = 'a-failed-routine-ends-as-failed';
/** Runs that began before this patch give a halt up that did not reach the trader. */
const OWES_UNSENT = 'a-halt-that-did-not-arrive-is-owed';
/** Each run that began before this patch sends its own halt again, whatever an earlier one owes. */
const OWES_ONCE = 'a-halt-is-owed-once';
const PROBLEMS_MAX = 20;
const OBSERVED_MAX = 500;

const resultQuery = defineQuery<RoutineResult>(ROUTINE_MESSAGES.result);

export async function routine(input: RoutineInput): Promise<RoutineResult> {
  const records = recordCalls(input.desk, input.evidenceMs);
  const trail = new EvidenceTrail(input.desk, records);
  const steps: StepResult[] = [];
  const owed: Promise<void>[] = [];
  let verdict: RoutineVerdict | null = null;
  let missed: string | null = null;
  setHandler(resultQuery, () => ({ verdict, steps }));

  const startedMs = Date.now();
  const byHandMs = await marketTimeOf(input);
  const nominalMs = byHandMs ?? input.nominalMs ?? scheduledMs() ?? startedMs;
  const marketMs = byHandMs ?? input.marketMs ?? startedMs;
  if (byHandMs === null && isRepeated(input, nominalMs)) {
    verdict = 'not_run';
    showPhase('Not run', [`the clocks show the time of ${iso(nominalMs)} once more: it is due then`]);
    showVerdict(verdict);
    return { verdict, steps };
  }
  const run = runIdentity(input.desk);
  const opened = records
    .openRoutineRun(run, {
      routine: input.name,
      title: input.title,
      nominalMs,
      startedMs,
      cause: input.cause,
    })
    .catch(() => {});

  if (isTooLate(input, marketMs - nominalMs)) {
    verdict = 'missed';
    missed = `due ${iso(nominalMs)}, began ${iso(marketMs)}: later than ${input.latestMinutes} minutes`;
    showPhase('Missed', [missed]);
    const { desk, name: routine } = input;
    await records.recordMissed({ desk, routine, nominalMs, reason: missed }).catch(() => {});
  } else {
    const { desk, name: routine, simulated, backupsKept, backupDays } = input;
    const context = { desk, routine, simulated, backupsKept, backupDays, marketMs, nominalMs, trail };
    const halting = new Map<string, Promise<void>>();
    const following = { trail, marketMs, owed };
    showPhase('Checking', [`${input.steps.length} steps`]);
    const results = await runSteps(input.steps, {
      ...context,
      attemptGroup: 0,
      budget: budgetOf(input, startedMs),
      isCancelled: isCancelRequested,
      worthRecording: () => true,
      onResult: (result) => {
        steps.push(result);
        if (
          hasFailed(input, steps, result) &&
          stepOf(input, result.key)?.onFail === 'halt' &&
          patched(HALTS_AT_ONCE)
        )
          halting.set(result.key, halt(input, [result], following, `halt:${result.key}`));
        const phase = `Checking: ${steps.length} of ${input.steps.length}`;
        showDetails(phase, steps.map(lineOf));
      },
    });
    await Promise.all(halting.values());
    await followUp(input, results, halting, following);
    verdict = verdictOf(input.steps, results);
    if (isCancelRequested()) {
      if (verdict === 'pass') verdict = 'warn';
      const cancelled = cancelledStep(results);
      steps.push(cancelled);
      recordResult(cancelled, startedMs, { ...context, attemptGroup: 0, kind: 'report' });
    }
    showPhase(`${input.title}: ${verdict}`, results.map(lineOf));
  }
  showVerdict(verdict);
  await opened;
  const closesLast = patched(CLOSES_LAST);
  // Anyone who is told of the failed steps must find them on record.
  if (closesLast) await condition(() => trail.settled);
  const isProblem = (result: StepResult) =>
    result.verdict === 'fail' || result.verdict === 'warn' || isLacking(result, input.steps, steps);
  const problems = steps.filter(isProblem).map(problemOf);
  if (missed !== null) problems.push({ name: 'Missed', verdict: 'warn', observed: missed });
  const said = closesLast ? { problems: problems.slice(0, PROBLEMS_MAX) } : {};
  await records.closeRoutineRun(run, { verdict, finishedMs: Date.now(), ...said }).catch(() => {});
  if (!closesLast) await condition(() => trail.settled);
  if (owed.length > 0) {
    showPhase(`${input.title}: its halt is still being sent`, steps.map(lineOf));
    await Promise.all(owed);
    await condition(() => trail.settled);
    showPhase(`${input.title}: ${verdict}`, steps.map(lineOf));
  }
  if (verdict === 'fail' && patched(FAILED_ENDS_AS_FAILED)) throw failureOf(input, { verdict, steps });
  return { verdict, steps };
}

/** Everything is written and sent by then; the failure makes Temporal's list show the routine as failed. */
function failureOf({ title, steps }: RoutineInput, result: RoutineResult): ApplicationFailure {
  const failed = result.steps
    .filter((step) => step.verdict === 'fail' || isLacking(step, steps, result.steps))
    .map((step) => step.title);
  const failure = ApplicationFailure.create({
    message: `${title} failed: ${failed.join(', ')}`,
    type: ROUTINE_FAILED,
    nonRetryable: true,
    details: [result],
  });
  // A stack trace says nothing about what failed.
  failure.stack = '';
  return failure;
}

/**
 * Market time of a run that a person triggered on a market with its own clock (the schedule stays paused
 * there). Null: wall time applies, or no trader answers.
 */
async function marketTimeOf({ desk, marketClock, incarnation }: RoutineInput): Promise<number | null> {
  if (marketClock !== true || incarnation === null) return null;
  const summary = 'What time is it on the market?';
  const calls = traderCalls(desk, incarnation);
  const situation = await calls.readSituation.executeWithOptions({ summary }, []).catch(() => null);
  return situation?.marketMs ?? null;
}

/** The nominal time of a scheduled run, in milliseconds; it stays true when the run starts late. */
function scheduledMs(): number | null {
  const value = workflowInfo().searchAttributes.TemporalScheduledStartTime?.[0];
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' ? Date.parse(value) : null;
}

function budgetOf({ budgetMinutes }: RoutineInput, startedMs: number): Budget | undefined {
  if (budgetMinutes === undefined) return undefined;
  const untilMs = startedMs + budgetMinutes * 60_000;
  return { minutes: budgetMinutes, untilMs, over: sleep(Math.max(1, untilMs - Date.now())) };
}

/** In the hour that clocks repeat, a schedule may start it twice; the second time counts. */
const isRepeated = ({ repeatedMs = [] }: RoutineInput, nominalMs: number): boolean =>
  repeatedMs.includes(nominalMs);

/** A routine that a person or a start asks for is never too late. */
function isTooLate({ cause, latestMinutes }: RoutineInput, lateMs: number): boolean {
  return (cause === 'schedule' || cause === 'market-clock') && lateMs > latestMinutes * 60_000;
}

/** A failure counts as much as the desk file says: one that is only noted leaves the routine clean. */
function verdictOf(steps: readonly RoutineStep[], results: readonly StepResult[]): Verdict {
  const weighed = results.map((result): Verdict => {
    const { key, verdict } = result;
    if (verdict === 'not_run') return isLacking(result, steps, results) ? 'fail' : 'pass';
    if (verdict !== 'fail') return verdict;
    const onFail = steps.find((one) => one.key === key)?.onFail;
    if (onFail === 'note') return 'pass';
    return onFail === 'warn' ? 'warn' : 'fail';
  });
  return weighed.reduce<Verdict>(
    (worst, verdict) => (VERDICT_RANK[verdict] > VERDICT_RANK[worst] ? verdict : worst),
    'pass',
  );
}

function cancelledStep(results: readonly StepResult[]): StepResult {
  const leftOut = results.filter(({ verdict }) => verdict === 'not_run').map(({ title }) => title);
  return {
    key: 'cancelled',
    title: 'Cancelled',
    verdict: 'warn',
    observed: `${CANCEL_ASKED}; left out: ${leftOut.join(', ') || 'nothing, every step had begun'}`,
    expected: 'every step is run',
  };
}

const problemOf = ({ title, verdict, observed }: StepResult) => ({
  name: title,
  verdict,
  observed: observed.slice(0, OBSERVED_MAX),
});

/** How long opening an incident may take; after that it is an alarm. */
const INCIDENT_MS = 30_000;
/** Runs that began before there were incidents continue without them. */
const INCIDENTS_EXIST = 'incidents-exist';

interface FollowUpContext {
  readonly trail: EvidenceTrail;
  readonly marketMs: number;
  /** Halts that did not reach the trader, or that it could not write: the run ends once they are on disk. */
  readonly owed: Promise<void>[];
}

/**
 * The consequences of a routine's failed steps, by the desk file: an alarm, an incident, or a halt of
 * trading.
 */
async function followUp(
  input: RoutineInput,
  results: readonly StepResult[],
  halted: ReadonlyMap<string, unknown>,
  context: FollowUpContext,
): Promise<void> {
  const wanting = (action: 'incident' | 'halt') =>
    results.filter(({ key }) => stepOf(input, key)?.onFail === action);
  const incidents = wanting('incident').filter(({ verdict }) => verdict === 'fail');
  const halts = wanting('halt').filter(
    (result) => !halted.has(result.key) && hasFailed(input, results, result),
  );
  await Promise.all([
    ...incidents.map((step) => openIncident(input, step, context)),
    halt(input, halts, context),
  ]);
}

/**
 * For a halt, a required step that was not run counts too; an incident needs an observed failure. `ended`:
 * the results so far.
 */
function hasFailed({ steps }: RoutineInput, ended: readonly StepResult[], result: StepResult): boolean {
  return result.verdict === 'fail' || (isLacking(result, steps, ended) && patched(REQUIRED_HAS_TO_PASS));
}

const stepOf = ({ steps }: RoutineInput, key: string) => steps.find((step) => step.key === key);

/** If no incident can be opened, raises an alarm instead. */
async function openIncident(input: RoutineInput, step: StepResult, context: FollowUpContext): Promise<void> {
  const detail = `${step.title}: ${step.observed}`;
  if (!patched(INCIDENTS_EXIST)) return alarm(input, detail, step.key, context);
  const symptom = {
    kind: stepOf(input, step.key)?.incident ?? 'step-failed',
    subject: `${input.name}.${step.key}`,
    key: `${workflowInfo().firstExecutionRunId}:${step.key}`,
    source: `routine ${input.name}`,
    title: `${input.title}: ${step.title}`,
    detail,
  } as const;
  try {
    await keepCalls(input.desk, INCIDENT_MS).reportIncident.executeWithOptions(
      { summary: detail.slice(0, 200) },
      [symptom],
    );
    context.trail.add({
      ...action(input, context, `incident:${step.key}`, 'Incident opened'),
      verdict: 'warn',
      observed: detail,
    });
  } catch (error) {
    await alarm(input, `${detail} (no incident was opened: ${causeOf(error)})`, step.key, context);
  }
}

async function halt(
  input: RoutineInput,
  failed: readonly StepResult[],
  context: FollowUpContext,
  stepKey = 'halt',
): Promise<void> {
  if (failed.length === 0) return;
  const why = failed.map(({ title, observed }) => `${title}: ${observed}`).join('; ');
  const reason = `${input.title}: ${why}`.slice(0, 500);
  if (input.incarnation === null) {
    await alarm(input, `no trader is known to halt; ${reason}`, stepKey, context);
    return;
  }
  const startedMs = Date.now();
  const { desk, incarnation: trader } = input;
  const summary = `Halt trading: ${failed.map(({ title }) => title).join(', ')}`;
  const command = {
    commandId: `${workflowInfo().firstExecutionRunId}:${stepKey}`,
    by: `routine ${input.name}`,
    reason,
    cause: 'check-failed' as const,
    resume: strictest(failed.map(({ key }) => stepOf(input, key)?.resume ?? input.haltRule)),
  };
  const record = ({ ok, detail: observed }: CommandResult, key = stepKey) =>
    context.trail.add({
      ...action(input, context, key, 'Trading halted'),
      verdict: ok ? 'pass' : 'fail',
      observed,
      startedMs,
    });
  try {
    record(await traderCalls(desk, trader).sendHalt.executeWithOptions({ summary }, [command]));
  } catch (error) {
    const isUnwritten = isCausedBy(error, NOT_ON_DISK);
    if (!isUnwritten && (isCausedBy(error, FAILURE_NAMES.refusedByTrader) || !patched(OWES_UNSENT))) {
      await alarm(input, `the trader could not be halted (${causeOf(error)}); ${reason}`, stepKey, context);
      return;
    }
    const state = isUnwritten ? `trading is halted, and ${NOT_KEPT.sentAgain}` : NOT_ARRIVED;
    const text = `${state} (${causeOf(error)}); ${reason}`;
    if (patched(OWES_ONCE) && (await isOwed())) {
      context.trail.add({
        ...action(input, context, `alarm:${stepKey}`, 'Halt owed by an earlier run'),
        kind: 'report',
        verdict: 'warn',
        observed: text,
      });
      return;
    }
    context.owed.push(keepHalted());
    await alarm(input, text, stepKey, context, owedKeys(stepKey).owed);
  }

  /** A breaker may fail every minute while the disk is full: one run sends the halt, and people were told by it. */
  async function isOwed(): Promise<boolean> {
    const { isHaltOwed } = decisionCalls(desk);
    return isHaltOwed
      .executeWithOptions({ summary: 'Does an earlier run send this halt?' }, [
        runIdentity(desk),
        { routine: input.name, stepKey, incarnation: trader },
      ])
      .catch(() => false);
  }

  async function keepHalted(): Promise<void> {
    try {
      const kept = owedCalls(desk, trader).sendHalt;
      record(
        await kept.executeWithOptions({ summary: 'Halt again, until it is on disk' }, [command]),
        owedKeys(stepKey).kept,
      );
    } catch (error) {
      const state = isCausedBy(error, NOT_ON_DISK)
        ? 'trading is halted, and still not on disk'
        : 'it is not known whether trading is halted: the halt did not arrive, or was not on disk';
      const text = `${state} (${causeOf(error)}): look at fermata status, and stop the desk; ${reason}`;
      await alarm(input, text, stepKey, context, owedKeys(stepKey).gaveUp);
    }
  }
}

const NOT_ARRIVED =
  'the trader could not be halted yet: it is not known whether it trades, and the halt is sent again until it takes it, also once it is started again';

const strictest = (rules: readonly ResumeRule[]): ResumeRule =>
  rules.reduce((one, other) => (RESUME_RANK[other] > RESUME_RANK[one] ? other : one));

async function alarm(
  input: RoutineInput,
  text: string,
  key: string,
  context: FollowUpContext,
  evidenceKey = `alarm:${key}`,
): Promise<void> {
  context.trail.add({
    ...action(input, context, evidenceKey, 'Alarm'),
    kind: 'report',
    verdict: 'warn',
    observed: text,
  });
  await decisionCalls(input.desk)
    .raiseAlarm.executeWithOptions({ summary: `Alarm: ${text}`.slice(0, 200) }, [{ desk: input.desk, text }])
    .catch(() => {});
}

function action(input: RoutineInput, context: FollowUpContext, stepKey: string, name: string) {
  return {
    routine: input.name,
    stepKey,
    attemptGroup: 0,
    name,
    kind: 'action' as const,
    expected: 'what the desk file says about this failure',
    startedMs: Date.now(),
    finishedMs: Date.now(),
    marketMs: context.marketMs,
    person: null,
    reference: input.incarnation,
    simulated: input.simulated,
  };
}
