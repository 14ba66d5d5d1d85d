/** Questions that people must decide, and their votes. Votes are append-only; parameters never change. */

import type {
  Approval,
  ApprovalState,
  ApprovalVote,
  NewApproval,
  VoteRecorded,
} from '../contracts/approval.js';
import type { ApprovalParameters, Decision } from '../domain/decision.js';
import { askedAgain } from '../domain/go-live-terms.js';
import { inTransaction, type Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** Returns the stored row: the first request with this id, even if this is a later one. */
export async function openApproval(pool: Queries, asked: NewApproval): Promise<Approval> {
  await pool.query(
    `insert into approval (id, desk, token, kind, subject, title, parameters, parameters_hash, needed, roles,
       requested_by, workflow_id, run_id, expires)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (id) do nothing`,
    [
      asked.id,
      asked.desk,
      asked.token,
      asked.kind,
      asked.subject,
      asked.title,
      JSON.stringify(asked.parameters),
      asked.parametersHash,
      asked.needed,
      asked.roles,
      asked.requestedBy,
      asked.workflowId,
      asked.runId,
      new Date(asked.expiresMs),
    ],
  );
  const stored = await findApproval(pool, asked.desk, asked.id);
  if (stored === null) throw new Error(`the approval ${asked.id} belongs to another desk`);
  return stored;
}

/** `key`: its id, or the token in its buttons. */
export async function findApproval(pool: Queries, desk: string, key: string): Promise<Approval | null> {
  const found = await pool.query<ApprovalRow>(
    'select * from approval where desk = $1 and (id = $2 or token = $2)',
    [desk, key],
  );
  return found.rows[0] ? approvalFrom(found.rows[0]) : null;
}

/** Open ones first, then newest first. */
export async function readApprovals(pool: Queries, desk: string, limit = 50): Promise<readonly Approval[]> {
  const found = await pool.query<ApprovalRow>(
    `select * from approval where desk = $1 order by (state = 'open') desc, created desc limit $2`,
    [desk, limit],
  );
  return found.rows.map(approvalFrom);
}

export async function readVotes(
  pool: Queries,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly ApprovalVote[]>> {
  const found = await pool.query<VoteRow>(
    'select * from approval_vote where approval_id = any($1) order by voted',
    [ids],
  );
  const votes = new Map<string, ApprovalVote[]>(ids.map((id) => [id, []]));
  for (const { approval_id: id, voted, ...row } of found.rows) {
    votes.get(id)?.push({ ...row, votedMs: voted.getTime() });
  }
  return votes;
}

/**
 * The same decision again returns `recorded`: an activity is retried until its answer arrives. `isEnded`: whether a vote of
 * before counts no more, so that its person may vote again.
 */
export function recordVote(
  pool: Pool,
  approvalId: string,
  { decision, reason }: Pick<ApprovalVote, 'decision' | 'reason'>,
  isEnded: (decision: Decision) => boolean,
): Promise<VoteRecorded> {
  return inTransaction(pool, async (client) => {
    const locked = await client.query<{ state: ApprovalState; expired: boolean }>(
      'select state, expires <= now() as expired from approval where id = $1 for update',
      [approvalId],
    );
    const [approval] = locked.rows;
    const before = await client.query<{ decision: Decision }>(
      'select decision from approval_vote where approval_id = $1 and person = $2',
      [approvalId, decision.person],
    );
    if (before.rows.some((vote) => vote.decision.mac === decision.mac)) return 'recorded';
    if (before.rows.some((vote) => !isEnded(vote.decision))) return 'voted-already';
    if (approval?.state !== 'open' || approval.expired) return 'closed';
    await client.query(
      `insert into approval_vote (approval_id, person, choice, via, reason, decision) values ($1, $2, $3, $4, $5, $6)`,
      [approvalId, decision.person, decision.choice, decision.via, reason, JSON.stringify(decision)],
    );
    return 'recorded';
  });
}

/** The questions of this run that asked this one again. */
export async function readAgain(pool: Queries, id: string, runId: string): Promise<readonly string[]> {
  const found = await pool.query<{ id: string }>(
    `select id from approval where starts_with(id, $1) and run_id = $2`,
    [askedAgain(id, ''), runId],
  );
  return found.rows.map((row) => row.id);
}

/** True if the approval belongs to this run and now has this state; an approval is closed once. */
export async function closeApproval(
  pool: Queries,
  closing: {
    readonly id: string;
    readonly runId: string;
    readonly state: ApprovalState;
    readonly outcome: string;
  },
): Promise<boolean> {
  await pool.query(
    `update approval set state = $3, outcome = $4, closed = now() where id = $1 and run_id = $2 and state = 'open'`,
    [closing.id, closing.runId, closing.state, closing.outcome],
  );
  const found = await pool.query<{ state: ApprovalState }>(
    'select state from approval where id = $1 and run_id = $2',
    [closing.id, closing.runId],
  );
  return found.rows[0]?.state === closing.state;
}

/** Approvals that people decided or let expire since then, and in how many ms 95 % of them were closed. */
export async function readDecisionTimes(
  pool: Queries,
  desk: string,
  sinceMs: number,
): Promise<{ readonly count: number; readonly ms: number | null }> {
  const found = await pool.query<{ count: number; ms: number | null }>(
    `select count(*)::int as count, (percentile_cont(0.95)
         within group (order by extract(epoch from closed - created) * 1000))::float8 as ms
      from approval where desk = $1 and state in ('approved', 'rejected', 'expired', 'superseded') and closed >= $2`,
    [desk, new Date(sinceMs)],
  );
  return found.rows[0] ?? { count: 0, ms: null };
}

/** Only for an approval that this run closed as approved; marks its messages for rewriting. */
export function supersedeApproval(
  pool: Pool,
  { id, runId, outcome }: { readonly id: string; readonly runId: string; readonly outcome: string },
): Promise<void> {
  return inTransaction(pool, async (client) => {
    const changed = await client.query(
      `update approval set state = 'superseded', outcome = $3 where id = $1 and run_id = $2 and state = 'approved'`,
      [id, runId, outcome],
    );
    if (changed.rowCount === 0) return;
    await client.query(
      `update outbox o set buttons_open = true from notice n
        where n.id = o.notice_id and n.approval_id = $1 and o.state = 'sent'`,
      [id],
    );
  });
}

interface VoteRow {
  readonly approval_id: string;
  readonly person: string;
  readonly choice: 'approve' | 'reject';
  readonly via: string;
  readonly reason: string;
  readonly decision: Decision;
  readonly voted: Date;
}

interface ApprovalRow {
  readonly id: string;
  readonly desk: string;
  readonly token: string;
  readonly kind: string;
  readonly subject: string;
  readonly title: string;
  readonly parameters: ApprovalParameters;
  readonly parameters_hash: string;
  readonly needed: number;
  readonly roles: string[];
  readonly requested_by: string;
  readonly workflow_id: string;
  readonly run_id: string;
  readonly created: Date;
  readonly expires: Date;
  readonly state: ApprovalState;
  readonly closed: Date | null;
  readonly outcome: string;
}

function approvalFrom(row: ApprovalRow): Approval {
  return {
    id: row.id,
    desk: row.desk,
    token: row.token,
    kind: row.kind,
    subject: row.subject,
    title: row.title,
    parameters: row.parameters,
    parametersHash: row.parameters_hash,
    needed: row.needed,
    roles: row.roles,
    requestedBy: row.requested_by,
    workflowId: row.workflow_id,
    runId: row.run_id,
    createdMs: row.created.getTime(),
    expiresMs: row.expires.getTime(),
    state: row.state,
    closedMs: row.closed?.getTime() ?? null,
    outcome: row.outcome,
  };
}
