import { messageOf } from '../domain/message-of.js';
import { type AuditEntry, appendAudit } from '../store/audit.js';
import type { Caller, OperationContext } from './operation.js';
import { NO_ANSWER, writeInTime } from './write-in-time.js';

/** Null when written; else what is or may be missing, in words. Never rejects. */
export async function recordAudit(
  { pool, runtime }: Pick<OperationContext, 'pool' | 'runtime'>,
  { person, via }: Caller,
  entry: Pick<AuditEntry, 'action' | 'parameters' | 'outcome'>,
): Promise<string | null> {
  const writing = appendAudit(pool, { desk: runtime.desk, person, via, ...entry }).then(
    () => ({ problem: null }),
    (error: unknown) => ({ problem: `The audit entry was not written: Postgres: ${messageOf(error)}.` }),
  );
  const written = await writeInTime(writing);
  return written === null ? `The audit entry may be missing: ${NO_ANSWER}.` : written.problem;
}
