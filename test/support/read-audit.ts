import type { AuditEntry } from '../../src/store/audit.js';
import type { Pool } from '../../src/store/pool.js';

/** What the audit trail of a desk holds, newest first. */
export async function readAudit(pool: Pool, desk: string): Promise<readonly AuditEntry[]> {
  const found = await pool.query<AuditEntry>(
    'select desk, person, via, action, parameters, outcome from audit where desk = $1 order by id desc',
    [desk],
  );
  return found.rows;
}
