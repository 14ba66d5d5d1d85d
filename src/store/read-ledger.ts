/** How far the ledger has read, the positions computed from fills so far, and whose records count. */
import type { Instrument } from '../domain/instrument.js';
import type { HaltCause } from '../domain/mode.js';
import { POST_ONLY_REFUSED } from '../domain/order.js';
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

/** The instruments in force at an entry of a journal. Null: the ledger has not read that far. */
export async function readInstrumentsAt(
  pool: Queries,
  desk: string,
  incarnation: string,
  sequence: number,
): Promise<readonly Instrument[] | null> {
  if ((await readLedgerSequence(pool, desk, incarnation)) < sequence) return null;
  const found = await pool.query<{ instruments: readonly Instrument[] }>(
    `select record -> 'instruments' as instruments from journal_entry
      where desk = $1 and incarnation = $2 and type = 'config' and sequence <= $3 order by sequence desc limit 1`,
    [desk, incarnation, sequence],
  );
  return found.rows[0]?.instruments ?? null;
}

/** Signed quantity by symbol as decimal text, for one journal; closed positions are left out. */
export async function readPositions(
  pool: Queries,
  desk: string,
  incarnation: string,
): Promise<ReadonlyMap<string, string>> {
  const found = await pool.query<{ symbol: string; quantity: string }>(
    `select symbol, quantity::text as quantity from positions
      where desk = $1 and incarnation = $2 and quantity <> 0 order by symbol`,
    [desk, incarnation],
  );
  return new Map(found.rows.map(({ symbol, quantity }) => [symbol, quantity]));
}

interface PastHalt {
  readonly cause: HaltCause;
  readonly reason: string;
  readonly wallMs: number;
}

interface PastHalts {
  /** Of all that were asked for. */
  readonly count: number;
  /** Newest first, at most 50. */
  readonly newest: readonly PastHalt[];
}

const READ_MAX = 50;

/**
 * When and why the desk was halted, from the ledger: by wall time, for the account in use.
 */
export async function readHalts(
  pool: Queries,
  desk: string,
  { causes, sinceMs }: { readonly causes: readonly HaltCause[]; readonly sinceMs: number },
): Promise<PastHalts> {
  const found = await pool.query<PastHalt & { readonly count: number }>(
    `select cause, reason, (extract(epoch from wall) * 1000)::float8 as "wallMs", count(*) over ()::int as count from halts
      where desk = $1 and cause = any($2) and wall >= $3 and ${ofAccountInUse()}
      order by wall desc limit ${READ_MAX}`,
    [desk, causes, new Date(sinceMs)],
  );
  return {
    count: found.rows[0]?.count ?? 0,
    newest: found.rows.map(({ count: _count, ...halt }) => halt),
  };
}

/**
 * Starts of the trader that did not follow an orderly end. Neither the very first start of a journal counts nor the
 * first one after a restore: how the desk ended that the backup is of, nobody knows.
 */
export async function readStartsWithoutEnd(
  pool: Queries,
  desk: string,
  sinceMs: number,
): Promise<readonly number[]> {
  const found = await pool.query<{ wallMs: number }>(
    `with turns as (
       select cause, wall, lag(cause) over before as cause_before, lag(wall) over before as wall_before
         from halts
        where desk = $1 and cause in ('startup', 'shutdown') and ${ofAccountInUse()}
       window before as (partition by incarnation order by wall, cause desc)
     ) select (extract(epoch from wall) * 1000)::float8 as "wallMs" from turns
      where cause = 'startup' and cause_before = 'startup' and wall >= $2
        and not exists (select from evidence where desk = $1 and routine = 'restore' and started between wall_before and wall)
      order by wall limit ${READ_MAX}`,
    [desk, new Date(sinceMs)],
  );
  return found.rows.map(({ wallMs }) => wallMs);
}

const ORDER_WORDS = `side || ' ' || trim_scale(quantity)::text || ' ' || symbol || ' (' || purpose || ')'`;

/** For example "sell 2 NQ/USD (entry)". Null: the ledger has no such order. */
export async function readOrderWords(pool: Queries, desk: string, clientId: string): Promise<string | null> {
  const { rows } = await pool.query<{ what: string }>(
    `select ${ORDER_WORDS} as what from orders where desk = $1 and client_id = $2`,
    [desk, clientId],
  );
  return rows[0]?.what ?? null;
}

export interface RejectedOrder {
  readonly clientId: string;
  /** For example "sell 2 NQ/USD (entry)". */
  readonly what: string;
  /** The venue's own reason; empty if it gave none. */
  readonly reason: string;
}

/**
 * Orders of the desk that the venue rejected since `sinceMs` (wall clock), oldest first; the newest 50.
 * Post-only entries refused because they would have been filled at once are left out.
 */
export async function readRejectedOrders(
  pool: Pick<Pool, 'query'>,
  desk: string,
  sinceMs: number,
): Promise<readonly RejectedOrder[]> {
  const { rows } = await pool.query<RejectedOrder>(
    `select client_id as "clientId", reason, ${ORDER_WORDS} as what
       from orders
      where desk = $1 and state = 'rejected' and updated >= $2 and not starts_with(reason, $3) and ${ofAccountInUse('substr(client_id, 2, 6)')}
      order by updated desc, client_id limit ${READ_MAX}`,
    [desk, new Date(sinceMs), POST_ONLY_REFUSED],
  );
  return rows.toReversed();
}

/**
 * Figures come from the account in use. Records of other accounts, traded on other prices or before a reset,
 * stay but don't count. An SQL condition on a column with a journal's incarnation; `$1` is the desk.
 */
export function ofAccountInUse(incarnation = 'incarnation'): string {
  return `${incarnation} not in (select incarnation from resting_journal where desk = $1)`;
}
