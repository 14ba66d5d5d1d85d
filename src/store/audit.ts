/** Who asked for what, in which way, and with which outcome. Append-only. */
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
  /** A repeated key leaves the first entry unchanged. */
  readonly idempotencyKey?: string;
}

/** Characters that can't be stored are replaced by a mark: no entry is ever lost because of its text. */
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

/** Rejects if the entry could not be written now; nothing of it is stored. */
export async function tryAudit(pool: Pool, entry: AuditEntry): Promise<void> {
  const undo = new Error('only tried');
  await inTransaction(pool, async (client) => {
    await appendAudit(client, entry);
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
}
