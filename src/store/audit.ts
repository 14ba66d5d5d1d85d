/** Who asked for what, through which way, and what came of it. Append-only. */
import type { Pool } from './pool.js';

export interface AuditEntry {
  readonly desk: string;
  readonly person: string;
  readonly via: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outcome: string;
  /** The same key again leaves the first entry as it is. */
  readonly idempotencyKey?: string;
}

export async function appendAudit(pool: Pool, entry: AuditEntry): Promise<void> {
  await pool.query(
    `insert into audit (desk, person, via, action, parameters, outcome, idempotency_key)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (desk, idempotency_key) do nothing`,
    [
      entry.desk,
      entry.person,
      entry.via,
      entry.action,
      JSON.stringify(entry.parameters),
      entry.outcome,
      entry.idempotencyKey ?? null,
    ],
  );
}
