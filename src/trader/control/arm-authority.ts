/**
 * Who allows an arming: the desk file's rule, a person, or two. The engine compares that with what its halts require.
 */

import type { Decision } from '../../domain/decision.js';
import type { SaidReason } from '../../domain/mode.js';
import { ppmOfPercent } from '../../domain/money.js';
import { reasonOf } from '../../domain/no-reason.js';
import { ControlRefusal } from './control-refusal.js';
import { countVotes, type Votes } from './votes.js';

/** Who allows it, and what they chose and said. Left out: the size is unchanged, no reason was given. */
export interface ArmPermission {
  readonly authority: 'rule' | 'person' | 'two-people';
  readonly sizeFactorPpm?: number;
  readonly said?: readonly SaidReason[];
}

export interface ArmQuestion extends Votes {
  readonly haltId: string;
}

/** Throws `ControlRefusal` for a decision that does not count; one bad decision invalidates the request. */
export function armAuthority(question: ArmQuestion): ArmPermission {
  const { decisions, haltId } = question;
  if (decisions.length === 0) return { authority: 'rule' };
  const persons = countVotes(question, {
    name: 'decision',
    choice: 'resume',
    subject: haltId,
    otherSubject: 'it is about another halt',
    notApprover: 'the desk file does not name this person as approver',
    refused,
  });
  const authority = persons.length >= 2 ? 'two-people' : 'person';
  return { authority, ...chosenSize(decisions), ...saidReasons(decisions) };
}

/** If people chose different sizes, the smallest counts. */
function chosenSize(decisions: readonly Decision[]): Pick<ArmPermission, 'sizeFactorPpm'> {
  const sizes = decisions.flatMap(({ sizePct }) => (sizePct === undefined ? [] : [ppmOfPercent(sizePct)]));
  return sizes.length === 0 ? {} : { sizeFactorPpm: Math.min(...sizes) };
}

/** Taken from the verified decisions: with access to Temporal alone, nobody can put words into a person's mouth. */
function saidReasons(decisions: readonly Decision[]): Pick<ArmPermission, 'said'> {
  const said = decisions.flatMap(({ person, reason }) => {
    const kept = reasonOf(reason);
    return kept === null ? [] : [{ person, reason: kept }];
  });
  return said.length === 0 ? {} : { said };
}

function refused(message: string): ControlRefusal {
  return new ControlRefusal({
    code: 'decision-refused',
    message,
    keptSafe: 'The desk stays as it is; positions and their stops are not touched.',
    doThis: 'Read the status for the newest halt id, and decide again.',
  });
}
