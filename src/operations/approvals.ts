import { z } from 'zod';
import {
  APPROVAL_MESSAGES,
  type Approval,
  type ApprovalVote,
  type Vote,
  type VoteAnswer,
  votedAlready,
  voteUpdateId,
} from '../contracts/approval.js';
import type { Shape } from '../contracts/json-values.js';
import type { ApprovalShown } from '../contracts/published.js';
import { decisionSubject, isEndedBy } from '../domain/decision.js';
import { causeOf } from '../domain/message-of.js';
import { rolesOf } from '../domain/people-roles.js';
import { SETTINGS_APPROVAL, settingsTerms } from '../domain/settings-change.js';
import { votesEndedMs } from '../home/people-folder.js';
import { findApproval, readApprovals, readVotes } from '../store/approval-rows.js';
import { TemporalUnavailable } from '../temporal/open-temporal.js';
import { readStatus, readWords, withHalts } from '../trader/read-status.js';
import type { Caller, MayBeUnknown, OperationContext } from './operation.js';
import { recordAudit } from './record-audit.js';
import { signAs, voteExpiresMs } from './sign-as.js';

export interface VoteRequest {
  /** The approval's id, or the token in its buttons. */
  readonly approval: string;
  readonly choice: 'approve' | 'reject';
  /** The first digits (8 or more) of the hash of the parameters that were shown to the person. */
  readonly parametersHash: string;
  readonly reason: string;
  /** For decisions about real money: signature over `statementToSign`, made with the person's own key. */
  readonly signature?: string | undefined;
}

export const voteResultSchema = z.object({
  /** The vote counts: verified, stored, and with the waiting workflow. */
  ok: z.boolean(),
  detail: z.string(),
  approvalId: z.string().nullable(),
});
export type VoteResult = Shape<typeof voteResultSchema> & MayBeUnknown;

/** The workflow stores the vote in Postgres before it answers. */
const UPDATE_MS = 20_000;
const HASH_DIGITS_MIN = 8;

/** Casts the vote of a person whom the calling process has authenticated; the vote is signed here. */
export async function castVote(
  context: OperationContext,
  caller: Caller,
  request: VoteRequest,
): Promise<VoteResult> {
  const approval = await findApproval(context.pool, context.desk.desk, request.approval).catch(
    (error: unknown) => causeOf(error),
  );
  if (typeof approval === 'string')
    return refused(null, `Postgres does not answer (${approval}). Nothing was decided. Vote again later.`);
  if (approval === null)
    return { ...refused(null, 'There is no such approval. Look at fermata approvals.'), reason: 'unknown' };
  const why = unfit(context, caller, approval, request);
  const result = why === null ? await vote(context, caller, approval, request) : refused(approval.id, why);
  const audit = await recordAudit(context, caller, {
    action: `vote:${request.choice}`,
    parameters: { approval: approval.id, reason: request.reason, parametersHash: approval.parametersHash },
    outcome: result.ok ? `counted: ${result.detail}` : result.detail,
  });
  return audit === null ? result : { ...result, detail: `${result.detail} ${audit}` };
}

/** Null if the vote may be sent; otherwise the reason, in words. */
function unfit(
  { desk, nowMs }: OperationContext,
  { person }: Caller,
  approval: Approval,
  { parametersHash }: VoteRequest,
): string | null {
  if (!rolesOf(desk.people, person).some((role) => approval.roles.includes(role)))
    return `${person} may not vote on this: it needs the role ${approval.roles.join(' or ')}.`;
  if (approval.state !== 'open') return `It is ${approval.state} already: ${approval.outcome}.`;
  if (approval.expiresMs <= nowMs()) return 'It has expired.';
  const same = parametersHash.length >= HASH_DIGITS_MIN && approval.parametersHash.startsWith(parametersHash);
  if (!same) return 'What you saw is not what would be decided: the parameters differ. Look again.';
  return null;
}

/** A vote that counts may still change nothing; the detail says so. */
async function vote(
  context: OperationContext,
  caller: Caller,
  approval: Approval,
  request: VoteRequest,
): Promise<VoteResult> {
  const late = request.choice === 'approve' ? await overtaken(context, approval) : null;
  const sent = await send(context, caller, approval, request);
  return late === null || !sent.ok ? sent : { ...sent, detail: `${sent.detail}. ${late}` };
}

async function send(
  context: OperationContext,
  caller: Caller,
  approval: Approval,
  { choice, reason, signature }: VoteRequest,
): Promise<VoteResult> {
  const { person } = caller;
  const ended = votesEndedMs(context.runtime.home, person);
  const before = await votesOf(context, approval.id, person);
  const former = before.filter(({ decision }) => isEndedBy(ended, decision));
  const again = former.length > 0 && former.length === before.length;
  const id = voteUpdateId(approval.id, person, choice);
  const decision = signAs(context, caller, {
    // Under the id of a vote that counts no more, Temporal would give the answer to that one.
    decisionId: former.length > 0 ? `${id}:after-${ended}` : id,
    choice,
    subject: decisionSubject(approval),
    expiresWallMs: voteExpiresMs(context, approval),
    signature,
  });
  const cast = (updateId: string): Promise<VoteAnswer> =>
    context.temporal.within(UPDATE_MS, (client) =>
      client.workflow
        .getHandle(approval.workflowId, undefined, { firstExecutionRunId: approval.runId })
        .executeUpdate<VoteAnswer, [Vote]>(APPROVAL_MESSAGES.vote, {
          args: [{ decision, reason, ...(again ? { again } : {}) }],
          updateId,
        }),
    );
  try {
    // The same tap twice is one vote; the workflow refuses a second vote by the same person.
    let answer = await cast(decision.decisionId);
    // Temporal gives the answer of an earlier vote again. What was refused then, may count now.
    if (!answer.counted && answer.atWallMs !== decision.atWallMs)
      answer = await cast(`${decision.decisionId}:${context.newId()}`);
    return { ok: answer.counted, detail: answer.detail, approvalId: approval.id };
  } catch (error) {
    if (error instanceof TemporalUnavailable) {
      const again = 'Vote again later: the same vote counts once.';
      return refused(approval.id, `Whether the vote counts is not known: ${error.message}. ${again}`);
    }
    const why = causeOf(error);
    const same = before.find((vote) => vote.choice === choice && !isEndedBy(ended, vote.decision));
    // A run that began since knows the vote, and not the request that brought it.
    if (same !== undefined && why === votedAlready(person))
      return { ok: true, detail: `${why} (${choice}), and that vote counts`, approvalId: approval.id };
    return refused(approval.id, `The vote does not count: ${why}.`);
  }
}

/** None while Postgres is away; the workflow then refuses a second vote. */
async function votesOf(
  { pool }: OperationContext,
  approvalId: string,
  person: string,
): Promise<readonly ApprovalVote[]> {
  const votes = await readVotes(pool, [approvalId]).catch(() => null);
  return (votes?.get(approvalId) ?? []).filter((vote) => vote.person === person);
}

function refused(approvalId: string | null, detail: string): VoteResult {
  return { ok: false, detail, approvalId };
}

/**
 * Why this approval is out of date: the settings have changed since, and the trader accepts no votes on an
 * older version. Null if they have not changed, or if the trader doesn't answer (it decides by itself later).
 */
async function overtaken(context: OperationContext, approval: Approval): Promise<string | null> {
  if (approval.kind !== SETTINGS_APPROVAL) return null;
  const status = await readStatus(context).catch(() => null);
  if (status === null) return null;
  const { incarnation, settings } = status;
  const now = settingsTerms({ incarnation, version: settings.version + 1, changes: [] });
  return now.subject === approval.subject
    ? null
    : 'The settings were changed after this was asked for, so the trader will not take it: they stay as they are now. Ask for the change again.';
}

/** Open ones first, then newest first, 50 without a `limit`. Rejects while Postgres is down. */
export async function listApprovals(
  { pool, desk, runtime, trader }: Pick<OperationContext, 'pool' | 'desk' | 'runtime' | 'trader'>,
  { limit }: { readonly limit?: number } = {},
): Promise<readonly ApprovalShown[]> {
  const approvals = await readApprovals(pool, desk.desk, limit);
  const ended = (person: string) => votesEndedMs(runtime.home, person);
  const votes = await readVotes(
    pool,
    approvals.map(({ id }) => id),
  );
  const shown = await Promise.all(
    approvals.map((approval) => withHalts(() => readWords({ trader }), approval)),
  );
  return shown.map(({ token: _token, runId: _runId, ...approval }) => ({
    ...approval,
    votes: (votes.get(approval.id) ?? [])
      // Of a question that is decided, all votes stay as they were.
      .filter(({ person, decision }) => approval.state !== 'open' || !isEndedBy(ended(person), decision))
      .map(({ decision: _decision, ...vote }) => vote),
  }));
}
