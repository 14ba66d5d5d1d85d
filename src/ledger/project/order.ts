import { formatDecimal } from '../../domain/decimal.js';
import { type OrderIntent, shownTicks } from '../../domain/order.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
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

export async function projectOrderState(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'order.state'>,
): Promise<void> {
  await client.query(
    `update orders set state = $3, venue_id = coalesce($4, venue_id), reason = $5, updated = $6
      where desk = $1 and client_id = $2`,
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

/** By the engine's own rules: a fill completes or begins an order, and never makes an ended one live again. */
export async function projectOrderFilled(
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
