import { CASH_KINDS, isCapital } from '../../domain/cash.js';
import { formatMoney } from '../../domain/money.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import type { Projection, RecordOf } from './projection.js';

const CAPITAL = CASH_KINDS.filter(isCapital);

export async function projectEquity(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'equity'>,
): Promise<void> {
  await client.query(
    // A journal that began anew repeats samples of an earlier one of the same account: their rows stay as they are.
    `insert into equity (desk, market, equity, peak, cash, unrealised, simulated, incarnation, capital_moved)
     select $1, $2, $3, $4, $5, $6, $7, $8,
       (select coalesce(sum(amount), 0) from cash_records where desk = $1 and incarnation = $8 and kind = any($10))
      where not exists (
        select 1 from equity told join ledger_cursor other using (desk, incarnation)
         where told.desk = $1 and told.market = $2 and told.incarnation <> $8 and other.account = $9)
     on conflict (desk, market, incarnation) do update set equity = excluded.equity, peak = excluded.peak, cash = excluded.cash,
       unrealised = excluded.unrealised, simulated = excluded.simulated, capital_moved = excluded.capital_moved`,
    [
      projection.desk,
      new Date(record.marketMs),
      formatMoney(record.equity),
      formatMoney(record.peak),
      formatMoney(record.cash),
      formatMoney(record.unrealised),
      projection.simulated,
      entry.incarnation,
      projection.account,
      CAPITAL,
    ],
  );
}
