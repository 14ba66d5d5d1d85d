import type { Evidence } from '../../contracts/evidence.js';
import type { Pool } from '../pool.js';
import { type EvidenceRow, evidenceFromRow } from './evidence-row.js';

const LIMIT_MAX = 500;

export interface EvidenceQuery {
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
