/** Who may make positions larger: a person who approves, by a decision on exactly this step. */
import { verifyDecision } from '../../domain/decision.js';
import { sizeSubject } from '../../domain/size-decision.js';
import type { Decision } from '../protocol.js';
import { ControlRefusal } from './control-refusal.js';

export interface SizeQuestion {
  readonly desk: string;
  readonly fromPct: number;
  readonly toPct: number;
  readonly decisions: readonly Decision[];
  readonly approvers: ReadonlySet<string>;
  /** Read only when there is a decision to check. */
  readonly readKey: () => string;
  readonly nowMs: number;
}

/** False without a decision. Throws `ControlRefusal` for one that does not count. */
export function sizeAuthority(question: SizeQuestion): boolean {
  const { decisions } = question;
  for (const decision of decisions) {
    const problem = problemOf(decision, question);
    if (problem !== null) {
      throw new ControlRefusal({
        code: 'decision-refused',
        message: `the decision of ${decision.person} does not count: ${problem}`,
        keptSafe: 'The position size stays as it is.',
        doThis: 'Read the status for the size in force, and decide again.',
      });
    }
  }
  return decisions.length > 0;
}

function problemOf(decision: Decision, question: SizeQuestion): string | null {
  const verdict = verifyDecision(question.readKey(), decision, question.nowMs);
  if (!verdict.ok) return verdict.reason;
  if (decision.desk !== question.desk) return `it is about the desk ${decision.desk}`;
  if (decision.choice !== 'approve') return `the choice was ${decision.choice}`;
  if (decision.subject !== sizeSubject(question.fromPct, question.toPct)) return 'it is about another step';
  if (!question.approvers.has(decision.person)) return 'the desk file does not name this person as approver';
  return null;
}
