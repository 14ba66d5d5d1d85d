/** Settings that were changed while the desk ran, as the ledger read them from the trader's journal. */
import type { SettingsChangeRecord } from '../contracts/published.js';
import type { SettingChange } from '../domain/settings-change.js';
import { inTransaction, lockInTransaction, type Pool } from './pool.js';

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

interface SettingsChange {
  readonly desk: string;
  readonly configHash: string;
  readonly content: string;
  readonly by: string;
  readonly reason: string;
}

/**
 * Records the desk file in force, as text, and who put it there. Returns the version's number: a new one only
 * if the newest has another hash.
 */
export function recordSettings(pool: Pool, change: SettingsChange): Promise<number> {
  return inTransaction(pool, async (client) => {
    await lockInTransaction(client, `settings:${change.desk}`);
    const newest = await client.query<{ version: number; config_hash: string }>(
      'select version, config_hash from settings_version where desk = $1 order by version desc limit 1',
      [change.desk],
    );
    const last = newest.rows[0];
    if (last?.config_hash === change.configHash) return last.version;
    const version = (last?.version ?? 0) + 1;
    await client.query(
      `insert into settings_version (desk, version, config_hash, content, by_whom, reason)
       values ($1, $2, $3, $4, $5, $6)`,
      [change.desk, version, change.configHash, change.content, change.by, change.reason],
    );
    return version;
  });
}
