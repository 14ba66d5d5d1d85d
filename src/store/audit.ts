/** Who asked for what, through which way, and what came of it. Append-only. */
import { plainText, withPlainText } from '../domain/plain-text.js';
import { inTransaction, type Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

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
export async function appendAudit(pool: Queries, entry: AuditEntry): Promise<void> {
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

/** Rejects where the entry could not be written now; nothing of it stays. */
export async function tryAudit(pool: Pool, entry: AuditEntry): Promise<void> {
  const undo = new Error('only tried');
  await inTransaction(pool, async (client) => {
    await appendAudit(client, entry);
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
}
