/**
 * One routine of the desk's runbook, whatever its steps: not later than allowed, checks side by side, then what the
 * desk file says about each failure.
 */
import { condition, defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';
import { VERDICT_RANK, type Verdict } from '../../evidence.js';
import { EvidenceTrail, runIdentity } from '../../evidence-trail.js';
import { showDetails, showPhase, showVerdict } from '../../show.js';
import { recordCalls } from '../operations-calls.js';
import {
  ROUTINE_MESSAGES,
  type RoutineInput,
  type RoutineResult,
  type RoutineStep,
  type RoutineVerdict,
  type StepResult,
} from './contract.js';
import { followUp } from './follow-up.js';
import { lineOf, runSteps } from './run-steps.js';

const resultQuery = defineQuery<RoutineResult>(ROUTINE_MESSAGES.result);

export async function routine(input: RoutineInput): Promise<RoutineResult> {
  const records = recordCalls(input.desk, input.evidenceMs);
  const trail = new EvidenceTrail(input.desk, records);
  const steps: StepResult[] = [];
  let verdict: RoutineVerdict | null = null;
  setHandler(resultQuery, () => ({ verdict, steps }));

  const startedMs = Date.now();
  const nominalMs = input.nominalMs ?? scheduledMs() ?? startedMs;
  const marketMs = input.marketMs ?? startedMs;
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
    const reason = `due ${iso(nominalMs)}, began ${iso(marketMs)}: later than ${input.latestMinutes} minutes`;
    showPhase('Missed', [reason]);
    await records.recordMissed({ desk: input.desk, routine: input.name, nominalMs, reason }).catch(() => {});
  } else {
    const { desk, name: routine, simulated, backupsKept } = input;
    const context = { desk, routine, simulated, backupsKept, marketMs, trail };
    showPhase('Checking', [`${input.steps.length} steps`]);
    const results = await runSteps(input.steps, {
      ...context,
      attemptGroup: 0,
      worthRecording: () => true,
      onResult: (result) => {
        steps.push(result);
        const phase = `Checking: ${steps.length} of ${input.steps.length}`;
        showDetails(phase, steps.map(lineOf));
      },
    });
    await followUp(input, results, { trail, marketMs });
    verdict = verdictOf(input.steps, results);
    showPhase(`${input.title}: ${verdict}`, results.map(lineOf));
  }
  showVerdict(verdict);
  await opened;
  await records.closeRoutineRun(run, { verdict, finishedMs: Date.now() }).catch(() => {});
  await condition(() => trail.settled);
  return { verdict, steps };
}

/** The nominal time of a scheduled run; it stays true when the run starts late. */
function scheduledMs(): number | null {
  const value = workflowInfo().searchAttributes.TemporalScheduledStartTime?.[0];
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' ? Date.parse(value) : null;
}

/** What a person or a start asks for is never too late. */
function isTooLate({ cause, latestMinutes }: RoutineInput, lateMs: number): boolean {
  return (cause === 'schedule' || cause === 'market-clock') && lateMs > latestMinutes * 60_000;
}

/** A failure counts as much as the desk file lets it: noted, it leaves the routine clean. */
function verdictOf(steps: readonly RoutineStep[], results: readonly StepResult[]): Verdict {
  const weighed = results.map(({ key, verdict }): Verdict => {
    const step = steps.find((one) => one.key === key);
    if (verdict === 'not_run') return step?.required ? 'fail' : 'pass';
    if (verdict !== 'fail') return verdict;
    const onFail = step?.onFail;
    if (onFail === 'note') return 'pass';
    return onFail === 'warn' ? 'warn' : 'fail';
  });
  return weighed.reduce<Verdict>(
    (worst, verdict) => (VERDICT_RANK[verdict] > VERDICT_RANK[worst] ? verdict : worst),
    'pass',
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();
