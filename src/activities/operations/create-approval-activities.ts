/** The activities of an approval: the question, the votes and the answer in Postgres, and telling people. */
import { randomBytes } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type { ApprovalActivities, ApprovalVote } from '../../contracts/approval.js';
import type { Notice } from '../../contracts/notice.js';
import { FAILURE_NAMES } from '../../contracts/queues.js';
import { type Decision, decisionSubject, parametersHash, verifyDecision } from '../../domain/decision.js';
import { reasonOf } from '../../domain/plain-text.js';
import { type RealMoneyRules, realMoneyObjection, tooManyChatVotes } from '../../domain/signed-vote.js';
import { approvalNotice, approvalReminder, approvalResult } from '../../notify/button-notices.js';
import {
  closeApproval,
  findApproval,
  openApproval,
  readAgain,
  readVotes,
  recordVote,
  supersedeApproval,
} from '../../store/approval-rows.js';
import { appendAudit } from '../../store/audit.js';
import type { Pool } from '../../store/pool.js';
import type { TraderClient } from '../../trader/client.js';
import { readWords, withHalts } from '../../trader/read-status.js';
import { aboutThisRun } from '../activity-key.js';

interface ApprovalDependencies {
  readonly pool: Pool;
  readonly decisionKey: () => string;
  readonly nowMs: () => number;
  readonly tell: (notice: Notice) => Promise<void>;
  readonly trader: Pick<TraderClient, 'call'>;
  /** Whether this vote counts no more because its person was removed since. */
  readonly isEnded?: (decision: Decision) => boolean;
  /** On a desk with real money, how votes about it are checked; the trader checks them again. */
  readonly realMoney?: RealMoneyVotes | null;
}

export interface RealMoneyVotes extends Pick<RealMoneyRules, 'keysOf' | 'chatKey' | 'pages'> {
  /** Undefined if approvals of this kind are not about real money. */
  readonly kindOf: (approvalKind: string) => RealMoneyRules['kind'] | undefined;
  readonly chatVotesMax: (needed: number) => number;
}

/** 96 bits: can't be guessed, and fits into a button's data with the choice. */
const TOKEN_BYTES = 12;

export function createApprovalActivities(dependencies: ApprovalDependencies): ApprovalActivities {
  const { pool, decisionKey, nowMs, tell, isEnded = () => false, realMoney = null } = dependencies;
  const verify = async (approvalId: string, decision: Decision): Promise<void> => {
    verifyOrigin(decisionKey(), decision, nowMs());
    if (realMoney && decision.choice === 'approve')
      await verifyOwn(dependencies, realMoney, approvalId, decision);
  };
  /** A row in Postgres doesn't make anybody an approver: a recorded vote counts only if it would count now. */
  const votesBefore = async (approvalId: string, subject: string): Promise<readonly Decision[]> => {
    const counted: Decision[] = [];
    for (const { decision } of (await readVotes(pool, [approvalId])).get(approvalId) ?? []) {
      const counts = await verify(approvalId, decision).then(
        () => true,
        () => false,
      );
      if (counts && decision.subject === subject && !isEnded(decision)) counted.push(decision);
    }
    return counted;
  };
  /** Who decided before they were removed, and have not voted since. */
  const endedIn = (votes: readonly ApprovalVote[]): string[] => {
    const counting = new Set(votes.filter(({ decision }) => !isEnded(decision)).map(({ person }) => person));
    return [...new Set(votes.map(({ person }) => person))].filter((person) => !counting.has(person));
  };
  const close: ApprovalActivities['closeApproval'] = async ({ id, desk, title, runId, state, detail }) => {
    const closed = await closeApproval(pool, { id, runId, state, outcome: detail });
    if (!closed) return false;
    const votes = (await readVotes(pool, [id])).get(id) ?? [];
    const why = reasonOf(votes.find(({ choice }) => choice === 'reject')?.reason);
    const text = state === 'rejected' && why !== null ? `${detail}: "${why}"` : detail;
    await tell(aboutThisRun(approvalResult({ id, desk, title, state, detail: text })));
    return true;
  };
  return {
    requestApproval: async (request, asker) => {
      const hash = parametersHash(request.parameters);
      const approval = await openApproval(pool, {
        ...request,
        ...asker,
        token: randomBytes(TOKEN_BYTES).toString('base64url'),
        parametersHash: hash,
      });
      if (approval.parametersHash !== hash || approval.subject !== request.subject) {
        throw ApplicationFailure.nonRetryable(
          `the approval ${request.id} was asked with other parameters: a change needs an id of its own`,
          FAILURE_NAMES.approvalChanged,
        );
      }
      const { state, createdMs, expiresMs } = approval;
      const subject = decisionSubject(approval);
      if (state !== 'open') return { state, createdMs, expiresMs, decisionSubject: subject };
      await tell(approvalNotice(await withHalts(() => readWords(dependencies), approval)));
      const votes = await votesBefore(approval.id, subject);
      return { state, createdMs, expiresMs, decisionSubject: subject, ...(votes.length > 0 && { votes }) };
    },
    recordApprovalVote: async ({ approvalId, decision, reason }) => {
      await verify(approvalId, decision);
      const recorded = await recordVote(pool, approvalId, { decision, reason }, isEnded);
      if (recorded === 'recorded')
        return endedIn((await readVotes(pool, [approvalId])).get(approvalId) ?? []);
      const why =
        recorded === 'closed' ? 'it is closed or has expired' : `${decision.person} has voted already`;
      throw ApplicationFailure.nonRetryable(`The vote does not count: ${why}.`, FAILURE_NAMES.voteRefused);
    },
    closeApproval: async ({ withAgain = false, ...closing }) => {
      const again = withAgain ? await readAgain(pool, closing.id, closing.runId) : [];
      for (const id of again) await close({ ...closing, id });
      return close(closing);
    },
    supersedeApproval: async ({ id, desk, runId, detail }) => {
      await supersedeApproval(pool, { id, runId, outcome: detail });
      const entry = { desk, person: 'fermata', via: 'workflow', action: 'approval:superseded' as const };
      const idempotencyKey = `superseded:${id}`;
      await appendAudit(pool, { ...entry, parameters: { approval: id }, outcome: detail, idempotencyKey });
    },
    remindOfApproval: async ({ id, desk, escalates, key }) => {
      const approval = await findApproval(pool, desk, id);
      if (approval?.state !== 'open') return;
      const votes = (await readVotes(pool, [id])).get(id) ?? [];
      await tell(
        approvalReminder(
          await withHalts(() => readWords(dependencies), approval),
          votes.filter(({ decision }) => !isEnded(decision)).map(({ person }) => person),
          { escalates, key },
        ),
      );
    },
  };
}

/**
 * Refuses a vote about real money that does not count as the person's own, so that the person learns it at
 * once.
 */
async function verifyOwn(
  { pool, nowMs, isEnded = () => false }: ApprovalDependencies,
  { kindOf, chatVotesMax, ...keys }: RealMoneyVotes,
  approvalId: string,
  decision: Decision,
): Promise<void> {
  const approval = await findApproval(pool, decision.desk, approvalId);
  const kind = approval === null ? undefined : kindOf(approval.kind);
  if (approval === null || kind === undefined) return;
  const votes = (await readVotes(pool, [approvalId])).get(approvalId) ?? [];
  const before = votes
    .map((vote) => vote.decision)
    .filter((vote) => vote.person !== decision.person && !isEnded(vote));
  const rules = { kind, inForce: null, ...keys, chatVotesMax: chatVotesMax(approval.needed) };
  const problem =
    realMoneyObjection(decision, rules, nowMs()) ?? tooManyChatVotes([...before, decision], rules);
  if (problem !== null)
    throw ApplicationFailure.nonRetryable(`The vote does not count: ${problem}.`, FAILURE_NAMES.voteRefused);
}

/** Access to Temporal doesn't make anybody an approver: only a decision made with our key counts. */
export function verifyOrigin(key: string, decision: Decision, nowMs: number): void {
  const verdict = verifyDecision(key, decision, nowMs);
  if (!verdict.ok) {
    throw ApplicationFailure.nonRetryable(
      `The decision does not count: ${verdict.reason}. The desk stays as it is. Sign in and decide again.`,
      FAILURE_NAMES.forgedDecision,
    );
  }
}
