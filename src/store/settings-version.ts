/** Every desk file that was ever in force, as text, with who put it there. */
import { inTransaction, lockInTransaction, type Pool } from './pool.js';

export interface SettingsChange {
  readonly desk: string;
  readonly configHash: string;
  readonly content: string;
  readonly by: string;
  readonly reason: string;
}

export interface SettingsVersion extends SettingsChange {
  readonly version: number;
  readonly recordedMs: number;
}

interface SettingsRow {
  readonly desk: string;
  readonly version: number;
  readonly config_hash: string;
  readonly content: string;
  readonly by_whom: string;
  readonly reason: string;
  readonly recorded: Date;
}

/** Returns the version's number: a new one only where the newest has another hash. */
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

export async function readSettings(pool: Pool, desk: string): Promise<SettingsVersion | null> {
  const found = await pool.query<SettingsRow>(
    'select * from settings_version where desk = $1 order by version desc limit 1',
    [desk],
  );
  const row = found.rows[0];
  if (!row) return null;
  return {
    desk: row.desk,
    version: row.version,
    configHash: row.config_hash,
    content: row.content,
    by: row.by_whom,
    reason: row.reason,
    recordedMs: row.recorded.getTime(),
  };
}
