/** Whose votes for one request count, verified by the trader itself; one bad vote invalidates them all. */
import { type Decision, verifyDecision } from '../../domain/decision.js';
import { messageOf } from '../../domain/message-of.js';
import { type RealMoneyRules, realMoneyObjection, tooManyChatVotes } from '../../domain/signed-vote.js';
import type { ControlRefusal } from './control-refusal.js';
import type { VoteCounters } from './vote-counters.js';

export interface Votes {
  readonly desk: string;
  readonly decisions: readonly Decision[];
  /** Who may approve, by the desk file. */
  readonly approvers: ReadonlySet<string>;
  /** May throw: then nothing can be checked, and no vote counts. */
  readonly readKey: () => string;
  readonly nowMs: number;
  /**
   * Real money is at stake, so a vote has to be the person's own. Left out: the decision of the process that
   * authenticated the person is enough.
   */
  readonly realMoney?: RealMoneyRules | null;
  /** Counters of the passkeys that voted before; used if a vote has to be the person's own. */
  readonly counters?: Pick<VoteCounters, 'objection' | 'keep'>;
}

export interface VoteRules {
  /** What people call it. */
  readonly name: 'vote' | 'decision';
  readonly choice: Decision['choice'];
  /** What exactly must have been decided on; see `decisionSubject`. */
  readonly subject: string;
  readonly otherSubject: string;
  readonly notApprover: string;
  /** What else speaks against an otherwise valid vote. Null: nothing. */
  readonly objection?: (decision: Decision) => string | null;
  readonly refused: (message: string) => ControlRefusal;
}

/** The people who approved, each once, sorted. Throws what `refused` returns. */
export function countVotes(votes: Votes, rules: VoteRules): readonly string[] {
  const key = keyOf(votes, rules);
  for (const decision of votes.decisions) {
    const problem = problemOf(decision, votes, rules, key) ?? foreign(decision, votes, rules);
    if (problem !== null)
      throw rules.refused(`the ${rules.name} of ${decision.person} does not count: ${problem}`);
  }
  const chats = votes.realMoney ? tooManyChatVotes(votes.decisions, votes.realMoney) : null;
  if (chats !== null) throw rules.refused(chats);
  if (votes.realMoney) checked(rules, () => votes.counters?.keep(votes.decisions));
  return [...new Set(votes.decisions.map(({ person }) => person))].sort();
}

function problemOf(decision: Decision, votes: Votes, rules: VoteRules, key: string): string | null {
  const verdict = verifyDecision(key, decision, votes.nowMs);
  if (!verdict.ok) return verdict.reason;
  if (decision.desk !== votes.desk) return `it is about the desk ${decision.desk}`;
  if (decision.choice !== rules.choice) return `the choice was ${decision.choice}`;
  if (decision.subject !== rules.subject) return rules.otherSubject;
  if (!votes.approvers.has(decision.person)) return rules.notApprover;
  return rules.objection?.(decision) ?? null;
}

/** Why this is not the person's own vote, if it has to be. Null: it is. */
function foreign(decision: Decision, { realMoney, counters, nowMs }: Votes, rules: VoteRules): string | null {
  if (!realMoney) return null;
  return checked(
    rules,
    () => realMoneyObjection(decision, realMoney, nowMs) ?? counters?.objection(decision) ?? null,
  );
}

const keyOf = (votes: Votes, rules: VoteRules): string => checked(rules, votes.readKey);

/** What can't be checked does not count. */
function checked<T>(rules: VoteRules, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw rules.refused(`${rules.name}s can't be checked: ${messageOf(error)}`);
  }
}
