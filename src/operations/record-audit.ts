import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import { type AuditEntry, appendAudit } from '../store/audit.js';
import type { Caller, OperationContext } from './operation.js';

/** Nobody waits longer than this for the audit entry; it may still be written after that. */
const WRITE_MS = 1_000;

/** Null when written; else what was not written, in words. Never rejects. */
export async function recordAudit(
  { pool, runtime }: Pick<OperationContext, 'pool' | 'runtime'>,
  { person, via }: Caller,
  entry: Pick<AuditEntry, 'action' | 'parameters' | 'outcome'>,
): Promise<string | null> {
  const writing = appendAudit(pool, { desk: runtime.desk, person, via, ...entry }).then(
    () => null,
    messageOf,
  );
  const problem = await Promise.race([writing, sleep(WRITE_MS, `no answer within ${WRITE_MS} ms`)]);
  return problem === null ? null : `The audit entry was not written: Postgres: ${problem}.`;
}
