/** When and why the desk was halted, from the ledger: by wall time, for the account in use. */
import type { HaltCause } from '../domain/mode.js';
import { ofAccountInUse } from './account-in-use.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export interface PastHalt {
  readonly cause: HaltCause;
  readonly reason: string;
  readonly wallMs: number;
}

const READ_MAX = 50;

/** Newest first, at most 50. */
export async function readHalts(
  pool: Queries,
  desk: string,
  { causes, sinceMs }: { readonly causes: readonly HaltCause[]; readonly sinceMs: number },
): Promise<readonly PastHalt[]> {
  const found = await pool.query<PastHalt>(
    `select cause, reason, (extract(epoch from wall) * 1000)::float8 as "wallMs" from halts
      where desk = $1 and cause = any($2) and wall >= $3 and ${ofAccountInUse()}
      order by wall desc limit ${READ_MAX}`,
    [desk, causes, new Date(sinceMs)],
  );
  return found.rows;
}

/** Starts of the trader that were not preceded by an orderly end. The very first start doesn't count. */
export async function readStartsWithoutEnd(
  pool: Queries,
  desk: string,
  sinceMs: number,
): Promise<readonly number[]> {
  const found = await pool.query<{ wallMs: number }>(
    `with turns as (
       select cause, wall, lag(cause) over (order by wall, cause desc) as before from halts
        where desk = $1 and cause in ('startup', 'shutdown') and ${ofAccountInUse()}
     ) select (extract(epoch from wall) * 1000)::float8 as "wallMs" from turns
      where cause = 'startup' and before = 'startup' and wall >= $2 order by wall limit ${READ_MAX}`,
    [desk, new Date(sinceMs)],
  );
  return found.rows.map(({ wallMs }) => wallMs);
}
