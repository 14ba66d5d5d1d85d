/** Every desk file that was ever in force, as text, with the person who put it there. */
import { inTransaction, lockInTransaction, type Pool } from './pool.js';

export interface SettingsChange {
  readonly desk: string;
  readonly configHash: string;
  readonly content: string;
  readonly by: string;
  readonly reason: string;
}

/** Returns the version's number: a new one only if the newest has another hash. */
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
