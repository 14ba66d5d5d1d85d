/**
 * What it takes to trade again after one halt: why it stopped, the checks again, the venue's book compared, then a
 * decision by the desk file's rule or by a person, then arming by quoting the trader's halt id. Never lifts a
 * person's stop by itself; the trader checks all of it once more.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { TraderSituation } from '../../../activities/engine/read-situation.js';
import type { Decision } from '../../../trader/protocol.js';
import { causeOf } from '../../show.js';
import {
  type DecisionOutcome,
  RESUMPTION_MESSAGES,
  type ResumptionInput,
  type ResumptionProgress,
} from './contract.js';
import { ResumptionRun } from './resumption-run.js';

const progressQuery = defineQuery<ResumptionProgress>(RESUMPTION_MESSAGES.progress);
const lookAgainSignal = defineSignal(RESUMPTION_MESSAGES.lookAgain);
const decideUpdate = defineUpdate<DecisionOutcome, [Decision]>(RESUMPTION_MESSAGES.decide);

export async function resumption(input: ResumptionInput): Promise<ResumptionProgress> {
  const run = new ResumptionRun(input);
  setHandler(progressQuery, () => run.progress);
  setHandler(lookAgainSignal, () => run.wake());
  setHandler(decideUpdate, (decision) => run.decide(decision), {
    validator: (decision) => run.refuseUnfit(decision),
  });

  while (!run.ended) {
    if (workflowInfo().continueAsNewSuggested) {
      await condition(() => allHandlersFinished() && run.trail.settled);
      await continueAsNew<typeof resumption>(run.carriedOver());
    }
    try {
      await lookOnce(run);
    } catch (error) {
      run.waitFor(`the trader to answer (${causeOf(error)})`);
    }
    if (!run.ended) await run.pause();
  }
  await condition(() => allHandlersFinished() && run.trail.settled);
  return run.progress;
}

/** Once through the procedure; returns early with what is missing. */
async function lookOnce(run: ResumptionRun): Promise<void> {
  const situation = await run.look();
  if (run.ended) return;
  await run.showEvidence(situation);
  const permission = permissionOf(situation, run.decisions);
  if (!permission.granted && run.checked) {
    run.waitFor(permission.waitsFor);
    return;
  }
  const dirty = await run.check();
  if (dirty.length > 0) {
    run.waitFor(`these checks to pass: ${dirty.join('; ')}`);
    return;
  }
  if (situation.reconciliation !== 'clean') {
    const problem = await run.reconcile(situation.differences);
    if (problem !== null) {
      run.waitFor(`the venue's book and ours to agree: ${problem}`);
      return;
    }
  }
  if (!permission.granted) {
    run.waitFor(permission.waitsFor);
    return;
  }
  await run.arm(situation, permission.by);
}

type Permission =
  | { readonly granted: true; readonly by: string }
  | { readonly granted: false; readonly waitsFor: string };

/** The strictest rule of all active halts counts. A person may do what the rule would do later. */
export function permissionOf(
  situation: Pick<TraderSituation, 'rule' | 'nextDay'>,
  decisions: readonly Pick<Decision, 'person'>[],
): Permission {
  const people = [...new Set(decisions.map(({ person }) => person))];
  if (situation.rule === 'two-people') {
    if (people.length >= 2) return { granted: true, by: people.join(' and ') };
    return { granted: false, waitsFor: `${2 - people.length} more of two people to decide` };
  }
  const [person] = people;
  if (person !== undefined) return { granted: true, by: person };
  if (situation.rule === 'auto' || situation.rule === null) return { granted: true, by: 'rule auto' };
  if (situation.rule === 'next-day') {
    if (situation.nextDay?.reached) return { granted: true, by: 'rule next-day' };
    const at = situation.nextDay ? new Date(situation.nextDay.atMarketMs).toISOString() : 'its begin';
    return {
      granted: false,
      waitsFor: `the next trading day (${at} by market time), or a person's decision`,
    };
  }
  return { granted: false, waitsFor: 'a person to decide' };
}
