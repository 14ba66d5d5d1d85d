import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import type { Projection, RecordOf } from './projection.js';

export async function projectSettings(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'settings'>,
): Promise<void> {
  await client.query(
    `insert into settings_change (desk, incarnation, version, config_hash, changes, changed, by_whom, reason,
       approved_by, market, wall)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (desk, incarnation, version) do nothing`,
    [
      projection.desk,
      entry.incarnation,
      record.version,
      record.configHash,
      JSON.stringify(record.changes),
      JSON.stringify(record.changed),
      record.by,
      record.reason,
      [...record.approvedBy],
      new Date(record.marketMs),
      new Date(entry.wallMs),
    ],
  );
}
