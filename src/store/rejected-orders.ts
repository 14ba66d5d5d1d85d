import { POST_ONLY_REFUSED } from '../domain/order.js';
import { ofAccountInUse } from './account-in-use.js';
import type { Pool } from './pool.js';

export interface RejectedOrder {
  readonly clientId: string;
  /** For example "sell 2 NQ/USD (entry)". */
  readonly what: string;
  /** The venue's own reason; empty if it gave none. */
  readonly reason: string;
}

const READ_MAX = 50;

/**
 * Orders of the desk that the venue rejected since `sinceMs` (wall clock), oldest first; the newest 50. Post-only
 * entries that it refused as they ask for are none of them.
 */
export async function readRejectedOrders(
  pool: Pick<Pool, 'query'>,
  desk: string,
  sinceMs: number,
): Promise<readonly RejectedOrder[]> {
  const { rows } = await pool.query<RejectedOrder>(
    `select client_id as "clientId", reason,
            side || ' ' || trim_scale(quantity)::text || ' ' || symbol || ' (' || purpose || ')' as what
       from orders
      where desk = $1 and state = 'rejected' and updated >= $2 and not starts_with(reason, $3) and ${ofAccountInUse('substr(client_id, 2, 6)')}
      order by updated desc, client_id limit ${READ_MAX}`,
    [desk, new Date(sinceMs), POST_ONLY_REFUSED],
  );
  return rows.toReversed();
}
