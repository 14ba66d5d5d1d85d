import { createHash } from 'node:crypto';
import type { Evidence, EvidenceInput, EvidenceKind, EvidenceVerdict } from '../contracts/evidence.js';
import { inTransaction, lockInTransaction, type Pool, type PoolClient, plainText } from './pool.js';

const NONCE_LENGTH = 8;

/**
 * Appends to the desk's chain, in one transaction with the caller's other changes. Repeating the same
 * (workflow, first run, step, attempt group) returns the first record, so a retried activity leaves one piece
 * of evidence. A run that continues from another shares its first run id. After a reset it repeats that run's
 * steps; these are recorded, too, under a step key that ends in its own run id.
 */
export async function recordEvidenceIn(client: PoolClient, input: EvidenceInput): Promise<Evidence> {
  const evidence = normaliseEvidence(input);
  // One writer per desk: two that read the same last hash would fork the chain.
  await lockInTransaction(client, `evidence:${evidence.desk}`);
  const recorded = await findRecorded(client, evidence);
  if (recorded === null) return append(client, evidence);
  if (recorded.runId === evidence.runId) return recorded;
  const anew = { ...evidence, stepKey: `${evidence.stepKey}~${evidence.runId.slice(-NONCE_LENGTH)}` };
  return (await findRecorded(client, anew)) ?? (await append(client, anew));
}

/** All of them in this order, or none. Rejects while Postgres is down; the caller retries. */
export function recordEvidenceBatch(
  pool: Pool,
  inputs: readonly EvidenceInput[],
): Promise<readonly Evidence[]> {
  return inTransaction(pool, async (client) => {
    const recorded: Evidence[] = [];
    for (const input of inputs) recorded.push(await recordEvidenceIn(client, input));
    return recorded;
  });
}

async function findRecorded(client: PoolClient, evidence: Required<EvidenceInput>): Promise<Evidence | null> {
  const found = await client.query<EvidenceRow>(
    `select * from evidence
      where workflow_id = $1 and first_run_id = $2 and step_key = $3 and attempt_group = $4`,
    [evidence.workflowId, evidence.firstRunId, evidence.stepKey, evidence.attemptGroup],
  );
  return found.rows[0] ? evidenceFromRow(found.rows[0]) : null;
}

async function append(client: PoolClient, evidence: Required<EvidenceInput>): Promise<Evidence> {
  const last = await client.query<{ hash: string }>(
    'select hash from evidence where desk = $1 order by id desc limit 1',
    [evidence.desk],
  );
  const previousHash = last.rows[0]?.hash ?? FIRST_PREVIOUS_HASH;
  const added = await client.query<EvidenceRow>(
    `insert into evidence (desk, workflow_id, first_run_id, run_id, routine, step_key, attempt_group, name, kind,
       verdict, observed, expected, started, finished, market, person, reference, simulated, previous_hash, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
     returning *`,
    [
      evidence.desk,
      evidence.workflowId,
      evidence.firstRunId,
      evidence.runId,
      evidence.routine,
      evidence.stepKey,
      evidence.attemptGroup,
      evidence.name,
      evidence.kind,
      evidence.verdict,
      evidence.observed,
      evidence.expected,
      new Date(evidence.startedMs),
      new Date(evidence.finishedMs),
      evidence.marketMs === null ? null : new Date(evidence.marketMs),
      evidence.person,
      evidence.reference,
      evidence.simulated,
      previousHash,
      evidenceHash(previousHash, evidence),
    ],
  );
  return evidenceFromRow(added.rows[0]!);
}

const LIMIT_MAX = 500;

interface EvidenceQuery {
  readonly desk: string;
  readonly workflowId?: string;
  readonly firstRunId?: string;
  readonly routine?: string;
  /** For paging: only evidence recorded before this id. */
  readonly beforeId?: number;
  /** Default and maximum: 500. */
  readonly limit?: number;
}

/** Newest first. */
export async function readEvidence(pool: Pool, query: EvidenceQuery): Promise<readonly Evidence[]> {
  const found = await pool.query<EvidenceRow>(
    `select * from evidence
      where desk = $1
        and ($2::text is null or workflow_id = $2)
        and ($3::text is null or first_run_id = $3)
        and ($4::text is null or routine = $4)
        and ($5::bigint is null or id < $5)
      order by id desc limit $6`,
    [
      query.desk,
      query.workflowId ?? null,
      query.firstRunId ?? null,
      query.routine ?? null,
      query.beforeId ?? null,
      Math.min(query.limit ?? LIMIT_MAX, LIMIT_MAX),
    ],
  );
  return found.rows.map(evidenceFromRow);
}

const BATCH_ROWS = 500;

export type EvidenceProof =
  /** `head`: hash of the newest evidence. Stored elsewhere, it also proves that the end is complete. */
  | { readonly ok: true; readonly count: number; readonly head: string }
  | { readonly ok: false; readonly count: number; readonly brokenId: number; readonly why: string };

/** Checks the desk's whole chain from the first evidence on, and names the first broken piece. */
export async function verifyEvidence(pool: Pick<Pool, 'query'>, desk: string): Promise<EvidenceProof> {
  let head = FIRST_PREVIOUS_HASH;
  let lastId = 0;
  let count = 0;
  for (;;) {
    const batch = await pool.query<EvidenceRow>(
      'select * from evidence where desk = $1 and id > $2 order by id limit $3',
      [desk, lastId, BATCH_ROWS],
    );
    for (const row of batch.rows) {
      const { id, previousHash, hash, ...fields } = evidenceFromRow(row);
      if (previousHash !== head) {
        return { ok: false, count, brokenId: id, why: 'the evidence before it is missing or was changed' };
      }
      if (evidenceHash(head, fields) !== hash) {
        return { ok: false, count, brokenId: id, why: 'its content is not what was recorded' };
      }
      head = hash;
      lastId = id;
      count += 1;
    }
    if (batch.rows.length < BATCH_ROWS) return { ok: true, count, head };
  }
}

interface EvidenceRow {
  readonly id: string;
  readonly desk: string;
  readonly workflow_id: string;
  readonly first_run_id: string;
  readonly run_id: string;
  readonly routine: string;
  readonly step_key: string;
  readonly attempt_group: number;
  readonly name: string;
  readonly kind: EvidenceKind;
  readonly verdict: EvidenceVerdict;
  readonly observed: string;
  readonly expected: string;
  readonly started: Date;
  readonly finished: Date;
  readonly market: Date | null;
  readonly person: string | null;
  readonly reference: string | null;
  readonly simulated: boolean;
  readonly previous_hash: string;
  readonly hash: string;
}

function evidenceFromRow(row: EvidenceRow): Evidence {
  return {
    id: Number(row.id),
    desk: row.desk,
    workflowId: row.workflow_id,
    firstRunId: row.first_run_id,
    runId: row.run_id,
    routine: row.routine,
    stepKey: row.step_key,
    attemptGroup: row.attempt_group,
    name: row.name,
    kind: row.kind,
    verdict: row.verdict,
    observed: row.observed,
    expected: row.expected,
    startedMs: row.started.getTime(),
    finishedMs: row.finished.getTime(),
    marketMs: row.market?.getTime() ?? null,
    person: row.person,
    reference: row.reference,
    simulated: row.simulated,
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}

/** Exactly the form that Postgres returns, because the hash is recomputed from that. */
function normaliseEvidence(input: EvidenceInput): Required<EvidenceInput> {
  return {
    desk: plain(input.desk),
    workflowId: plain(input.workflowId),
    firstRunId: plain(input.firstRunId),
    runId: plain(input.runId),
    routine: plain(input.routine),
    stepKey: plain(input.stepKey),
    attemptGroup: input.attemptGroup ?? 0,
    name: plain(input.name),
    kind: input.kind,
    verdict: input.verdict,
    observed: plain(input.observed),
    expected: plain(input.expected),
    startedMs: Math.trunc(input.startedMs),
    finishedMs: Math.trunc(input.finishedMs),
    marketMs: input.marketMs === null ? null : Math.trunc(input.marketMs),
    person: input.person === null ? null : plain(input.person),
    reference: input.reference === null ? null : plain(input.reference),
    simulated: input.simulated,
  };
}

/** Hex SHA-256. Keys are sorted, so neither the writer's nor the database's order of columns matters. */
function evidenceHash(previousHash: string, evidence: Required<EvidenceInput>): string {
  const keys = Object.keys(evidence).sort() as (keyof EvidenceInput)[];
  const canonical = JSON.stringify(keys.map((key) => [key, evidence[key]]));
  return createHash('sha256').update(previousHash).update('\n').update(canonical).digest('hex');
}

function plain(text: string): string {
  return plainText(text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)} … (cut)` : text);
}

/** Longer observations are cut, with a mark. */
const TEXT_CHARS_MAX = 16_384;

/** The previous hash of a desk's first evidence. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);
