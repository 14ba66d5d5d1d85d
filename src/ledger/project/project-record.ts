/** Projects one journal entry into the ledger's tables. */
import { CASH_KINDS, isCapital } from '../../domain/cash-and-coins.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Halt } from '../../domain/mode.js';
import { formatMoney } from '../../domain/money.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import {
  projectFeeValued,
  projectFill,
  projectOrder,
  projectOrderAmended,
  projectOrderState,
} from './order.js';
import { projectAdopted, projectClaimed, projectDividend, projectSplit } from './position.js';
import { instrumentOf, type Projection, type RecordOf } from './projection.js';

export async function projectRecord(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
): Promise<void> {
  const { record } = entry;
  switch (record.type) {
    case 'order.intended':
      return projectOrder(client, projection, entry, record, 'intended', '');
    case 'order.denied':
      return projectOrder(client, projection, entry, record, 'denied', `${record.limit}: ${record.reason}`);
    case 'order.state':
      return projectOrderState(client, projection, entry, record);
    case 'order.amended':
      return projectOrderAmended(client, projection, entry, record);
    case 'fill':
      return projectFill(client, projection, entry, record.fill);
    case 'fee.valued':
      return projectFeeValued(client, projection, entry, record);
    case 'position.adopted':
      return projectAdopted(client, projection, entry, record);
    case 'coins.claimed':
      return projectClaimed(client, projection, entry, record);
    case 'split':
      return projectSplit(client, projection, entry, record);
    case 'dividend':
      return projectDividend(client, projection, entry, record);
    case 'cash':
      return projectCash(client, projection, entry, record);
    case 'equity':
      return projectEquity(client, projection, entry, record);
    case 'trade.closed':
      return projectTradeClosed(client, projection, entry, record);
    case 'halt':
      return projectHalt(client, projection, entry, record.halt);
    case 'armed':
      return projectArmed(client, projection, entry, record);
    case 'settings':
      return projectSettings(client, projection, entry, record);
    default:
      // Everything else is read from journal_entry.
      return;
  }
}

/**
 * Projects an entry that a restored journal copied from an earlier one and that the ledger already holds.
 * Each journal has its own positions and the fills behind them; halts stand, and are lifted, in the journal
 * that goes on. All else stays as recorded.
 */
export async function projectCopied(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
): Promise<void> {
  if (COPIED.has(entry.record.type)) await projectRecord(client, projection, entry);
}

const COPIED: ReadonlySet<EngineRecord['type']> = new Set([
  ...(['fill', 'position.adopted', 'coins.claimed', 'split', 'dividend'] as const),
  ...(['halt', 'armed'] as const),
]);

/** Kinds of cash movements that are not results. */
export const CAPITAL = CASH_KINDS.filter(isCapital);

async function projectEquity(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'equity'>,
): Promise<void> {
  await client.query(
    // A journal that began anew repeats samples of an earlier one of the same account: their rows are
    // unchanged.
    `insert into equity (desk, market, equity, peak, cash, unrealised, simulated, incarnation, capital_moved)
     select $1, $2, $3, $4, $5, $6, $7, $8,
       (select coalesce(sum(amount), 0) from cash_records where desk = $1 and incarnation = $8 and kind = any($10))
      where not exists (
        select 1 from equity told join ledger_cursor other using (desk, incarnation)
         where told.desk = $1 and told.market = $2 and told.incarnation <> $8 and other.account = $9
           and same_account($1, $9, $8, told.incarnation))
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

async function projectHalt(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  halt: Halt,
): Promise<void> {
  await client.query(
    `insert into halts (desk, halt_id, mode, scope, cause, by_whom, reason, resume, market, wall, incarnation)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (desk, halt_id) do update set incarnation = excluded.incarnation, lifted = null, lifted_by = null`,
    [
      projection.desk,
      halt.haltId,
      halt.mode,
      halt.scope.kind,
      halt.cause,
      halt.by,
      halt.reason,
      halt.resume,
      new Date(halt.atMarketMs),
      new Date(halt.atWallMs),
      entry.incarnation,
    ],
  );
}

/** Arming lifts every desk halt in this journal. */
async function projectArmed(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'armed'>,
): Promise<void> {
  await client.query(
    `update halts set lifted = $2, lifted_by = $3
      where desk = $1 and incarnation = $4 and scope = 'desk' and lifted is null`,
    [projection.desk, new Date(entry.wallMs), record.by, entry.incarnation],
  );
}

async function projectCash(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'cash'>,
): Promise<void> {
  await client.query(
    // A journal that was set back books the venue's listed movements again, but each happened once.
    `insert into cash_records (desk, incarnation, sequence, kind, currency, amount, booked_by, source, movement_id, reason,
       market, wall, simulated)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9::text, $10, $11, $12, $13
      where not exists (
        select 1 from cash_records told join ledger_cursor other using (desk, incarnation)
         where told.desk = $1 and told.incarnation <> $2 and told.movement_id = $9 and other.account = $14)`,
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
      projection.account,
    ],
  );
}

async function projectSettings(
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

async function projectTradeClosed(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'trade.closed'>,
): Promise<void> {
  const { symbol, lotSize, tickSize } = instrumentOf(projection, record.instrument);
  // An average need not be a whole number of ticks.
  const price = (ticks: number | null): number | null => (ticks === null ? null : ticks * Number(tickSize));
  await client.query(
    // A journal that was set back closes trades again that the earlier one had closed.
    `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, entry_price, exit_price, result,
       fees, risk, r, why, config_hash, opened, market, wall, simulated)
     values ($1, $2, $3, $4, $5, $6, $7, $8, round($9::numeric, 12), round($10::numeric, 12), $11, $12, $13, $14, $15, $16,
       $17, $18, $19, $20) on conflict (desk, trade, opened) do nothing`,
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
