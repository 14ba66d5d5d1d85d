/** Who may make positions larger: an approver, by a decision on exactly this step. */
import type { Decision } from '../../domain/decision.js';
import { sizeSubject } from '../../domain/position-size.js';
import { readSignature } from '../../signing/vote-statement.js';
import { ControlRefusal } from './control-refusal.js';
import { countVotes, type Votes } from './votes.js';

const REMEMBERED_MAX = 1000;

/**
 * Which request each vote on a size was counted for. If the size was lowered since, the same step can come again, and
 * an old vote must not allow it twice. Kept in this process only: no vote on a size is valid for longer than ten
 * minutes.
 */
export class SizeVotes {
  readonly #countedFor = new Map<string, string>();

  isUsed(decision: Decision, commandId: string): boolean {
    return (this.#countedFor.get(nameOf(decision)) ?? commandId) !== commandId;
  }

  use(decision: Decision, commandId: string): void {
    this.#countedFor.set(nameOf(decision), commandId);
    const oldest = this.#countedFor.keys().next().value;
    if (this.#countedFor.size > REMEMBERED_MAX && oldest !== undefined) this.#countedFor.delete(oldest);
  }
}

/** A signature is identified by itself, whatever decision is made around it. */
const nameOf = ({ signature, decisionId }: Decision): string =>
  (signature === undefined ? null : readSignature(signature))?.nonce ?? decisionId;

export interface SizeQuestion extends Votes {
  readonly commandId: string;
  readonly used: SizeVotes;
  readonly fromPct: number;
  readonly toPct: number;
}

/** False without a decision. Throws `ControlRefusal` for one that does not count. */
export function sizeAuthority(question: SizeQuestion): boolean {
  const { decisions, commandId, used, fromPct, toPct } = question;
  if (decisions.length === 0) return false;
  countVotes(question, {
    name: 'decision',
    choice: 'approve',
    subject: sizeSubject(fromPct, toPct),
    otherSubject: 'it is about another step',
    notApprover: 'the desk file does not name this person as approver',
    objection: (decision) =>
      used.isUsed(decision, commandId) ? 'it was counted before, for another request' : null,
    refused,
  });
  for (const decision of decisions) used.use(decision, commandId);
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
