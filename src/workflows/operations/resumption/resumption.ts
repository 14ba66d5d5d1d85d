/**
 * Resumes trading after one halt: records why trading stopped, repeats the checks, compares the venue's book, waits for
 * a decision by the desk file's rule or by a person, then arms by quoting the trader's halt id. Never lifts a person's
 * stop by itself; the trader checks all of it once more.
 */
import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { TraderSituation } from '../../../contracts/engine-activities.js';
import type { LookAgain } from '../../../contracts/incident.js';
import {
  type DecisionOutcome,
  RESUMPTION_MESSAGES,
  type ResumptionInput,
  type ResumptionProgress,
} from '../../../contracts/resumption.js';
import { blocksTrading } from '../../../contracts/routine.js';
import type { Decision } from '../../../domain/decision.js';
import { causeOf } from '../../../domain/message-of.js';
import { pastForTemporal } from '../../../domain/moment.js';
import { allBut } from '../../../domain/people-roles.js';
import { isUnsealed } from '../../../domain/unsealed.js';
import { onCancelRequest } from '../../cancellation.js';
import { showPhase } from '../../show.js';
import { endedText } from '../approval.js';
import { decisionCalls } from '../operations-calls.js';
import { isLacking, runSteps } from '../routine/run-steps.js';
import { lineOf } from '../routine/step.js';
import { ResumptionRun } from './resumption-run.js';
import { readSituation, showDrawdown } from './situation.js';

type Permission =
  | { readonly granted: true; readonly by: string }
  | { readonly granted: false; readonly waitsFor: string };

const progressQuery = defineQuery<ResumptionProgress>(RESUMPTION_MESSAGES.progress);
const lookAgainSignal = defineSignal<[LookAgain?]>(RESUMPTION_MESSAGES.lookAgain);
const decideUpdate = defineUpdate<DecisionOutcome, [Decision]>(RESUMPTION_MESSAGES.decide);

export async function resumption(input: ResumptionInput): Promise<ResumptionProgress> {
  const run = new ResumptionRun(input);
  const decisions = new Decisions(run);
  setHandler(progressQuery, () => run.progress);
  setHandler(lookAgainSignal, (told) => {
    run.asked.name(told);
    run.wake();
  });
  setHandler(decideUpdate, (decision) => decisions.take(decision), {
    validator: (decision) => decisions.refuseUnfit(decision),
  });

  onCancelRequest(() => run.hold());

  while (!run.ended) {
    // A person who waits for an answer gets it from this run, so it doesn't continue as new before that.
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

/** One pass through the procedure; returns at the first thing that is missing. */
async function lookOnce(run: ResumptionRun): Promise<void> {
  const situation = await readSituation(run);
  if (situation === null || run.ended) return;
  await showDrawdown(run, situation);
  const permission = permissionOf(situation, run.takeDecisions(), run.held);
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

/** Quotes the halt id and the decisions; the trader checks both once more. */
async function arm(run: ResumptionRun, situation: TraderSituation, by: string): Promise<void> {
  const startedMs = Date.now();
  showPhase(`Resumption of ${run.input.desk}: arming`, [`decided by ${by}`]);
  const decisions = run.takeDecisions();
  const said = {
    stepKey: 'arm',
    kind: 'decision',
    expected: 'the trader accepts the halt id and the decision',
    person: decisions[0]?.person ?? null,
  } as const;
  try {
    const outcome = await run.engine.arm.executeWithOptions({ summary: `Arm, decided by ${by}` }, [
      {
        ...run.command('arm', `resumption after: ${situation.reason}`.slice(0, 500)),
        by,
        haltId: run.input.haltId,
        configHash: situation.configHash,
        decisions,
      },
    ]);
    run.record(startedMs, { ...said, name: 'Armed', verdict: 'pass', observed: outcome.detail });
    run.end('armed', `armed, decided by ${by}`);
  } catch (error) {
    const observed = causeOf(error);
    // A refused decision is spent, and the person decides again.
    run.spend(decisions);
    if (decisions.length > 0 || run.findings.isNews('arm', 'fail'))
      run.record(startedMs, { ...said, name: 'Arming refused', verdict: 'fail', observed });
    run.waitFor(`the trader to accept arming: ${observed}`);
  }
}

/**
 * The strictest rule of all active halts counts. A person may do now what the rule would do later. `held`: no rule
 * counts any more.
 */
function permissionOf(
  situation: Pick<TraderSituation, 'rule' | 'nextDay'>,
  decisions: readonly Pick<Decision, 'person'>[],
  held: boolean,
): Permission {
  const people = [...new Set(decisions.map(({ person }) => person))];
  if (situation.rule === 'two-people') {
    if (people.length >= 2) return { granted: true, by: people.join(' and ') };
    return { granted: false, waitsFor: `${2 - people.length} more of two people to decide` };
  }
  const [person] = people;
  if (person !== undefined) return { granted: true, by: person };
  if (held) return { granted: false, waitsFor: 'a person to decide: this resumption was cancelled' };
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

/** In runs that began before this patch, each accepted decision is verified by itself. */
const ONE_ANSWER = 'a-decision-given-twice-at-once-has-one-answer';

/** People's decisions about one halt. Verified where the key is; each person's newest counts. */
class Decisions {
  /** By person, the decision being verified: an equal one has its answer, another one is refused meanwhile. */
  readonly #verifying = new Map<
    string,
    { readonly decision: Decision; readonly answer: Promise<DecisionOutcome> }
  >();

  constructor(private readonly run: ResumptionRun) {}

  /** Refuses a decision that is visibly invalid. Synchronous; throwing refuses the update, and nothing is recorded. */
  refuseUnfit(decision: Decision): void {
    const { ended, detail, input } = this.run;
    if (ended) throw new Error(`this resumption has ended: ${detail}`);
    if (isUnsealed(decision)) throw new Error('a decision in plain text counts for nothing');
    if (decision?.choice !== 'resume') throw new Error('expected the choice "resume"');
    if (decision.desk !== input.desk) throw new Error(`this is the desk ${input.desk}`);
    if (decision.subject !== input.haltId) throw new Error('the decision is about another halt');
    const nowMs = Date.now();
    if (!(decision.expiresWallMs > nowMs)) throw new Error(pastForTemporal(decision.expiresWallMs, nowMs));
    if (this.run.isSpent(decision)) throw new Error('this decision was used up: decide again');
    if (this.run.counts(decision)) throw new Error('this decision counts already');
    const earlier = this.#verifying.get(decision.person);
    if (earlier !== undefined && !isSameWish(earlier.decision, decision))
      throw new Error(
        `an earlier decision by ${decision.person} is being verified: decide again in a moment`,
      );
  }

  /** Returns the very promise: one more step in between could change the order of what the run does. */
  take(decision: Decision): Promise<DecisionOutcome> {
    const { person, atWallMs } = decision;
    const earlier = this.#verifying.get(person);
    if (earlier !== undefined && patched(ONE_ANSWER))
      return earlier.answer.then((outcome) => ({ ...outcome, atWallMs }));
    const answer = this.#decide(decision);
    this.#verifying.set(person, { decision, answer });
    return answer;
  }

  /** Lets the procedure continue, and waits for the outcome of the decision. */
  async #decide(decision: Decision): Promise<DecisionOutcome> {
    const { run } = this;
    const { person, via, choice, decisionId } = decision;
    const startedMs = Date.now();
    const before = run.decisions;
    let ended: readonly Decision[];
    try {
      const verified = await decisionCalls(run.input.desk).verifyDecision.executeWithOptions(
        { summary: `Did ${person} decide this?` },
        [decision, before],
      );
      // Builds of before answered nothing.
      ended = before.filter(({ decisionId }) => verified?.includes(decisionId));
    } finally {
      this.#verifying.delete(person);
    }
    run.record(startedMs, {
      stepKey: `decision:${decisionId}`,
      name: 'A person decides',
      kind: 'human',
      verdict: 'pass',
      observed: `${person} (${via}): ${choice}${sizeOf(decision)}${reasonIn(decision)}`,
      expected: 'a decision made by a person who was signed in',
      person,
      reference: decisionId,
    });
    // The trader would refuse every decision for one that counts no more.
    if (ended.length > 0) run.spend(ended);
    run.accept(decision);
    await condition(() => run.state !== 'looking', run.input.timing.decisionWaitMs);
    const { state, detail, rule, decidedBy } = run.progress;
    if (state === 'waiting' && rule === 'two-people' && decidedBy.length === 1)
      run.findings.trail.keep('asking for the second person', askOthers(run.input, decision, detail));
    const { atWallMs } = decision;
    return {
      ...{
        armed: state === 'armed',
        detail: `${detail}${endedText(ended.map((one) => one.person))}`,
        atWallMs,
      },
      ...(run.counts(decision) ? { checking: true } : {}),
    };
  }
}

const sizeOf = ({ sizePct }: Decision): string => (sizePct === undefined ? '' : ` at ${sizePct} % size`);
/** A signature is made for one decision alone: two of them are never the same. */
const isSameWish = (one: Decision, other: Decision): boolean =>
  one.sizePct === other.sizePct && one.reason === other.reason && one.signature === other.signature;
const wishedSize = ({ sizePct }: Decision): string =>
  sizePct === undefined ? 'At the position size as it is now.' : `At ${sizePct} % of the full position size.`;
const whyOf = ({ reason }: Decision): string => (reason === undefined ? '' : `Why: "${reason}".\n`);
const reasonIn = ({ reason }: Decision): string => (reason === undefined ? '' : `: "${reason}"`);

/** Asks the others to decide too; the person who decided already has the answer. Nothing waits for this. */
function askOthers({ desk, haltId }: ResumptionInput, decision: Decision, detail: string): Promise<void> {
  const { person } = decision;
  return decisionCalls(desk).notify.executeWithOptions({ summary: 'Ask for the second person' }, [
    {
      desk,
      event: 'approval',
      severity: 'warning',
      title: `${person} wants ${desk} to trade again`,
      text: `${whyOf(decision)}${wishedSize(decision)} The smallest that somebody decides on counts.\nIt ${detail}: /resume, the dashboard, or fermata resume. The decision counts for minutes only.`,
      fingerprint: `second-person:${haltId}:${person}:${Date.now()}`,
      audience: ['approver', allBut(person)],
    },
  ]);
}

/** Runs that began before this patch arm even if a required check was not run. */
const REQUIRED_HAS_TO_PASS = 'a-required-check-has-to-pass';

/**
 * Repeats the checks, and returns those that keep the desk from trading, whoever decides: they failed, or are required
 * and were not run.
 */
async function failingChecks(run: ResumptionRun): Promise<string[]> {
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
  const blocking = new Set(steps.filter(blocksTrading).map(({ key }) => key));
  return results
    .filter(
      (result) =>
        (result.verdict === 'fail' && blocking.has(result.key)) ||
        (isLacking(result, steps, results) && patched(REQUIRED_HAS_TO_PASS)),
    )
    .map(lineOf);
}

/** Null if our book and the venue's agree; otherwise the difference. */
async function reconcile(run: ResumptionRun, differences: readonly string[]): Promise<string | null> {
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
