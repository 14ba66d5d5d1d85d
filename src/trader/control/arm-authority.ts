/** Who allows an arming: the desk file's rule, a person, or two. The engine then compares that with what its halts ask. */
import { verifyDecision } from '../../domain/decision.js';
import { messageOf } from '../../domain/message-of.js';
import { ppmOfPercent } from '../../domain/money.js';
import type { Decision } from '../protocol.js';
import { ControlRefusal } from './control-refusal.js';

export type ArmAuthority = 'rule' | 'person' | 'two-people';

/** Who allows it, and the position size that they chose; left out: as it is. */
export interface ArmPermission {
  readonly authority: ArmAuthority;
  readonly sizeFactorPpm?: number;
}

export interface ArmQuestion {
  readonly desk: string;
  readonly haltId: string;
  readonly decisions: readonly Decision[];
  /** By the desk file. */
  readonly approvers: ReadonlySet<string>;
  /** Read only when there is a decision to check. */
  readonly readKey: () => string;
  readonly nowMs: number;
}

/** Throws `ControlRefusal` for a decision that does not count; one bad decision spoils the request. */
export function armAuthority(question: ArmQuestion): ArmPermission {
  if (question.decisions.length === 0) return { authority: 'rule' };
  const key = readKey(question);
  for (const decision of question.decisions) {
    const problem = problemOf(decision, question, key);
    if (problem !== null) throw refused(`the decision of ${decision.person} does not count: ${problem}`);
  }
  const persons = new Set(question.decisions.map((decision) => decision.person));
  return { authority: persons.size >= 2 ? 'two-people' : 'person', ...chosenSize(question.decisions) };
}

/** Of different wishes the smallest size counts. */
function chosenSize(decisions: readonly Decision[]): Pick<ArmPermission, 'sizeFactorPpm'> {
  const sizes = decisions.flatMap(({ sizePct }) => (sizePct === undefined ? [] : [ppmOfPercent(sizePct)]));
  return sizes.length === 0 ? {} : { sizeFactorPpm: Math.min(...sizes) };
}

function problemOf(decision: Decision, question: ArmQuestion, key: string): string | null {
  const verdict = verifyDecision(key, decision, question.nowMs);
  if (!verdict.ok) return verdict.reason;
  if (decision.desk !== question.desk) return `it is about the desk ${decision.desk}`;
  if (decision.choice !== 'resume') return `the choice was ${decision.choice}`;
  if (decision.subject !== question.haltId) return 'it is about another halt';
  if (!question.approvers.has(decision.person)) return 'the desk file does not name this person as approver';
  return null;
}

function readKey(question: ArmQuestion): string {
  try {
    return question.readKey();
  } catch (error) {
    throw refused(`decisions can't be checked: ${messageOf(error)}`);
  }
}

function refused(message: string): ControlRefusal {
  return new ControlRefusal({
    code: 'decision-refused',
    message,
    keptSafe: 'The desk stays as it is; positions and their stops are not touched.',
    doThis: 'Read the status for the newest halt id, and decide again.',
  });
}
