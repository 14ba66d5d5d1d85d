/** The equity curve from the ledger, thinned so that it stays one screen wide however long the desk has run. */
import { z } from 'zod';
import { ofAccountInUse } from '../../store/account-in-use.js';
import type { Database } from '../dependencies.js';
import type { EquityPoint } from '../live/equity-history.js';

const rowSchema = z.object({ marketMs: z.number(), equity: z.string() });

const CURVE = `
  with numbered as (
    select market, equity, row_number() over (order by market desc) as back, count(*) over () as total
    from equity where desk = $1 and ${ofAccountInUse()}
  )
  select (extract(epoch from market) * 1000)::float8 as "marketMs", equity::text
  from numbered where (back - 1) % greatest(1, ceil(total::float8 / $2)::bigint) = 0
  order by market`;

/** Oldest first, the newest point always among them. Rejects when the database is down. */
export async function readEquity(
  database: Database,
  desk: string,
  pointsMax: number,
): Promise<readonly EquityPoint[]> {
  const { rows } = await database.query(CURVE, [desk, pointsMax]);
  return rows.map((row) => rowSchema.parse(row));
}
