/**
 * Who approved trading with real money, verified by the trader itself: access to Temporal, Postgres or this socket is
 * not enough to make a vote. The desk file requires two people, or one whose vote is old enough for second thoughts.
 */
import { decisionSubject } from '../../domain/approval.js';
import type { Decision } from '../../domain/decision.js';
import { type GoLiveGrant, type GoLiveProposal, goLiveTerms } from '../../domain/go-live.js';
import { ControlRefusal } from './control-refusal.js';
import { countVotes, type Votes } from './votes.js';

export interface GoLivePermission {
  readonly grant: GoLiveGrant;
  readonly authority: 'person' | 'two-people';
}

export interface GoLiveQuestion extends Votes {
  readonly fileConfigHash: string;
  readonly proposal: GoLiveProposal;
  /** How many approvers are needed. */
  readonly needed: number;
  /** If one person is enough: how old that vote must be. */
  readonly coolingOffMs: number;
}

/** Throws `ControlRefusal`; one bad vote invalidates them all. */
export function goLiveAuthority(question: GoLiveQuestion): GoLivePermission {
  const { proposal, needed, fileConfigHash } = question;
  const { desk = question.desk, ...asked } = proposal;
  if (desk !== question.desk) throw refused(`it is about the desk ${desk}, and this one is ${question.desk}`);
  const approvedBy = countVotes(question, {
    name: 'vote',
    choice: 'approve',
    subject: decisionSubject(goLiveTerms(proposal)),
    otherSubject: 'it is about another configuration, journal, halt or size',
    notApprover: 'the desk file does not name this person for going live',
    objection: (decision) => coolingOff(decision, question),
    refused,
  });
  if (approvedBy.length < Math.max(1, needed))
    throw refused(`${needed} different people must approve this, ${approvedBy.length} did`);
  return {
    grant: { ...asked, fileConfigHash, approvedBy },
    authority: approvedBy.length >= 2 ? 'two-people' : 'person',
  };
}

function coolingOff(decision: Decision, { needed, coolingOffMs, nowMs }: GoLiveQuestion): string | null {
  const waitMs = needed < 2 ? decision.atWallMs + coolingOffMs - nowMs : 0;
  if (waitMs <= 0) return null;
  return `one person decides alone, and the cooling-off lasts ${Math.ceil(waitMs / 60_000)} more minutes`;
}

function refused(message: string): ControlRefusal {
  return new ControlRefusal({
    code: 'approval-refused',
    message,
    keptSafe: 'The desk stays as it is; positions and their stops are not touched.',
    doThis: 'Look at the desk as it is now, and ask for the go-live again.',
  });
}
