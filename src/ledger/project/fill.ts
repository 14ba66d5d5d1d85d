import { placesOf } from '../../domain/book-steps.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { formatMoney, formatUnits, parseUnits, type Units } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';
import { settleOf } from '../../domain/value.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import { projectOrderFilled } from './order.js';
import { bookScales, bookSteps, type KeptCoins, projectTrade } from './position.js';
import { instrumentOf, type Projection } from './projection.js';

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
  // A new journal repeats fills that an earlier one had recorded: their rows stay as they are.
  const inserted = await client.query(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
       realised, simulated, caught_up, market, wall, incarnation, sequence, fee_asset, fee_amount)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
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
      formatUnits(realised, placesOf(bookScales(projection), settleOf(instrument))),
      fill.simulated,
      fill.caughtUp ?? false,
      new Date(fill.marketMs),
      new Date(entry.wallMs),
      entry.incarnation,
      entry.sequence,
      fill.feeIn?.asset ?? null,
      fill.feeIn?.amount ?? null,
    ],
  );
  if (inserted.rowCount === 1) await projectOrderFilled(client, projection, entry, fill.clientId, quantity);
}

/** A fee that the venue kept in coins counts as a sale of them for what they are worth. */
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
  const places = placesOf(bookScales(projection), instrument.base);
  return { coins: parseUnits(feeIn.amount, places), value: BigInt(fee) * perMoney };
}
