/** How far the ledger has read, and the positions that it has computed from fills by then. */
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** The last entry of a journal in the ledger; 0: none. */
export async function readLedgerSequence(pool: Queries, desk: string, incarnation: string): Promise<number> {
  const found = await pool.query<{ sequence: number }>(
    'select sequence::float8 as sequence from ledger_cursor where desk = $1 and incarnation = $2',
    [desk, incarnation],
  );
  return found.rows[0]?.sequence ?? 0;
}

/** Signed quantity by symbol, for one journal; closed positions are left out. */
export async function readPositions(
  pool: Queries,
  desk: string,
  incarnation: string,
): Promise<ReadonlyMap<string, number>> {
  const found = await pool.query<{ symbol: string; quantity: number }>(
    `select symbol, quantity::float8 as quantity from positions
      where desk = $1 and incarnation = $2 and quantity <> 0 order by symbol`,
    [desk, incarnation],
  );
  return new Map(found.rows.map(({ symbol, quantity }) => [symbol, quantity]));
}
