/**
 * Whose decisions allow what: to arm, to trade real money, to make positions larger, to say who owns coins, to
 * change settings. The engine compares that with what it requires.
 */
import { decisionSubject } from '../../domain/approval.js';
import { coinsSubject } from '../../domain/coins.js';
import type { Decision } from '../../domain/decision.js';
import { type GoLiveGrant, type GoLiveProposal, goLiveTerms } from '../../domain/go-live.js';
import type { SaidReason } from '../../domain/mode.js';
import { ppmOfPercent } from '../../domain/money.js';
import { reasonOf } from '../../domain/no-reason.js';
import { sizeSubject } from '../../domain/position-size.js';
import { type SettingsProposal, settingsTerms } from '../../domain/settings-change.js';
import { readSignature } from '../../signing/vote-statement.js';
import { ControlRefusal } from './control-refusal.js';
import { countVotes, type Votes } from './votes.js';

const refusal =
  (code: 'decision-refused' | 'approval-refused', keptSafe: string, doThis: string) =>
  (message: string): ControlRefusal =>
    new ControlRefusal({ code, message, keptSafe, doThis });

/** Who allows it, and what they chose and said. Left out: the size is unchanged, no reason was given. */
export interface ArmPermission {
  readonly authority: 'rule' | 'person' | 'two-people';
  readonly sizeFactorPpm?: number;
  readonly said?: readonly SaidReason[];
}

export interface ArmQuestion extends Votes {
  readonly haltId: string;
}

/**
 * Who allows an arming: the desk file's rule, a person, or two. Throws `ControlRefusal` for a decision that does not
 * count; one bad decision invalidates the request.
 */
export function armAuthority(question: ArmQuestion): ArmPermission {
  const { decisions, haltId } = question;
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
  /** If one person is enough: how old that vote must be. */
  readonly coolingOffMs: number;
}

/**
 * Who approved trading with real money, verified by the trader itself: access to Temporal, Postgres or this socket
 * is not enough to make a vote. The desk file requires two people, or one whose vote is old enough for second
 * thoughts. Throws `ControlRefusal`; one bad vote invalidates them all.
 */
export function goLiveAuthority(question: GoLiveQuestion): GoLivePermission {
  const { proposal, needed, fileConfigHash } = question;
  const { desk = question.desk, ...asked } = proposal;
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
 * Which request each vote on a size was counted for. After the size is lowered, the same step can come again, and an
 * old vote must not allow it twice. Kept in this process only: no vote on a size is valid for longer than ten
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

interface SizeQuestion extends Votes {
  readonly commandId: string;
  readonly used: SizeVotes;
  readonly fromPct: number;
  readonly toPct: number;
}

/**
 * Who may make positions larger: an approver, by a decision on exactly this step. False without a decision. Throws
 * `ControlRefusal` for one that does not count.
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
 * Who may say who owns coins: an approver, by a decision on exactly these coins. Throws `ControlRefusal` if the
 * decision is missing or does not count.
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
  /** The approval under which it was asked for. */
  readonly approvalId: string;
  readonly proposal: SettingsProposal;
  /** How many approvers are needed. */
  readonly needed: number;
}

/**
 * The people whose approval of exactly this change of settings counts. Empty without decisions: the engine then
 * refuses a change that loosens anything. Throws `ControlRefusal`; one bad vote invalidates them all.
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
