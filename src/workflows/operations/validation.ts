/**
 * Go-live validation: paper-trades for exactly the time that was asked for, judges it, writes the report down and tells
 * people. The trading itself is one long activity that goes on where it ended, whatever dies meanwhile.
 */
import { condition, proxyActivities } from '@temporalio/workflow';
import type {
  ValidationActivities,
  ValidationOutcome,
} from '../../activities/validation/create-validation-activities.js';
import type { Verdict } from '../evidence.js';
import { EvidenceTrail } from '../evidence-trail.js';
import { operationsQueue } from '../queues.js';
import { showPhase, showVerdict } from '../show.js';
import { recordCalls } from './operations-calls.js';

export interface ValidationInput {
  readonly desk: string;
  readonly id: string;
  readonly durationMs: number;
  readonly person: string;
  /** The longest that the paper trading may take, waiting for a worker included. Wall milliseconds. */
  readonly runMsMax: number;
  /** A process that is silent for this long is taken for dead. */
  readonly silentMs: number;
  readonly evidenceMs: number;
}

export async function validation(input: ValidationInput): Promise<ValidationOutcome> {
  const { desk, id, evidenceMs } = input;
  const hours = input.durationMs / 3_600_000;
  const trail = new EvidenceTrail(desk, recordCalls(desk, evidenceMs));
  const startedMs = Date.now();

  showPhase(`Paper trading for ${hours} h of market time`, [
    'How far it is: see the heartbeat of the activity',
  ]);
  const outcome = await runCalls(input).runValidation.executeWithOptions(
    { summary: `Paper-trade ${hours} h and judge it` },
    [{ desk, id }],
  );
  showPhase(`${outcome.recommendation}: writing it down`, outcome.summary.split('\n'));
  record(trail, input, outcome, startedMs);
  const writing = writeCalls(input);
  await Promise.all([
    writing.recordValidationReport.executeWithOptions({ summary: 'Keep the signed report' }, [{ desk, id }]),
    writing.announceValidation.executeWithOptions({ summary: 'Tell people' }, [{ desk, id }]),
  ]);
  showVerdict(outcome.recommendation === 'GO' ? 'pass' : 'fail');
  showPhase(outcome.recommendation, outcome.summary.split('\n'));
  await condition(() => trail.settled);
  return outcome;
}

function runCalls({ desk, runMsMax, silentMs }: ValidationInput) {
  return proxyActivities<ValidationActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: runMsMax,
    scheduleToCloseTimeout: runMsMax,
    heartbeatTimeout: silentMs,
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
  });
}

function writeCalls({ desk, evidenceMs }: ValidationInput) {
  return proxyActivities<ValidationActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: evidenceMs,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  });
}

function record(
  trail: EvidenceTrail,
  { desk, person, id }: ValidationInput,
  outcome: ValidationOutcome,
  startedMs: number,
): void {
  const marketMs = outcome.reached === null ? null : Date.parse(outcome.reached);
  const common = { routine: 'validation', attemptGroup: 0, startedMs, finishedMs: Date.now(), marketMs };
  const add = (
    stepKey: string,
    name: string,
    verdict: Verdict,
    texts: { readonly observed: string; readonly expected: string },
    kind: 'check' | 'report' = 'check',
  ): void =>
    trail.add({
      ...common,
      stepKey,
      name,
      kind,
      verdict,
      ...texts,
      person,
      reference: outcome.hash,
      simulated: outcome.simulated,
    });
  for (const { name, title, passed, text, expected } of outcome.verdicts) {
    add(name, title, passed ? 'pass' : 'fail', { observed: text, expected });
  }
  add('data', 'Data whole and thick enough', outcome.dataProblems.length === 0 ? 'pass' : 'fail', {
    observed: outcome.dataProblems.join('; ') || 'nothing speaks against it',
    expected: 'no gap, no missing hour, prices to the end',
  });
  add('trading', 'Traded all the time', outcome.standstills.length === 0 ? 'pass' : 'fail', {
    observed: outcome.standstills.join('; ') || 'it did',
    expected: 'no long halt, and no strategy that stayed switched off',
  });
  const verdict = outcome.recommendation === 'GO' ? 'pass' : 'fail';
  const texts = { observed: `${outcome.recommendation} (${id}, ${desk})`, expected: 'GO' };
  add('recommendation', 'Recommendation', verdict, texts, 'report');
}
