import { formatDecimal } from '../../domain/decimal.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import { instrumentOf, type Projection, type RecordOf } from './projection.js';

export async function projectTradeClosed(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'trade.closed'>,
): Promise<void> {
  const { symbol, lotSize, tickSize } = instrumentOf(projection, record.instrument);
  // An average need not be a whole number of ticks.
  const price = (ticks: number | null): number | null => (ticks === null ? null : ticks * Number(tickSize));
  await client.query(
    `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, entry_price, exit_price, result,
       fees, risk, r, why, config_hash, opened, market, wall, simulated)
     values ($1, $2, $3, $4, $5, $6, $7, $8, round($9::numeric, 12), round($10::numeric, 12), $11, $12, $13, $14, $15, $16,
       $17, $18, $19, $20)`,
    [
      projection.desk,
      entry.incarnation,
      record.trade,
      entry.sequence,
      symbol,
      record.strategy,
      record.side,
      formatDecimal(record.quantityLots, lotSize),
      price(record.entryTicks),
      price(record.exitTicks),
      record.result,
      record.fees,
      record.risk,
      record.r,
      record.why,
      record.configHash,
      new Date(record.openedMs),
      new Date(record.marketMs),
      new Date(entry.wallMs),
      projection.simulated,
    ],
  );
}
