import type { Approval, ApprovalVote } from '../../contracts/approval.js';
import { readApprovals, readVotes } from '../../store/approvals.js';
import type { OperationContext } from '../operation.js';

/** An approval as people see it: without its buttons' token and without authentication codes. */
export type ApprovalShown = Omit<Approval, 'token' | 'runId'> & {
  readonly votes: readonly Omit<ApprovalVote, 'decision'>[];
};

/** Open ones first, then newest first; at most 50. Rejects while Postgres is down. */
export async function listApprovals({
  pool,
  desk,
}: Pick<OperationContext, 'pool' | 'desk'>): Promise<readonly ApprovalShown[]> {
  const approvals = await readApprovals(pool, desk.desk);
  const votes = await readVotes(
    pool,
    approvals.map(({ id }) => id),
  );
  return approvals.map(({ token: _token, runId: _runId, ...approval }) => ({
    ...approval,
    votes: (votes.get(approval.id) ?? []).map(({ decision: _decision, ...vote }) => vote),
  }));
}
