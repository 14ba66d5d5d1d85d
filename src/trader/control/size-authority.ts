/** Who may make positions larger: a person who approves, by a decision on exactly this step. */
import { sizeSubject } from '../../domain/size-decision.js';
import { ControlRefusal } from './control-refusal.js';
import { countVotes, type Votes } from './votes.js';

export interface SizeQuestion extends Votes {
  readonly fromPct: number;
  readonly toPct: number;
}

/** False without a decision. Throws `ControlRefusal` for one that does not count. */
export function sizeAuthority(question: SizeQuestion): boolean {
  const { decisions, fromPct, toPct } = question;
  if (decisions.length === 0) return false;
  countVotes(question, {
    name: 'decision',
    choice: 'approve',
    subject: sizeSubject(fromPct, toPct),
    otherSubject: 'it is about another step',
    notApprover: 'the desk file does not name this person as approver',
    refused,
  });
  return true;
}

function refused(message: string): ControlRefusal {
  return new ControlRefusal({
    code: 'decision-refused',
    message,
    keptSafe: 'The position size stays as it is.',
    doThis: 'Read the status for the size in force, and decide again.',
  });
}
