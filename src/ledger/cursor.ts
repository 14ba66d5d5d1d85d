import type { Pool, PoolClient } from '../store/pool.js';
import { CHAIN_START } from '../trader/journal/chain.js';

/** The last entry of an incarnation that the ledger holds. */
export interface LedgerCursor {
  readonly sequence: number;
  readonly chain: string;
}

interface CursorRow {
  readonly sequence: string;
  readonly chain: string;
}

export async function readCursor(
  pool: Pool | PoolClient,
  desk: string,
  incarnation: string,
  lock = false,
): Promise<LedgerCursor> {
  const found = await pool.query<CursorRow>(
    `select sequence, chain from ledger_cursor where desk = $1 and incarnation = $2 ${lock ? 'for update' : ''}`,
    [desk, incarnation],
  );
  const row = found.rows[0];
  return row ? { sequence: Number(row.sequence), chain: row.chain } : { sequence: 0, chain: CHAIN_START };
}

export async function saveCursor(
  client: PoolClient,
  desk: string,
  incarnation: string,
  account: string,
  cursor: LedgerCursor,
): Promise<void> {
  await client.query(
    `insert into ledger_cursor (desk, incarnation, sequence, chain, account) values ($1, $2, $3, $4, $5)
     on conflict (desk, incarnation) do update set sequence = $3, chain = $4, account = $5, updated = now()`,
    [desk, incarnation, cursor.sequence, cursor.chain, account],
  );
}
