/** What blocks trading again, whoever decides: checks that fail, and books that differ. */

import { causeOf } from '../../../domain/cause-of.js';
import { showPhase } from '../../show.js';
import { runSteps } from '../routine/run-steps.js';
import { lineOf } from '../routine/step.js';
import type { ResumptionRun } from './resumption-run.js';

/** Repeats the checks; returns those that block trading. */
export async function failingChecks(run: ResumptionRun): Promise<string[]> {
  const { steps, desk, simulated } = run.input;
  showPhase(`Resumption of ${desk}: checking again`, [run.situation?.reason ?? '']);
  const results = await runSteps(steps, {
    desk,
    routine: 'resumption',
    attemptGroup: run.cycle,
    marketMs: run.situation?.marketMs ?? null,
    simulated,
    trail: run.findings.trail,
    onResult: () => {},
    worthRecording: ({ key, verdict }) => run.findings.isNews(key, verdict),
  });
  run.isChecked = true;
  const blocking = new Set(
    steps.filter(({ onFail }) => onFail !== 'note' && onFail !== 'warn').map(({ key }) => key),
  );
  return results.filter(({ key, verdict }) => verdict === 'fail' && blocking.has(key)).map(lineOf);
}

/** Null if our book and the venue's agree; otherwise the difference. */
export async function reconcile(run: ResumptionRun, differences: readonly string[]): Promise<string | null> {
  const startedMs = Date.now();
  let problem: string | null = null;
  let observed: string;
  try {
    const outcome = await run.engine.reconcile.executeWithOptions(
      { summary: "Compare our book with the venue's" },
      [run.command('reconcile', 'before arming')],
    );
    observed = outcome.detail;
  } catch (error) {
    observed = [causeOf(error), ...differences].join('; ');
    problem = observed;
  }
  const verdict = problem === null ? 'pass' : 'fail';
  if (run.findings.isNews('reconcile', verdict)) {
    run.record(startedMs, {
      stepKey: 'reconcile',
      name: "Our book and the venue's",
      kind: 'check',
      verdict,
      observed,
      expected: 'no difference',
    });
  }
  return problem;
}
