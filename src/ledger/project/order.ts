/** Orders and their fills. */
import { placesOf } from '../../domain/book-steps.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { formatMoney, formatUnits, parseUnits, type Units } from '../../domain/money.js';
import { type Fill, type OrderIntent, shownTicks } from '../../domain/order.js';
import { settleOf } from '../../domain/value.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import { bookSteps, type KeptCoins, projectTrade } from './position.js';
import { instrumentOf, type Projection, type RecordOf } from './projection.js';

export async function projectOrder(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: { readonly order: OrderIntent; readonly marketMs: number },
  state: 'intended' | 'denied',
  reason: string,
): Promise<void> {
  const { order } = record;
  const instrument = instrumentOf(projection, order.instrument);
  const priceTicks = shownTicks(order);
  const wall = new Date(entry.wallMs);
  await client.query(
    `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, price, reason,
       simulated, created_market, created, updated)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
     on conflict (desk, client_id) do nothing`,
    [
      projection.desk,
      order.clientId,
      instrument.symbol,
      order.side,
      order.type,
      order.purpose,
      order.strategy,
      state,
      formatDecimal(order.quantityLots, instrument.lotSize),
      priceTicks === null ? null : formatDecimal(priceTicks, instrument.tickSize),
      reason,
      projection.simulated,
      new Date(record.marketMs),
      wall,
    ],
  );
}

/**
 * A filled order stays filled: a journal that was set back meets the order again, and its fills are already
 * recorded.
 */
export async function projectOrderState(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'order.state'>,
): Promise<void> {
  await client.query(
    `update orders set state = $3, venue_id = coalesce($4, venue_id), reason = $5, updated = $6
      where desk = $1 and client_id = $2 and state <> 'filled'`,
    [projection.desk, record.clientId, record.state, record.venueId, record.reason, new Date(entry.wallMs)],
  );
}

export async function projectOrderAmended(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'order.amended'>,
): Promise<void> {
  const { rows } = await client.query<{ symbol: string }>(
    'select symbol from orders where desk = $1 and client_id = $2',
    [projection.desk, record.clientId],
  );
  const lotSize = projection.instruments.find(({ symbol }) => symbol === rows[0]?.symbol)?.lotSize;
  if (lotSize === undefined) return; // the desk no longer has this instrument
  await client.query(
    'update orders set quantity = $3, reason = $4, updated = $5 where desk = $1 and client_id = $2',
    [
      projection.desk,
      record.clientId,
      formatDecimal(record.quantityLots, lotSize),
      record.reason,
      new Date(entry.wallMs),
    ],
  );
}

/**
 * By the engine's own rules: a fill completes or partly fills an order, and never makes an ended one live
 * again.
 */
async function projectOrderFilled(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  clientId: string,
  quantity: string,
): Promise<void> {
  await client.query(
    `update orders set filled = filled + $3::numeric, updated = $4,
       state = case
         when state in ('filled', 'rejected', 'denied') then state
         when filled + $3::numeric >= quantity then 'filled'
         when state in ('cancelling', 'cancelled', 'expired') then state
         else 'partlyFilled' end
      where desk = $1 and client_id = $2`,
    [projection.desk, clientId, quantity, new Date(entry.wallMs)],
  );
}

interface OrderRow {
  readonly purpose: string;
  readonly strategy: string;
}

/** A fill of an order that is not ours. */
const FOREIGN: OrderRow = { purpose: 'foreign', strategy: 'fermata' };

export async function projectFill(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  fill: Fill,
): Promise<void> {
  const instrument = instrumentOf(projection, fill.instrument);
  const quantity = formatDecimal(fill.quantityLots, instrument.lotSize);
  const realised = await projectExecution(client, projection, entry, fill);
  const known = await client.query<OrderRow>(
    'select purpose, strategy from orders where desk = $1 and client_id = $2',
    [projection.desk, fill.clientId],
  );
  const order = known.rows[0] ?? FOREIGN;
  // A restored journal repeats fills that an earlier one recorded: their rows are unchanged, and its
  // positions begin with them.
  const inserted = await client.query(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
       realised, simulated, caught_up, market, wall, incarnation, sequence, fee_asset, fee_amount, rate)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
     on conflict (desk, symbol, trade_id) do nothing`,
    [
      projection.desk,
      instrument.symbol,
      fill.tradeId,
      fill.clientId,
      fill.side,
      quantity,
      formatDecimal(fill.priceTicks, instrument.tickSize),
      formatMoney(fill.fee),
      fill.liquidity,
      order.purpose,
      order.strategy,
      formatUnits(realised, placesOf(projection.scales, settleOf(instrument))),
      fill.simulated,
      fill.caughtUp ?? false,
      new Date(fill.marketMs),
      new Date(entry.wallMs),
      entry.incarnation,
      entry.sequence,
      fill.feeIn?.asset ?? null,
      fill.feeIn?.amount ?? null,
      fill.rate ?? null,
    ],
  );
  if (inserted.rowCount === 1)
    return await projectOrderFilled(client, projection, entry, fill.clientId, quantity);
  await client.query(
    'insert into repeated_fills (desk, incarnation, sequence, symbol, trade_id) values ($1, $2, $3, $4, $5)',
    [projection.desk, entry.incarnation, entry.sequence, instrument.symbol, fill.tradeId],
  );
  // Unless the earlier journal knew no value of its fee.
  if (fill.feeIn === undefined) return;
  await client.query(
    'update fills set fee = $4 where desk = $1 and symbol = $2 and trade_id = $3 and fee = 0 and fee_asset is not null',
    [projection.desk, instrument.symbol, fill.tradeId, formatMoney(fill.fee)],
  );
}

/**
 * The value of a fee that could not be valued when it was paid. The record names no fill: as in the engine,
 * it is the oldest one of its journal that paid this fee and still has no value. The instrument is not
 * compared: its number may have changed since. What an earlier journal recorded as its value is unchanged.
 */
export async function projectFeeValued(
  client: PoolClient,
  projection: Projection,
  { incarnation, sequence }: JournalEntry,
  { asset, amount, fee }: RecordOf<'fee.valued'>,
): Promise<void> {
  await client.query(
    `with paid as (
       select record -> 'fill' as fill, row_number() over (order by sequence) as place from journal_entry
        where desk = $1 and incarnation = $2 and sequence < $3 and type = 'fill' and record @> $4
     ), valued as (
       select count(*) as count from journal_entry
        where desk = $1 and incarnation = $2 and sequence < $3 and type = 'fee.valued' and record @> $5
     )
     update fills set fee = $6 from paid, valued
      where place = count + 1 and desk = $1 and trade_id = fill ->> 'tradeId' and client_id = fill ->> 'clientId'
        and fee = 0`,
    [
      projection.desk,
      incarnation,
      sequence,
      { fill: { feeIn: { asset, amount, unvalued: true } } },
      { asset, amount },
      formatMoney(fee),
    ],
  );
}

/** A fee that the venue kept in coins counts as a sale of those coins at their worth. */
async function projectExecution(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  fill: Fill,
): Promise<Units> {
  const instrument = instrumentOf(projection, fill.instrument);
  const kept = keptCoins(projection, instrument, fill);
  const realised = await projectTrade(client, projection, entry, instrument, fill, kept);
  const { feeLots = 0, priceTicks } = fill;
  if (feeLots === 0) return realised;
  const sale = { side: 'sell', quantityLots: feeLots, priceTicks } as const;
  return realised + (await projectTrade(client, projection, entry, instrument, sale));
}

function keptCoins(
  projection: Projection,
  instrument: Instrument,
  { feeIn, fee, side }: Fill,
): KeptCoins | null {
  if (feeIn === undefined || feeIn.asset !== instrument.base || side !== 'buy') return null;
  const { perMoney } = bookSteps(projection, instrument);
  const places = placesOf(projection.scales, instrument.base);
  return { coins: parseUnits(feeIn.amount, places), value: BigInt(fee) * perMoney };
}
