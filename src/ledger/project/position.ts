/** Positions by average cost: whole lots and money units, as in the engine, computed here a second time. */
import { formatDecimal, parseDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { formatMoney, mulDiv, parseMoney } from '../../domain/money.js';
import type { Side } from '../../domain/order.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import { instrumentOf, type Projection, type RecordOf } from './project-record.js';

export interface Holding {
  /** Signed: long is positive. */
  readonly quantityLots: number;
  /** Money units, signed like the quantity. */
  readonly cost: number;
  /** Gross result of everything closed, money units. */
  readonly realised: number;
}

export interface Trade {
  readonly side: Side;
  readonly quantityLots: number;
  readonly priceTicks: number;
}

const NOTHING: Holding = { quantityLots: 0, cost: 0, realised: 0 };

/** Reduces at average cost first; what is left over opens the other side. */
function holdingAfter(before: Holding, instrument: Instrument, trade: Trade): Holding {
  const signed = trade.side === 'buy' ? trade.quantityLots : -trade.quantityLots;
  const valueAt = (lots: number): number => lots * trade.priceTicks * instrument.moneyPerTickLot;
  if (before.quantityLots === 0 || Math.sign(before.quantityLots) === Math.sign(signed)) {
    return { ...before, quantityLots: before.quantityLots + signed, cost: before.cost + valueAt(signed) };
  }
  const reducing = Math.min(Math.abs(signed), Math.abs(before.quantityLots));
  const closed = Math.sign(before.quantityLots) * reducing;
  const costOut = mulDiv(before.cost, reducing, Math.abs(before.quantityLots));
  const opening = Math.sign(signed) * (Math.abs(signed) - reducing);
  return {
    quantityLots: before.quantityLots - closed + opening,
    cost: before.cost - costOut + valueAt(opening),
    realised: before.realised + valueAt(closed) - costOut,
  };
}

/** Returns the gross result of this trade in money units. */
export async function projectTrade(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  instrument: Instrument,
  trade: Trade,
): Promise<number> {
  const before = await readHolding(client, projection.desk, entry.incarnation, instrument);
  const after = holdingAfter(before, instrument, trade);
  await saveHolding(client, projection, entry, instrument, after);
  return after.realised - before.realised;
}

/** As if the difference had been traded at that price without a fee. */
export async function projectAdopted(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'position.adopted'>,
): Promise<void> {
  const instrument = instrumentOf(projection, record.instrument);
  const before = await readHolding(client, projection.desk, entry.incarnation, instrument);
  const delta = record.quantityLots - before.quantityLots;
  if (delta === 0) return;
  const side = delta > 0 ? 'buy' : 'sell';
  const trade = { side, quantityLots: Math.abs(delta), priceTicks: record.priceTicks } as const;
  await saveHolding(client, projection, entry, instrument, holdingAfter(before, instrument, trade));
}

interface HoldingRow {
  readonly quantity: string;
  readonly cost: string;
  readonly realised: string;
}

async function readHolding(
  client: PoolClient,
  desk: string,
  incarnation: string,
  instrument: Instrument,
): Promise<Holding> {
  const found = await client.query<HoldingRow>(
    'select quantity, cost, realised from positions where desk = $1 and symbol = $2 and incarnation = $3',
    [desk, instrument.symbol, incarnation],
  );
  const row = found.rows[0];
  if (!row) return NOTHING;
  return {
    quantityLots: parseDecimal(row.quantity, instrument.lotSize),
    cost: parseMoney(row.cost),
    realised: parseMoney(row.realised),
  };
}

async function saveHolding(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  instrument: Instrument,
  holding: Holding,
): Promise<void> {
  const quantity = formatDecimal(holding.quantityLots, instrument.lotSize);
  await client.query(
    `insert into positions (desk, symbol, quantity, cost, average_price, realised, simulated, updated, incarnation)
     values ($1, $2, $3, $4, case when $3::numeric = 0 then 0 else round($4::numeric / $3::numeric, 12) end, $5, $6, $7, $8)
     on conflict (desk, symbol, incarnation) do update set quantity = excluded.quantity, cost = excluded.cost,
       average_price = excluded.average_price, realised = excluded.realised, simulated = excluded.simulated,
       updated = excluded.updated`,
    [
      projection.desk,
      instrument.symbol,
      quantity,
      formatMoney(holding.cost),
      formatMoney(holding.realised),
      projection.simulated,
      new Date(entry.wallMs),
      entry.incarnation,
    ],
  );
}
