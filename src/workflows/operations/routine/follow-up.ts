/** What the failure of a routine's step causes, by the desk file: an alarm, an incident, or a halt of trading. */
import { patched, workflowInfo } from '@temporalio/workflow';
import type { RoutineInput, StepResult } from '../../../contracts/routine.js';
import { causeOf } from '../../../domain/message-of.js';
import { RESUME_RANK, type ResumeRule } from '../../../domain/mode.js';
import type { EvidenceTrail } from '../../evidence-trail.js';
import { keepCalls } from '../incident/calls.js';
import { decisionCalls, traderCalls } from '../operations-calls.js';

/** How long opening an incident may take; after that it is an alarm. */
const INCIDENT_MS = 30_000;
/** Runs that began before there were incidents go on without them. */
const INCIDENTS_EXIST = 'incidents-exist';

interface FollowUpContext {
  readonly trail: EvidenceTrail;
  readonly marketMs: number;
}

export async function followUp(
  input: RoutineInput,
  results: readonly StepResult[],
  context: FollowUpContext,
): Promise<void> {
  const failed = results.filter(({ verdict }) => verdict === 'fail');
  const wanting = (action: 'incident' | 'halt') =>
    failed.filter(({ key }) => stepOf(input, key)?.onFail === action);
  await Promise.all([
    ...wanting('incident').map((step) => openIncident(input, step, context)),
    halt(input, wanting('halt'), context),
  ]);
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
): Promise<void> {
  if (failed.length === 0) return;
  const why = failed.map(({ title, observed }) => `${title}: ${observed}`).join('; ');
  const reason = `${input.title}: ${why}`.slice(0, 500);
  if (input.incarnation === null) {
    await alarm(input, `no trader is known to halt; ${reason}`, 'halt', context);
    return;
  }
  const startedMs = Date.now();
  try {
    const result = await traderCalls(input.desk, input.incarnation).sendHalt.executeWithOptions(
      { summary: `Halt trading: ${failed.map(({ title }) => title).join(', ')}` },
      [
        {
          commandId: `${workflowInfo().firstExecutionRunId}:halt`,
          by: `routine ${input.name}`,
          reason,
          cause: 'check-failed',
          resume: strictest(failed.map(({ key }) => stepOf(input, key)?.resume ?? input.haltRule)),
        },
      ],
    );
    record('halt', 'Trading halted', result.ok ? 'pass' : 'fail', result.detail);
  } catch (error) {
    await alarm(input, `the trader could not be halted (${causeOf(error)}); ${reason}`, 'halt', context);
  }

  function record(stepKey: string, name: string, verdict: 'pass' | 'fail', observed: string): void {
    context.trail.add({ ...action(input, context, stepKey, name), verdict, observed, startedMs });
  }
}

const strictest = (rules: readonly ResumeRule[]): ResumeRule =>
  rules.reduce((one, other) => (RESUME_RANK[other] > RESUME_RANK[one] ? other : one));

async function alarm(
  input: RoutineInput,
  text: string,
  key: string,
  context: FollowUpContext,
): Promise<void> {
  context.trail.add({
    ...action(input, context, `alarm:${key}`, 'Alarm'),
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
