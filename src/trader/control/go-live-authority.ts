/**
 * Who approved trading with real money, checked by the trader itself: nobody who reaches Temporal, Postgres or this
 * socket can make a vote. Two people by the desk file; or one, whose vote is old enough for second thoughts.
 */
import { decisionSubject } from '../../domain/approval.js';
import { verifyDecision } from '../../domain/decision.js';
import { type GoLiveGrant, type GoLiveProposal, goLiveTerms } from '../../domain/go-live.js';
import type { Decision } from '../protocol.js';
import { ControlRefusal } from './control-refusal.js';

export interface GoLivePermission {
  readonly grant: GoLiveGrant;
  readonly authority: 'person' | 'two-people';
}

export interface GoLiveQuestion {
  readonly desk: string;
  readonly fileConfigHash: string;
  readonly proposal: GoLiveProposal;
  readonly decisions: readonly Decision[];
  /** Who may approve, by the desk file, and how many of them it takes. */
  readonly approvers: ReadonlySet<string>;
  readonly needed: number;
  /** Where one person is enough: how old that vote must be. */
  readonly coolingOffMs: number;
  readonly readKey: () => string;
  readonly nowMs: number;
}

/** Throws `ControlRefusal`; one bad vote spoils them all. */
export function goLiveAuthority(question: GoLiveQuestion): GoLivePermission {
  const { proposal, decisions, needed, fileConfigHash } = question;
  const key = readKey(question);
  const subject = decisionSubject(goLiveTerms(proposal));
  for (const decision of decisions) {
    const problem = problemOf(decision, question, subject, key);
    if (problem !== null) throw refused(`the vote of ${decision.person} does not count: ${problem}`);
  }
  const approvedBy = [...new Set(decisions.map(({ person }) => person))].sort();
  if (approvedBy.length < Math.max(1, needed))
    throw refused(`${needed} different people must approve this, ${approvedBy.length} did`);
  return {
    grant: { ...proposal, fileConfigHash, approvedBy },
    authority: approvedBy.length >= 2 ? 'two-people' : 'person',
  };
}

function problemOf(
  decision: Decision,
  question: GoLiveQuestion,
  subject: string,
  key: string,
): string | null {
  const { desk, approvers, needed, coolingOffMs, nowMs } = question;
  const verdict = verifyDecision(key, decision, nowMs);
  if (!verdict.ok) return verdict.reason;
  if (decision.desk !== desk) return `it is about the desk ${decision.desk}`;
  if (decision.choice !== 'approve') return `the choice was ${decision.choice}`;
  if (decision.subject !== subject) return 'it is about another configuration, journal, halt or size';
  if (!approvers.has(decision.person)) return 'the desk file does not name this person for going live';
  const waitMs = needed < 2 ? decision.atWallMs + coolingOffMs - nowMs : 0;
  if (waitMs > 0)
    return `one person decides alone, and the cooling-off lasts ${Math.ceil(waitMs / 60_000)} more minutes`;
  return null;
}

function readKey(question: GoLiveQuestion): string {
  try {
    return question.readKey();
  } catch (error) {
    throw refused(`votes can't be checked: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refused(message: string): ControlRefusal {
  return new ControlRefusal({
    code: 'approval-refused',
    message,
    keptSafe: 'The desk stays as it is; positions and their stops are not touched.',
    doThis: 'Look at the desk as it is now, and ask for the go-live again.',
  });
}
