import type { Evidence, EvidenceInput } from '../../contracts/evidence.js';
import { inTransaction, lockInTransaction, type Pool, type PoolClient } from '../pool.js';
import { FIRST_PREVIOUS_HASH } from './evidence.js';
import { evidenceHash, normaliseEvidence } from './evidence-hash.js';
import { type EvidenceRow, evidenceFromRow } from './evidence-row.js';

const NONCE_LENGTH = 8;

/**
 * Appends to the desk's chain, in one transaction with whatever else it does. The same (workflow, first run, step,
 * attempt group) again returns the first record, so that a retried activity leaves one piece of evidence. A run that
 * continues from another shares its first run id; after a reset it repeats that run's steps, which are recorded as
 * well, under a step key that ends in its own run id.
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
