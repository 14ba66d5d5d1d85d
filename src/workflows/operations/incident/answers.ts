/** People's answers "I have it" and "it is over". Verified where the key is; each counts once. */
import { workflowInfo } from '@temporalio/workflow';
import { type Answered, INCIDENT_OVER, type IncidentAnswer } from '../../../contracts/incident.js';
import type { Decision } from '../../../domain/decision.js';
import { isUnsealed } from '../../../domain/unsealed.js';
import { decisionCalls } from '../operations-calls.js';
import type { Announcements } from './announcements.js';
import type { Course } from './course.js';
import type { Timeline } from './timeline.js';

export class Answers {
  constructor(
    private readonly desk: string,
    private readonly course: Course,
    private readonly timeline: Timeline,
    private readonly people: Announcements,
  ) {}

  /** Refuses an answer that is visibly invalid. Synchronous; throwing refuses the update. */
  refuseUnfit(choice: 'acknowledge' | 'resolve', answer: IncidentAnswer): void {
    if (isUnsealed(answer)) throw new Error('an answer in plain text counts for nothing');
    const { decision } = answer;
    const { outcome, resolved, acknowledged } = this.course;
    if (outcome !== null || resolved !== null) throw new Error(INCIDENT_OVER);
    if (choice === 'acknowledge' && acknowledged !== null)
      throw new Error(`${acknowledged.by} has acknowledged it already`);
    if (decision?.choice !== choice) throw new Error(`expected the choice "${choice}"`);
    if (decision.desk !== this.desk) throw new Error(`this is the desk ${this.desk}`);
    if (decision.subject !== workflowInfo().firstExecutionRunId)
      throw new Error('the decision is about another incident');
    if (!(decision.expiresWallMs > Date.now())) throw new Error('the decision has expired');
  }

  async acknowledge({ decision, note }: IncidentAnswer): Promise<void> {
    await this.verify(decision);
    // If two people acknowledge at once, the first one has it.
    if (this.course.acknowledged !== null) return;
    this.course.acknowledged = answered(decision, note);
    this.record('Acknowledged', decision, note);
    this.people.tell('acknowledged');
  }

  async resolve({ decision, note }: IncidentAnswer): Promise<void> {
    await this.verify(decision);
    if (this.course.resolved !== null || this.course.outcome !== null) return;
    this.course.resolved = answered(decision, note);
    this.course.acknowledged ??= this.course.resolved;
    this.record('Declared over', decision, note);
  }

  private async verify(decision: Decision): Promise<void> {
    await decisionCalls(this.desk).verifyDecision.executeWithOptions(
      { summary: `Did ${decision.person} answer?` },
      [decision],
    );
  }

  private record(name: string, { person, via, decisionId }: Decision, note: string): void {
    this.timeline.record({
      name,
      kind: 'human',
      verdict: 'pass',
      observed: `${person} (${via})${note === '' ? '' : `: ${note}`}`,
      expected: 'a person who was signed in',
      person,
      reference: decisionId,
    });
  }
}

function answered({ person, via }: Decision, note: string): Answered {
  return { by: person, via, note, atMs: Date.now() };
}
