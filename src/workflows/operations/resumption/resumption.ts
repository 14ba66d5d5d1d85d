/**
 * What it takes to trade again after one halt: why it stopped, the checks again, the venue's book compared, then a
 * decision by the desk file's rule or by a person, then arming by quoting the trader's halt id. Never lifts a
 * person's stop by itself; the trader checks all of it once more.
 */
import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type DecisionOutcome,
  RESUMPTION_MESSAGES,
  type ResumptionInput,
  type ResumptionProgress,
} from '../../../contracts/resumption.js';
import { causeOf } from '../../../domain/cause-of.js';
import type { Decision } from '../../../domain/decision.js';
import { onCancelRequest } from '../../cancellation.js';
import { arm } from './arm.js';
import { failingChecks, reconcile } from './clean.js';
import { Decisions } from './decisions.js';
import { permissionOf } from './permission.js';
import { ResumptionRun } from './resumption-run.js';
import { readSituation, showDrawdown } from './situation.js';

const progressQuery = defineQuery<ResumptionProgress>(RESUMPTION_MESSAGES.progress);
const lookAgainSignal = defineSignal(RESUMPTION_MESSAGES.lookAgain);
const decideUpdate = defineUpdate<DecisionOutcome, [Decision]>(RESUMPTION_MESSAGES.decide);

export async function resumption(input: ResumptionInput): Promise<ResumptionProgress> {
  const run = new ResumptionRun(input);
  const decisions = new Decisions(run);
  setHandler(progressQuery, () => run.progress);
  setHandler(lookAgainSignal, () => run.wake());
  setHandler(decideUpdate, (decision) => decisions.take(decision), {
    validator: (decision) => decisions.refuseUnfit(decision),
  });

  onCancelRequest(() => run.hold());

  while (!run.ended) {
    // A person who waits for an answer gets it in this run.
    if (workflowInfo().continueAsNewSuggested && run.settled)
      await continueAsNew<typeof resumption>(run.carriedOver());
    try {
      await lookOnce(run);
    } catch (error) {
      run.waitAfterFailure(causeOf(error));
    }
    if (!run.ended) await run.pause();
  }
  await condition(() => run.settled);
  return run.progress;
}

/** Once through the procedure; returns early with what is missing. */
async function lookOnce(run: ResumptionRun): Promise<void> {
  const situation = await readSituation(run);
  if (run.ended) return;
  await showDrawdown(run, situation);
  const permission = permissionOf(situation, run.heed(), run.held);
  if (!permission.granted && run.isChecked) {
    run.waitFor(permission.waitsFor);
    return;
  }
  const failing = await failingChecks(run);
  if (failing.length > 0) {
    run.waitFor(`these checks to pass: ${failing.join('; ')}`);
    return;
  }
  if (situation.reconciliation !== 'clean') {
    const problem = await reconcile(run, situation.differences);
    if (problem !== null) {
      run.waitFor(`the venue's book and ours to agree: ${problem}`);
      return;
    }
  }
  if (!permission.granted) {
    run.waitFor(permission.waitsFor);
    return;
  }
  if (run.held && run.decisions.length === 0) return run.waitFor('a person to decide: it was cancelled');
  await arm(run, situation, permission.by);
}
