/**
 * Which votes for a request count, verified by the trader itself (one bad vote invalidates them all), and
 * what they allow: arming, trading real money, larger positions, saying whose coins are, changing settings.
 * The engine compares that with what it requires.
 */

import { coinsSubject } from '../../domain/cash-and-coins.js';
import { type Decision, decisionSubject, isEndedBy, verifyDecision } from '../../domain/decision.js';
import { type GoLiveGrant, type GoLiveProposal, goLiveTerms } from '../../domain/go-live-terms.js';
import { messageOf } from '../../domain/message-of.js';
import type { SaidReason } from '../../domain/mode.js';
import { ppmOfPercent } from '../../domain/money.js';
import { reasonOf } from '../../domain/plain-text.js';
import { type SettingsProposal, settingsTerms, sizeSubject } from '../../domain/settings-change.js';
import { type RealMoneyRules, realMoneyObjection, tooManyChatVotes } from '../../domain/signed-vote.js';
import { readSignature } from '../../domain/vote-statement.js';
import { ControlRefusal } from './control-refusal.js';
import type { VoteCounters } from './vote-counters.js';

interface Votes {
  readonly desk: string;
  readonly decisions: readonly Decision[];
  /** Who may approve, according to the desk file. */
  readonly approvers: ReadonlySet<string>;
  /** May throw: then nothing can be checked, and no vote counts. */
  readonly readKey: () => string;
  readonly nowMs: number;
  /** Until when what this person decided counts no more: they were removed then. Null: never. May throw, as `readKey`. */
  readonly endedMs?: (person: string) => number | null;
  /**
   * Real money is at stake, so each vote must be the person's own. Left out: the decision of the process that
   * authenticated the person is enough.
   */
  readonly realMoney?: RealMoneyRules | null;
  /** Counters of the passkeys that voted before; used if each vote must be the person's own. */
  readonly counters?: Pick<VoteCounters, 'objection' | 'keep'>;
}

interface VoteRules {
  /** What people call it. */
  readonly name: 'vote' | 'decision';
  readonly choice: Decision['choice'];
  /** What exactly must have been decided on; see `decisionSubject`. */
  readonly subject: string;
  readonly otherSubject: string;
  readonly notApprover: string;
  /** Any other objection to an otherwise valid vote. Null: none. */
  readonly objection?: (decision: Decision) => string | null;
  readonly refused: (message: string, doThis?: string) => ControlRefusal;
}

/** The people who approved, each once, sorted. Throws what `refused` returns. */
function countVotes(votes: Votes, rules: VoteRules): readonly string[] {
  const key = keyOf(votes, rules);
  for (const decision of votes.decisions) {
    const problem = problemOf(decision, votes, rules, key) ?? foreign(decision, votes, rules);
    if (problem !== null)
      throw rules.refused(
        `the ${rules.name} of ${decision.person} does not count: ${problem}`,
        // Deciding again would change nothing.
        votes.approvers.has(decision.person) ? undefined : whomToAsk(votes),
      );
  }
  const chats = votes.realMoney ? tooManyChatVotes(votes.decisions, votes.realMoney) : null;
  if (chats !== null) throw rules.refused(chats);
  if (votes.realMoney) checked(rules, () => votes.counters?.keep(votes.decisions));
  return [...new Set(votes.decisions.map(({ person }) => person))].sort();
}

function whomToAsk({ approvers }: Votes): string {
  const names = [...approvers].sort().join(', ');
  return names === '' ? 'Name an approver in the desk file.' : `Ask somebody who approves: ${names}.`;
}

function problemOf(decision: Decision, votes: Votes, rules: VoteRules, key: string): string | null {
  const verdict = verifyDecision(key, decision, votes.nowMs);
  if (!verdict.ok) return verdict.reason;
  if (decision.desk !== votes.desk) return `it is about the desk ${decision.desk}`;
  if (decision.choice !== rules.choice) return `the choice was ${decision.choice}`;
  if (decision.subject !== rules.subject) return rules.otherSubject;
  if (!votes.approvers.has(decision.person)) return rules.notApprover;
  const endedMs = checked(rules, () => votes.endedMs?.(decision.person) ?? null);
  if (isEndedBy(endedMs, decision)) return 'this person was removed since';
  return rules.objection?.(decision) ?? null;
}

/** Why this is not the person's own vote, if it must be. Null: it is. */
function foreign(decision: Decision, { realMoney, counters, nowMs }: Votes, rules: VoteRules): string | null {
  if (!realMoney) return null;
  return checked(
    rules,
    () => realMoneyObjection(decision, realMoney, nowMs) ?? counters?.objection(decision) ?? null,
  );
}

const keyOf = (votes: Votes, rules: VoteRules): string => checked(rules, votes.readKey);

/** A vote that can't be checked doesn't count. */
function checked<T>(rules: VoteRules, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw rules.refused(`${rules.name}s can't be checked: ${messageOf(error)}`);
  }
}

const refusal =
  (code: 'decision-refused' | 'approval-refused', keptSafe: string, doThis: string) =>
  (message: string, instead: string = doThis): ControlRefusal =>
    new ControlRefusal({ code, message, keptSafe, doThis: instead });

/** Who allows it, the size they chose and their reasons. Left out: size unchanged, no reason given. */
export interface ArmPermission {
  readonly authority: 'rule' | 'person' | 'two-people';
  readonly sizeFactorPpm?: number;
  readonly said?: readonly SaidReason[];
}

export interface ArmQuestion extends Votes {
  readonly haltId: string;
  /** The size factor in force, in parts per million. */
  readonly inForcePpm: number;
}

/**
 * Who allows the desk to be armed: the desk file's rule, one person, or two. Throws `ControlRefusal` for a
 * decision that doesn't count; one bad decision invalidates the request.
 */
export function armAuthority(question: ArmQuestion): ArmPermission {
  const { decisions, haltId, inForcePpm } = question;
  if (decisions.length === 0) return { authority: 'rule' };
  const persons = countVotes(question, {
    name: 'decision',
    choice: 'resume',
    subject: haltId,
    otherSubject: 'it is about another halt',
    notApprover: 'the desk file does not name this person as approver',
    refused: armRefused,
  });
  const authority = persons.length >= 2 ? 'two-people' : 'person';
  return { authority, ...chosenSize(decisions, inForcePpm), ...saidReasons(decisions) };
}

/**
 * If people chose different sizes, the smallest counts. Whoever named none decided on the one in force, so that nobody
 * allows a larger one unseen.
 */
function chosenSize(
  decisions: readonly Decision[],
  inForcePpm: number,
): Pick<ArmPermission, 'sizeFactorPpm'> {
  if (decisions.every(({ sizePct }) => sizePct === undefined)) return {};
  const sizes = decisions.map(({ sizePct }) => (sizePct === undefined ? inForcePpm : ppmOfPercent(sizePct)));
  return { sizeFactorPpm: Math.min(...sizes) };
}

/** From the verified decisions: access to Temporal alone lets nobody put words into a person's mouth. */
function saidReasons(decisions: readonly Decision[]): Pick<ArmPermission, 'said'> {
  const said = decisions.flatMap(({ person, reason }) => {
    const kept = reasonOf(reason);
    return kept === null ? [] : [{ person, reason: kept }];
  });
  return said.length === 0 ? {} : { said };
}

const armRefused = refusal(
  'decision-refused',
  'The desk stays as it is; positions and their stops are not touched.',
  'Read the status for the newest halt id, and decide again.',
);

export interface GoLivePermission {
  readonly grant: GoLiveGrant;
  readonly authority: 'person' | 'two-people';
}

interface GoLiveQuestion extends Votes {
  readonly fileConfigHash: string;
  readonly proposal: GoLiveProposal;
  /** How many approvers are needed. */
  readonly needed: number;
  /** If one person is enough: the minimum age of that vote. */
  readonly coolingOffMs: number;
}

/**
 * Who approved trading with real money, verified by the trader itself: access to Temporal, Postgres or this
 * socket is not enough to forge a vote. The desk file requires two people, or one whose vote is old enough
 * for second thoughts. Throws `ControlRefusal`; one bad vote invalidates them all.
 */
export function goLiveAuthority(question: GoLiveQuestion): GoLivePermission {
  const { proposal, needed, fileConfigHash } = question;
  const { desk = question.desk, again: _again, ...asked } = proposal;
  if (desk !== question.desk)
    throw goLiveRefused(`it is about the desk ${desk}, and this one is ${question.desk}`);
  const approvedBy = countVotes(question, {
    name: 'vote',
    choice: 'approve',
    subject: decisionSubject(goLiveTerms(proposal)),
    otherSubject: 'it is about another configuration, journal, halt or size',
    notApprover: 'the desk file does not name this person for going live',
    objection: (decision) => coolingOff(decision, question),
    refused: goLiveRefused,
  });
  if (approvedBy.length < Math.max(1, needed))
    throw goLiveRefused(`${needed} different people must approve this, ${approvedBy.length} did`);
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

const goLiveRefused = refusal(
  'approval-refused',
  'The desk stays as it is; positions and their stops are not touched.',
  'Look at the desk as it is now, and ask for the go-live again.',
);

const REMEMBERED_MAX = 1000;

/**
 * Which request each vote on a size was counted for. If the size has been lowered since, the same step can
 * recur, and an old vote must not allow it twice. Held only in this process: no vote on a size is valid for
 * longer than ten minutes.
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

/** A signature identifies itself, whatever decision is made around it. */
const nameOf = ({ signature, decisionId }: Decision): string =>
  (signature === undefined ? null : readSignature(signature))?.nonce ?? decisionId;

interface SizeQuestion extends Votes {
  readonly commandId: string;
  readonly used: SizeVotes;
  readonly fromPct: number;
  readonly toPct: number;
}

/**
 * Whether an approver allows larger positions, by a decision on exactly this step. False without a decision.
 * Throws `ControlRefusal` for one that doesn't count.
 */
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
    refused: sizeRefused,
  });
  for (const decision of decisions) used.use(decision, commandId);
  return true;
}

const sizeRefused = refusal(
  'decision-refused',
  'The position size stays as it is.',
  'Read the status for the size in force, and decide again.',
);

interface CoinsQuestion extends Votes {
  readonly said: Parameters<typeof coinsSubject>[0];
}

/**
 * Checks that an approver said whose coins these are, by a decision on exactly these coins. Throws
 * `ControlRefusal` if the decision is missing or doesn't count.
 */
export function coinsAuthority(question: CoinsQuestion): void {
  const { decisions, said } = question;
  if (decisions.length === 0) throw coinsRefused('whose coins they are is said by a person who approves');
  countVotes(question, {
    name: 'decision',
    choice: 'approve',
    subject: coinsSubject(said),
    otherSubject: `it is about other coins than the ${said.nobodys} of ${said.symbol} that are nobody's now`,
    notApprover: 'the desk file does not name this person as approver',
    refused: coinsRefused,
  });
}

const coinsRefused = refusal(
  'decision-refused',
  "The coins stay nobody's: never valued, protected or sold.",
  'Look at them as they are now (fermata coins), and decide again.',
);

interface SettingsQuestion extends Votes {
  /** The approval under which the change was requested. */
  readonly approvalId: string;
  readonly proposal: SettingsProposal;
  /** How many approvers are needed. */
  readonly needed: number;
}

/**
 * The people whose approval of exactly this change of settings counts. The engine then requires approval if
 * the change loosens anything. Throws `ControlRefusal`; one bad vote invalidates them all.
 */
export function settingsAuthority(question: SettingsQuestion): readonly string[] {
  const { approvalId, proposal, decisions, needed } = question;
  if (decisions.length === 0) return [];
  const persons = countVotes(question, {
    name: 'vote',
    choice: 'approve',
    subject: decisionSubject({ id: approvalId, ...settingsTerms(proposal) }),
    otherSubject: 'it is about another change, or about settings that are no longer in force',
    notApprover: 'the desk file does not name this person as approver',
    refused: settingsRefused,
  });
  if (persons.length < needed)
    throw settingsRefused(`${needed} people must approve this, ${persons.length} did`);
  return persons;
}

const settingsRefused = refusal(
  'approval-refused',
  'The settings stay as they are.',
  'Look at the settings as they are now and ask for the change again.',
);
