import { formatMoney } from '../../domain/money.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import type { Projection, RecordOf } from './project-record.js';

export async function projectEquity(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'equity'>,
): Promise<void> {
  await client.query(
    `insert into equity (desk, market, equity, peak, cash, unrealised, simulated, incarnation)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (desk, market, incarnation) do update set equity = excluded.equity, peak = excluded.peak, cash = excluded.cash,
       unrealised = excluded.unrealised, simulated = excluded.simulated`,
    [
      projection.desk,
      new Date(record.marketMs),
      formatMoney(record.equity),
      formatMoney(record.peak),
      formatMoney(record.cash),
      formatMoney(record.unrealised),
      projection.simulated,
      entry.incarnation,
    ],
  );
}
