/**
 * The contract of approvals, and of the changes of settings that ask for them: shared by the workflows that ask, the
 * activities and the voters.
 */
import type { ApprovalParameters } from '../domain/approval.js';
import type { Decision } from '../domain/decision.js';
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
  /** How many different people have to approve. One refusal ends it. */
  readonly needed: number;
  /** Having one of these roles of the desk file is enough to vote. */
  readonly roles: readonly string[];
  /** Only these people among those with the role; default: all of them. */
  readonly people?: readonly string[];
  readonly requestedBy: string;
  /** Wall milliseconds. */
  readonly expiresMs: number;
  readonly remindEveryMs: number | null;
  /** This long after it was asked, it is sent again as critical to everybody who may act on the desk. */
  readonly escalateAfterMs: number | null;
}

/**
 * When people are pressed for an answer that is valid for `answerMs`: reminded once, after a third, and told as
 * critical after two thirds, so that whoever learns of it only then still has the last third.
 */
export function pressingWithin(answerMs: number): Pick<ApprovalRequest, 'remindEveryMs' | 'escalateAfterMs'> {
  return { remindEveryMs: Math.round(answerMs / 3), escalateAfterMs: Math.round((answerMs * 2) / 3) };
}

export interface ApprovalOutcome {
  readonly state: Exclude<ApprovalState, 'open'>;
  readonly detail: string;
  /** Of everybody who voted; each with its authentication code, for later verification. */
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
  /** Votes recorded earlier, verified again: a run that was reset doesn't know them, and nobody votes twice. */
  readonly votes?: readonly Decision[];
}

/** The argument of the update `vote`; its update id is `<approval>:<person>:<choice>`. */
export interface Vote {
  readonly decision: Decision;
  readonly reason: string;
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
}

export const APPROVAL_MESSAGES = { vote: 'vote', approvals: 'approvals' } as const;

export const voteUpdateId = (approvalId: string, person: string, choice: string): string =>
  `${approvalId}:${person}:${choice}`;

export type ApprovalState = ApprovalShown['state'];

export interface Approval extends Omit<ApprovalShown, 'votes'> {
  /** Short and random: what fits into a button. */
  readonly token: string;
  /** First execution run id of the workflow that asked. */
  readonly runId: string;
}

export type ApprovalVote = ApprovalShown['votes'][number] & { readonly decision: Decision };

export type NewApproval = Omit<Approval, 'createdMs' | 'state' | 'closedMs' | 'outcome'>;

export type VoteRecorded = 'recorded' | 'closed' | 'voted-already';

export interface ApprovalActivities {
  /** The same id again returns the first request; with other parameters it fails with `ApprovalChanged`. */
  requestApproval(
    request: ApprovalRequest,
    asker: { readonly workflowId: string; readonly runId: string },
  ): Promise<ApprovalOpened>;
  /** Fails with `ForgedDecision` or `VoteRefused`; neither is retried. */
  recordApprovalVote(vote: {
    readonly approvalId: string;
    readonly decision: Decision;
    readonly reason: string;
  }): Promise<void>;
  /** False if it was closed before, or by another run. */
  closeApproval(
    closing: {
      readonly id: string;
      readonly desk: string;
      readonly title: string;
      readonly runId: string;
    } & ApprovalOutcome,
  ): Promise<boolean>;
  /** For an approved one that was superseded before it was carried out. */
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
  /** `settings:<desk>:<version>:<random>`: asking again after a refusal is another question. */
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
  /** `superseded`: the settings have changed since the request; `refused`: by the trader, for another reason. */
  readonly state: 'applied' | 'rejected' | 'expired' | 'withdrawn' | 'superseded' | 'refused';
  readonly detail: string;
  /** Null if nothing was changed. */
  readonly configHash: string | null;
}
