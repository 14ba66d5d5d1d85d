/** The equity curve from the ledger, thinned to one screen width however long the desk has run. */
import { z } from 'zod';
import { ofAccountInUse } from '../../store/account-in-use.js';
import type { Database } from '../dependencies.js';
import type { EquityPoint } from '../live/equity-history.js';

const rowSchema = z.object({ marketMs: z.number(), equity: z.string() });

const POINT = `(extract(epoch from market) * 1000)::float8 as "marketMs", equity::text`;

const NEWEST = `
  select ${POINT} from equity where desk = $1 and ${ofAccountInUse()} order by market desc limit $2`;

/** The newest point at each of a number of evenly spaced times: one index lookup each, however long the curve is. */
const SPACED = `
  with span as (select min(market) as first, max(market) as last from equity where desk = $1 and ${ofAccountInUse()})
  select distinct on (market) ${POINT}
  from span cross join generate_series(1, $2::int) place cross join lateral (
    select market, equity from equity
    where desk = $1 and ${ofAccountInUse()} and market <= first + (last - first) * (place::float8 / $2)
    order by market desc limit 1
  ) point
  order by market`;

/** Oldest first, always including the newest point. Rejects while the database is down. */
export async function readEquity(
  database: Database,
  desk: string,
  pointsMax: number,
): Promise<readonly EquityPoint[]> {
  const newest = await read(database, NEWEST, [desk, pointsMax + 1]);
  return newest.length <= pointsMax ? newest.reverse() : read(database, SPACED, [desk, pointsMax]);
}

async function read(database: Database, query: string, values: readonly unknown[]): Promise<EquityPoint[]> {
  const { rows } = await database.query(query, values);
  return rows.map((row) => rowSchema.parse(row));
}
