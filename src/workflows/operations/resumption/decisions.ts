/** People's decisions about one halt. Verified where the key is; one decision per person. */
import { condition } from '@temporalio/workflow';
import type { DecisionOutcome, ResumptionInput } from '../../../contracts/resumption.js';
import type { Decision } from '../../../domain/decision.js';
import { isUnsealed } from '../../../domain/unsealed.js';
import { decisionCalls } from '../operations-calls.js';
import type { ResumptionRun } from './resumption-run.js';

export class Decisions {
  /** People whose decision is being verified: another one by the same person is refused meanwhile. */
  private readonly verifying = new Set<string>();

  constructor(private readonly run: ResumptionRun) {}

  /** Refuses a decision that is visibly invalid. Synchronous; throwing refuses the update, and nothing is recorded. */
  refuseUnfit(decision: Decision): void {
    const { ended, detail, input, decisions } = this.run;
    if (ended) throw new Error(`this resumption has ended: ${detail}`);
    if (isUnsealed(decision)) throw new Error('a decision in plain text counts for nothing');
    if (decision?.choice !== 'resume') throw new Error('expected the choice "resume"');
    if (decision.desk !== input.desk) throw new Error(`this is the desk ${input.desk}`);
    if (decision.subject !== input.haltId) throw new Error('the decision is about another halt');
    if (!(decision.expiresWallMs > Date.now())) throw new Error('the decision has expired');
    if (this.run.isSpent(decision)) throw new Error('this decision was used up: decide again');
    const hasDecided =
      this.verifying.has(decision.person) || decisions.some(({ person }) => person === decision.person);
    if (hasDecided) throw new Error(`${decision.person} has decided already`);
  }

  /** Lets the procedure go on, and waits for the outcome of the decision. */
  async take(decision: Decision): Promise<DecisionOutcome> {
    const { run } = this;
    const { person, via, choice, decisionId } = decision;
    const startedMs = Date.now();
    this.verifying.add(person);
    try {
      await decisionCalls(run.input.desk).verifyDecision.executeWithOptions(
        { summary: `Did ${person} decide this?` },
        [decision],
      );
    } finally {
      this.verifying.delete(person);
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
    run.accept(decision);
    await condition(() => run.state !== 'looking', run.input.timing.decisionWaitMs);
    const { state, detail, rule, decidedBy } = run.progress;
    if (state === 'waiting' && rule === 'two-people' && decidedBy.length === 1)
      run.findings.trail.keep('asking for the second person', askOthers(run.input, decision, detail));
    return { armed: state === 'armed', detail };
  }
}

const sizeOf = ({ sizePct }: Decision): string => (sizePct === undefined ? '' : ` at ${sizePct} % size`);
const whyOf = ({ reason }: Decision): string => (reason === undefined ? '' : `Why: "${reason}".\n`);
const reasonIn = ({ reason }: Decision): string => (reason === undefined ? '' : `: "${reason}"`);

/** Asks the others to decide, too. Whoever decided has the answer already. Nobody waits for this. */
function askOthers({ desk, haltId }: ResumptionInput, decision: Decision, detail: string): Promise<void> {
  const { person } = decision;
  return decisionCalls(desk).notify.executeWithOptions({ summary: 'Ask for the second person' }, [
    {
      desk,
      event: 'approval',
      severity: 'warning',
      title: `${person} wants ${desk} to trade again`,
      text: `${whyOf(decision)}It ${detail}: /resume, the dashboard, or fermata resume. The decision counts for minutes only.`,
      fingerprint: `second-person:${haltId}:${person}:${Date.now()}`,
      audience: ['approver'],
    },
  ]);
}
