import { formatMoney } from '../../domain/money.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import type { Projection, RecordOf } from './projection.js';

export async function projectCash(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'cash'>,
): Promise<void> {
  await client.query(
    `insert into cash_records (desk, incarnation, sequence, kind, currency, amount, booked_by, source, movement_id, reason,
       market, wall, simulated)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      projection.desk,
      entry.incarnation,
      entry.sequence,
      record.kind,
      record.currency,
      formatMoney(record.amount),
      record.by,
      record.source,
      record.movementId,
      record.reason,
      new Date(record.marketMs),
      new Date(entry.wallMs),
      projection.simulated,
    ],
  );
}
