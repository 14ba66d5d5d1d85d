/**
 * Go-live validation: trades on paper for exactly the requested time, judges the result, writes the report
 * and tells people. The trading is one long activity that resumes where it ended, whatever dies meanwhile.
 */

import { CancelledFailure, condition, proxyActivities } from '@temporalio/workflow';
import type { Verdict } from '../../contracts/evidence.js';
import type { GoLiveActivities, ValidationActivities, ValidationOutcome } from '../../contracts/go-live.js';
import type { PreflightReport } from '../../contracts/published.js';
import { operationsQueue } from '../../contracts/queues.js';
import { causeOf } from '../../domain/message-of.js';
import { CANCEL_ASKED, cancellable, isCancelRequested, tellCancelled } from '../cancellation.js';
import { EvidenceTrail } from '../evidence-trail.js';
import { showPhase, showVerdict } from '../show.js';
import { recordCalls } from './operations-calls.js';

export interface ValidationInput {
  readonly desk: string;
  readonly id: string;
  readonly durationMs: number;
  readonly person: string;
  /** The longest that the paper trading may take, including the wait for a worker. Wall milliseconds. */
  readonly runMsMax: number;
  /** A process that is silent for this long counts as dead. */
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
  const summary = `Paper-trade ${hours} h and judge it`;
  const calls = runCalls(input);
  const outcome = await cancellable(() =>
    calls.runValidation.executeWithOptions({ summary }, [{ desk, id }]),
  ).catch((error: unknown) => endEarly(input, trail, startedMs, error));
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

/** Records the reason as evidence, tells people, then rejects: there is no report, and nothing counts. */
async function endEarly(
  input: ValidationInput,
  trail: EvidenceTrail,
  startedMs: number,
  error: unknown,
): Promise<never> {
  const { desk, id, person } = input;
  const isCancelled = isCancelRequested();
  const why = isCancelled ? CANCEL_ASKED : causeOf(error);
  showPhase(isCancelled ? 'Cancelled' : 'Failed', [why]);
  showVerdict('fail');
  trail.add({
    routine: 'validation',
    stepKey: 'ended',
    attemptGroup: 0,
    name: 'Validation ended early',
    kind: 'report',
    verdict: 'fail',
    observed: `${why} (${id}, ${desk})`,
    expected: 'paper trading to its end, and a report',
    startedMs,
    finishedMs: Date.now(),
    marketMs: null,
    person,
    reference: id,
    simulated: true,
  });
  const records = recordCalls(desk, input.evidenceMs);
  const again = 'There is no report and nothing that counts. Begin again: fermata validate.';
  if (isCancelled) {
    tellCancelled(trail, records, { desk, what: `the validation ${id}`, severity: 'warning', text: again });
  } else {
    const notice = {
      desk,
      event: 'report',
      severity: 'warning',
      title: `Paper validation of ${desk}: failed`,
      text: `${why}. ${again}`,
      fingerprint: `validation:${desk}:${id}:failed`,
    } as const;
    trail.keep('telling', records.notify.executeWithOptions({ summary: 'Tell people' }, [notice]));
  }
  await condition(() => trail.settled);
  throw isCancelled ? new CancelledFailure(why) : error;
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

// The pre-flight checks, run where the keys are: the caller (web, command line) may have none.

interface PreflightInput {
  readonly desk: string;
}

export async function preflight({ desk }: PreflightInput): Promise<PreflightReport> {
  const { runPreflight } = proxyActivities<GoLiveActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '30 seconds',
    scheduleToCloseTimeout: '1 minute',
    retry: { initialInterval: '500 milliseconds' },
  });
  const report = await runPreflight.executeWithOptions({ summary: 'Look at exchange, key and limits' }, []);
  showVerdict(report.verdict);
  return report;
}
