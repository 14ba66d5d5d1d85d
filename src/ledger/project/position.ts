/** Positions at average cost, in exact units as in the engine's books, computed here a second time. */
import { type BookSteps, placesOf, stepsOf } from '../../domain/book-steps.js';
import { splitShares } from '../../domain/corporate-action.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import {
  formatUnits,
  magnitude,
  mulDivUnits,
  parseUnits,
  readUnits,
  type Units,
} from '../../domain/money.js';
import type { Side } from '../../domain/order.js';
import { convertedUnits, isInCoin, settleOf, VALUE } from '../../domain/value.js';
import type { JournalEntry } from '../../engine/record.js';
import type { PoolClient } from '../../store/pool.js';
import { instrumentOf, type Projection, type RecordOf } from './projection.js';

interface Holding {
  /** Signed units of the coin: long is positive. */
  readonly coins: Units;
  /**
   * Units of the currency that the instrument settles in, signed like the coins; for inverse contracts, the
   * other way.
   */
  readonly cost: Units;
  /** Gross result of everything closed. */
  readonly realised: Units;
}

interface Trade {
  readonly side: Side;
  readonly quantityLots: number;
  readonly priceTicks: number;
  /** As in a fill. */
  readonly rate?: number | undefined;
}

/** Coins that the venue kept as its fee, and what they were worth. */
export interface KeptCoins {
  readonly coins: Units;
  readonly value: Units;
}

const NOTHING: Holding = { coins: 0n, cost: 0n, realised: 0n };

const signOf = (units: Units): Units => (units < 0n ? -1n : units > 0n ? 1n : 0n);

/**
 * Reduces at average cost first; the remaining lots open the opposite side. Coins below one lot are not a position to
 * reduce.
 */
function holdingAfter(before: Holding, steps: BookSteps, trade: Trade): Holding {
  const lots = BigInt(trade.side === 'buy' ? trade.quantityLots : -trade.quantityLots);
  const valueAt = (count: Units): Units =>
    VALUE[steps.kind].cost(steps.perTickLot, Number(count), trade.priceTicks);
  const held = before.coins / steps.perLot;
  if (held === 0n || signOf(held) === signOf(lots)) {
    return { ...before, coins: before.coins + lots * steps.perLot, cost: before.cost + valueAt(lots) };
  }
  const reducing = magnitude(lots) < magnitude(held) ? magnitude(lots) : magnitude(held);
  const closed = signOf(held) * reducing;
  const costOut = mulDivUnits(before.cost, reducing * steps.perLot, magnitude(before.coins));
  const opening = signOf(lots) * (magnitude(lots) - reducing);
  return {
    coins: before.coins + (opening - closed) * steps.perLot,
    cost: before.cost - costOut + valueAt(opening),
    realised: before.realised + convertedUnits(valueAt(closed) - costOut, trade.rate),
  };
}

/** If fewer coins are held than were kept, the rest is owed and counts as sold at this price. */
function holdingWithout(before: Holding, { coins, value }: KeptCoins): Holding {
  const own = before.coins < 0n ? 0n : before.coins < coins ? before.coins : coins;
  const costOut = own === 0n ? 0n : mulDivUnits(before.cost, own, before.coins);
  const owed = mulDivUnits(value, coins - own, coins);
  return {
    coins: before.coins - coins,
    cost: before.cost - costOut - owed,
    realised: before.realised + value - owed - costOut,
  };
}

/** Returns the gross result of this trade, in units of the currency that the instrument settles in. */
export async function projectTrade(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  instrument: Instrument,
  trade: Trade,
  kept: KeptCoins | null = null,
): Promise<Units> {
  const before = await readHolding(client, projection, entry.incarnation, instrument);
  const traded = holdingAfter(before, bookSteps(projection, instrument), trade);
  const after = kept === null ? traded : holdingWithout(traded, kept);
  await saveHolding(client, projection, entry, instrument, after);
  return after.realised - before.realised;
}

export function bookSteps({ scales }: Projection, instrument: Instrument): BookSteps {
  return stepsOf(instrument, scales);
}

/** As if the difference had been traded at that price without a fee. */
export async function projectAdopted(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'position.adopted'>,
): Promise<void> {
  const instrument = instrumentOf(projection, record.instrument);
  const steps = bookSteps(projection, instrument);
  const before = await readHolding(client, projection, entry.incarnation, instrument);
  const delta = record.quantityLots - Number(before.coins / steps.perLot);
  if (delta === 0) return;
  const side = delta > 0 ? 'buy' : 'sell';
  const { priceTicks, rate } = record;
  const trade = { side, quantityLots: Math.abs(delta), priceTicks, rate } as const;
  await saveHolding(client, projection, entry, instrument, holdingAfter(before, steps, trade));
}

/** A person assigned the coins to the desk: as if they were bought at their cost. */
export async function projectClaimed(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  { symbol, quantityLots, costTicks }: RecordOf<'coins.claimed'>,
): Promise<void> {
  const id = projection.instruments.findIndex((instrument) => instrument.symbol === symbol);
  const bought = { side: 'buy', quantityLots, priceTicks: costTicks } as const;
  await projectTrade(client, projection, entry, instrumentOf(projection, id), bought);
}

/** What no lot can hold leaves with its share of the cost, and is replaced by cash in lieu. */
export async function projectSplit(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'split'>,
): Promise<void> {
  const instrument = instrumentOf(projection, record.instrument);
  const steps = bookSteps(projection, instrument);
  const before = await readHolding(client, projection, entry.incarnation, instrument);
  const { lots, over } = splitShares(before.coins, record, steps);
  const costOut = over === 0n ? 0n : mulDivUnits(before.cost, over, before.coins * BigInt(record.numerator));
  await saveHolding(client, projection, entry, instrument, {
    coins: lots * steps.perLot,
    cost: before.cost - costOut,
    realised: before.realised + readUnits(record.inLieu) * steps.perMoney - costOut,
  });
}

/** A dividend is a result; quantity and cost stay as they are. */
export async function projectDividend(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  record: RecordOf<'dividend'>,
): Promise<void> {
  const instrument = instrumentOf(projection, record.instrument);
  const { perMoney } = bookSteps(projection, instrument);
  const before = await readHolding(client, projection, entry.incarnation, instrument);
  const realised = before.realised + readUnits(record.amount) * perMoney;
  await saveHolding(client, projection, entry, instrument, { ...before, realised });
}

interface HoldingRow {
  readonly quantity: string;
  readonly cost: string;
  readonly realised: string;
}

async function readHolding(
  client: PoolClient,
  projection: Projection,
  incarnation: string,
  instrument: Instrument,
): Promise<Holding> {
  const found = await client.query<HoldingRow>(
    'select quantity, cost, realised from positions where desk = $1 and symbol = $2 and incarnation = $3',
    [projection.desk, instrument.symbol, incarnation],
  );
  const row = found.rows[0];
  if (!row) return NOTHING;
  const { scales } = projection;
  const quotePlaces = placesOf(scales, settleOf(instrument));
  return {
    coins: parseUnits(row.quantity, placesOf(scales, instrument.base)),
    cost: parseUnits(row.cost, quotePlaces),
    realised: parseUnits(row.realised, quotePlaces),
  };
}

async function saveHolding(
  client: PoolClient,
  projection: Projection,
  entry: JournalEntry,
  instrument: Instrument,
  holding: Holding,
): Promise<void> {
  const quotePlaces = placesOf(projection.scales, settleOf(instrument));
  await client.query(
    `insert into positions (desk, symbol, quantity, cost, average_price, realised, simulated, updated, incarnation)
     values ($1, $2, $3, $4, case when $3::numeric = 0 then 0
         when $9::numeric is not null then round($3::numeric * $9::numeric / -$4::numeric, 12)
         else round($4::numeric / $3::numeric, 12) end, $5, $6, $7, $8)
     on conflict (desk, symbol, incarnation) do update set quantity = excluded.quantity, cost = excluded.cost,
       average_price = excluded.average_price, realised = excluded.realised, simulated = excluded.simulated,
       updated = excluded.updated`,
    [
      projection.desk,
      instrument.symbol,
      quantityText(projection, instrument, holding.coins),
      formatUnits(holding.cost, quotePlaces),
      formatUnits(holding.realised, quotePlaces),
      projection.simulated,
      new Date(entry.wallMs),
      entry.incarnation,
      // For a contract that settles in its coin, the worth of one contract: its cost in coins falls as the
      // price rises.
      isInCoin(instrument) ? (instrument.multiplier ?? '1') : null,
    ],
  );
}

/** With the places of a lot if whole lots are held. */
function quantityText(projection: Projection, instrument: Instrument, coins: Units): string {
  const { perLot } = bookSteps(projection, instrument);
  if (coins % perLot === 0n) return formatDecimal(Number(coins / perLot), instrument.lotSize);
  return formatUnits(coins, placesOf(projection.scales, instrument.base));
}
