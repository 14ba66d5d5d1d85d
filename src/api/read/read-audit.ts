/** Who asked for what, by which way, and with what result; newest first, filtered and in pages. */
import { z } from 'zod';
import type { Database } from '../dependencies.js';
import { auditEntrySchema } from '../schemas/records.js';

export interface AuditQuery {
  readonly desk: string;
  readonly person: string | null;
  readonly action: string | null;
  readonly via: string | null;
  /** Wall milliseconds. `fromMs`: at or after; `toMs`: before. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** Only entries older than this one. */
  readonly before: number | null;
  readonly limit: number;
}

export interface AuditPage {
  readonly entries: readonly z.infer<typeof auditEntrySchema>[];
  readonly nextCursor: string | null;
}

// Ordered by the column, because the computed `id` of the answer has no index.
const PAGE = `
  select id::float8 as id, floor(extract(epoch from wall) * 1000)::float8 as "wallMs", person, via, action, parameters,
    outcome
  from audit
  where desk = $1 and ($2::text is null or person = $2) and ($3::text is null or action = $3)
    and ($4::text is null or via = $4)
    and ($5::float8 is null or wall >= to_timestamp($5::float8 / 1000))
    and ($6::float8 is null or wall < to_timestamp($6::float8 / 1000))
    and ($7::bigint is null or id < $7)
  order by audit.id desc limit $8`;

/** Rejects while the database is down. */
export async function readAudit(database: Database, query: AuditQuery): Promise<AuditPage> {
  const { desk, person, action, via, fromMs, toMs, before, limit } = query;
  const found = await database.query(PAGE, [desk, person, action, via, fromMs, toMs, before, limit + 1]);
  const rows = z.array(auditEntrySchema).parse(found.rows);
  const entries = rows.slice(0, limit);
  const last = entries.at(-1);
  return { entries, nextCursor: rows.length > limit && last !== undefined ? String(last.id) : null };
}
