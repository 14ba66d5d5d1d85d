import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ofAccountInUse } from '../../store/read-ledger.js';
import type { Database, WebDependencies } from '../dependencies.js';
import { badRequest, sendProblem } from '../problem.js';
import { answer, problems } from '../schemas/answers.js';
import { type Trade, tradeSchema, tradesSchema } from '../schemas/records.js';
import { fromDatabase, symbolQuery } from './route-parts.js';

interface TradesQuery {
  readonly limit: number;
  readonly before?: string;
  readonly symbol?: string;
}

export function tradesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Fills from the ledger, newest first, in pages',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
        before: { type: 'string', maxLength: 400, description: 'nextCursor of the previous page' },
        symbol: symbolQuery,
      },
    },
    response: { 200: answer('A page of fills', tradesSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: TradesQuery }>('/api/trades', { schema }, (request, reply) => {
    const { limit, before: text, symbol = null } = request.query;
    const before = text === undefined ? null : decodeCursor(text);
    if (text !== undefined && before === null)
      return sendProblem(reply, badRequest('`before` is not a cursor that this API gave out.'));
    return fromDatabase(reply, 'The ledger of fills', () =>
      readTrades(web.database, { desk: web.runtime.desk, symbol, limit, before }),
    );
  });
}

interface TradePage {
  readonly trades: readonly Trade[];
  readonly total: number;
  readonly nextCursor: string | null;
}

interface TradeQuery {
  readonly desk: string;
  readonly symbol: string | null;
  readonly limit: number;
  readonly before: TradeCursor | null;
}

/** Position in the order (market time, incarnation, sequence). */
interface TradeCursor {
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
function decodeCursor(text: string): TradeCursor | null {
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

/**
 * Fills from the ledger, newest first, by a cursor that stays valid while new ones come in. Rejects while the
 * database is down.
 */
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
