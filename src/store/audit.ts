/** Who asked for what, through which way, and what came of it. Append-only. */
import { plainText, withPlainText } from '../domain/plain-text.js';
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

/** Text that can't be kept is kept with a mark in its place: an entry is never lost for what somebody wrote. */
export async function appendAudit(pool: Pool, entry: AuditEntry): Promise<void> {
  await pool.query(
    `insert into audit (desk, person, via, action, parameters, outcome, idempotency_key)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (desk, idempotency_key) do nothing`,
    [
      entry.desk,
      plainText(entry.person),
      entry.via,
      plainText(entry.action),
      JSON.stringify(withPlainText(entry.parameters)),
      plainText(entry.outcome),
      entry.idempotencyKey ?? null,
    ],
  );
}
