/**
 * The contract of approvals, and of the settings changes that need them: shared by the requesting workflows,
 * the activities and the voters.
 */
import type { ApprovalParameters, Decision } from '../domain/decision.js';
import type { SettingsProposal } from '../domain/settings-change.js';
import type { ApprovalShown } from './published.js';

export interface ApprovalRequest {
  /** Business id, the same for the same question: `golive:my-desk:2.1:1:start`. At most 200 characters. */
  readonly id: string;
  readonly desk: string;
  readonly kind: string;
  /** What the action applies to: a halt id, a release, a settings version. */
  readonly subject: string;
  readonly title: string;
  /** Everything that the voters agree to, shown to them line by line. */
  readonly parameters: ApprovalParameters;
  /** How many different people have to approve. One rejection ends it. */
  readonly needed: number;
  /** One of these desk-file roles is enough to vote. */
  readonly roles: readonly string[];
  /** Only these people of those with the role; default: all of them. */
  readonly people?: readonly string[];
  readonly requestedBy: string;
  /** Wall milliseconds. */
  readonly expiresMs: number;
  readonly remindEveryMs: number | null;
  /** This long after the request, it is sent again as critical to everybody who may act on the desk. */
  readonly escalateAfterMs: number | null;
}

/**
 * When to press people for an answer that is open for `answerMs`: one reminder after a third, and a critical
 * notice after two thirds, which leaves the last third to whoever hears of it only then.
 */
export function pressingWithin(answerMs: number): Pick<ApprovalRequest, 'remindEveryMs' | 'escalateAfterMs'> {
  return { remindEveryMs: Math.round(answerMs / 3), escalateAfterMs: Math.round((answerMs * 2) / 3) };
}

export interface ApprovalOutcome {
  readonly state: Exclude<ApprovalState, 'open'>;
  readonly detail: string;
  /** One per voter, each with its authentication code for later verification. */
  readonly votes: readonly Decision[];
}

/** What continue-as-new carries over. */
export interface OpenApproval {
  readonly id: string;
  readonly decisionSubject: string;
  readonly needed: number;
  readonly expiresMs: number;
  readonly people?: readonly string[];
  reminders: number;
  escalated: boolean;
  readonly votes: readonly Decision[];
}

export interface ApprovalOpened {
  readonly state: ApprovalState;
  readonly decisionSubject: string;
  readonly createdMs: number;
  readonly expiresMs: number;
  /** Votes recorded earlier, verified again: a reset run doesn't know them, and nobody votes twice. */
  readonly votes?: readonly Decision[];
}

/** The argument of the update `vote`; its update id is `<approval>:<person>:<choice>`. */
export interface Vote {
  readonly decision: Decision;
  readonly reason: string;
  /** This person's vote of before counts no more, since they were removed; the activity verifies that. */
  readonly again?: true;
}

export interface ApprovalProgress {
  readonly id: string;
  readonly needed: number;
  readonly approvedBy: readonly string[];
  readonly rejectedBy: readonly string[];
  readonly expiresMs: number;
}

export interface VoteAnswer extends ApprovalProgress {
  readonly counted: boolean;
  readonly detail: string;
  /** When the vote that this answers was given: a repeated request may get the answer to an earlier one. */
  readonly atWallMs?: number;
}

export const APPROVAL_MESSAGES = { vote: 'vote', approvals: 'approvals' } as const;

export const voteUpdateId = (approvalId: string, person: string, choice: string): string =>
  `${approvalId}:${person}:${choice}`;

export const votedAlready = (person: string): string => `${person} has voted already`;

export type ApprovalState = ApprovalShown['state'];

export interface Approval extends Omit<ApprovalShown, 'votes'> {
  /** Short and random, to fit into a button. */
  readonly token: string;
  /** First execution run id of the requesting workflow. */
  readonly runId: string;
}

export type ApprovalVote = ApprovalShown['votes'][number] & { readonly decision: Decision };

export type NewApproval = Omit<Approval, 'createdMs' | 'state' | 'closedMs' | 'outcome'>;

export type VoteRecorded = 'recorded' | 'closed' | 'voted-already';

export interface ApprovalActivities {
  /**
   * The same id again returns the first request, or fails with `ApprovalChanged` if the parameters differ.
   */
  requestApproval(
    request: ApprovalRequest,
    asker: { readonly workflowId: string; readonly runId: string },
  ): Promise<ApprovalOpened>;
  /**
   * Fails with `ForgedDecision` or `VoteRefused`; neither is retried. Resolves to the people whose vote counts no more
   * because they were removed since.
   */
  recordApprovalVote(vote: {
    readonly approvalId: string;
    readonly decision: Decision;
    readonly reason: string;
  }): Promise<readonly string[]>;
  /** False if it was already closed, or closed by another run. */
  closeApproval(
    closing: {
      readonly id: string;
      readonly desk: string;
      readonly title: string;
      readonly runId: string;
      /** Also each question that this one was followed by when it was asked again. */
      readonly withAgain?: boolean;
    } & ApprovalOutcome,
  ): Promise<boolean>;
  /** For an approval that was superseded before it was carried out. */
  supersedeApproval(overtaken: {
    readonly id: string;
    readonly desk: string;
    readonly runId: string;
    readonly detail: string;
  }): Promise<void>;
  remindOfApproval(reminder: {
    readonly id: string;
    readonly desk: string;
    readonly escalates: boolean;
    readonly key: string;
  }): Promise<void>;
}

/** A change of settings that people have to approve. */
export interface SettingsChangeInput {
  readonly desk: string;
  readonly proposal: SettingsProposal;
  /** `settings:<desk>:<version>:<random>`: a new request after a rejection is a new question. */
  readonly approvalId: string;
  readonly needed: number;
  readonly person: string;
  readonly reason: string;
  readonly simulated: boolean;
  readonly expiresAfterMs: number;
  readonly remindEveryMs: number | null;
  readonly escalateAfterMs: number | null;
  readonly evidenceMs: number;
}

export interface SettingsChangeResult {
  /** `superseded`: the settings changed after the request. `refused`: by the trader, for another reason. */
  readonly state: 'applied' | 'rejected' | 'expired' | 'withdrawn' | 'superseded' | 'refused';
  readonly detail: string;
  /** Null if nothing was changed. */
  readonly configHash: string | null;
}
