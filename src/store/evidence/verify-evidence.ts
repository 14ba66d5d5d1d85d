import type { Pool } from '../pool.js';
import { FIRST_PREVIOUS_HASH } from './evidence.js';
import { evidenceHash } from './evidence-hash.js';
import { type EvidenceRow, evidenceFromRow } from './evidence-row.js';

const BATCH_ROWS = 500;

export type EvidenceProof =
  /** `head`: hash of the newest evidence. Kept elsewhere, it also proves that nothing was cut off at the end. */
  | { readonly ok: true; readonly count: number; readonly head: string }
  | { readonly ok: false; readonly count: number; readonly brokenId: number; readonly why: string };

/** Checks the desk's whole chain from the first evidence on, and names the first broken one. */
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
