import type { ApprovalShown } from '../../contracts/published.js';
import { readApprovals, readVotes } from '../../store/approvals.js';
import type { OperationContext } from '../operation.js';

/** Open ones first, then newest first, at most 50. Rejects while Postgres is down. */
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
