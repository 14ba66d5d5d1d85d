/** Fills from the ledger, newest first, by a cursor that stays valid while new ones come in. */
import { z } from 'zod';
import { ofAccountInUse } from '../../store/account-in-use.js';
import type { Database } from '../dependencies.js';
import { type Trade, tradeSchema } from '../schemas/records.js';

export interface TradePage {
  readonly trades: readonly Trade[];
  readonly total: number;
  readonly nextCursor: string | null;
}

export interface TradeQuery {
  readonly desk: string;
  readonly symbol: string | null;
  readonly limit: number;
  readonly before: TradeCursor | null;
}

/** Position in the order (market time, incarnation, sequence). */
export interface TradeCursor {
  readonly marketMs: number;
  readonly incarnation: string;
  readonly sequence: number;
}

const cursorSchema = z.tuple([z.number().int().min(0), z.string().max(64), z.number().int().min(0)]);
const rowSchema = tradeSchema.extend({ incarnation: z.string(), sequence: z.coerce.number() });

function encodeCursor({ marketMs, incarnation, sequence }: TradeCursor): string {
  return Buffer.from(JSON.stringify([marketMs, incarnation, sequence])).toString('base64url');
}

/** Null if the text is not a cursor of ours. */
export function decodeCursor(text: string): TradeCursor | null {
  try {
    const [marketMs, incarnation, sequence] = cursorSchema.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
    );
    return incarnation.includes('\u0000') ? null : { marketMs, incarnation, sequence };
  } catch {
    return null;
  }
}

const PAGE = `
  select trade_id as "tradeId", client_id as "clientId", symbol, side, quantity::text, price::text, fee::text,
    liquidity, purpose, strategy, realised::text, simulated, caught_up as "caughtUp", incarnation, sequence,
    (extract(epoch from market) * 1000)::float8 as "marketMs", (extract(epoch from wall) * 1000)::float8 as "wallMs"
  from fills
  where desk = $1 and ${ofAccountInUse()} and ($2::text is null or symbol = $2)
    and ($3::float8 is null
      or (market, incarnation, sequence) < (to_timestamp($3::float8 / 1000), $4::text, $5::bigint))
  order by market desc, incarnation desc, sequence desc
  limit $6`;

const COUNT = `select count(*)::int as total from fills
  where desk = $1 and ${ofAccountInUse()} and ($2::text is null or symbol = $2)`;

/** Rejects while the database is down. */
export async function readTrades(database: Database, query: TradeQuery): Promise<TradePage> {
  const { desk, symbol, limit, before } = query;
  const place = [before?.marketMs ?? null, before?.incarnation ?? null, before?.sequence ?? null];
  const [page, count] = await Promise.all([
    database.query(PAGE, [desk, symbol, ...place, limit + 1]),
    database.query(COUNT, [desk, symbol]),
  ]);
  const rows = page.rows.map((row) => rowSchema.parse(row));
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    trades: shown.map(({ incarnation: _, sequence: __, ...trade }) => trade),
    total: z.object({ total: z.number() }).parse(count.rows[0]).total,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last) : null,
  };
}
