/** Settings that were changed while the desk ran, as the ledger took them from the trader's journal. */
import type { SettingsChangeRecord } from '../contracts/published.js';
import type { SettingChange } from '../domain/settings-change.js';
import type { Pool } from './pool.js';

interface ChangeRow {
  readonly incarnation: string;
  readonly version: number;
  readonly config_hash: string;
  readonly changes: SettingChange[];
  readonly by_whom: string;
  readonly reason: string;
  readonly approved_by: string[];
  readonly market: Date;
  readonly wall: Date;
}

/** Newest first. */
export async function readSettingsChanges(
  pool: Pick<Pool, 'query'>,
  desk: string,
  limit = 50,
): Promise<readonly SettingsChangeRecord[]> {
  const found = await pool.query<ChangeRow>(
    'select * from settings_change where desk = $1 order by wall desc, version desc limit $2',
    [desk, limit],
  );
  return found.rows.map((row) => ({
    incarnation: row.incarnation,
    version: row.version,
    configHash: row.config_hash,
    changes: row.changes,
    by: row.by_whom,
    reason: row.reason,
    approvedBy: row.approved_by,
    marketMs: row.market.getTime(),
    wallMs: row.wall.getTime(),
  }));
}
