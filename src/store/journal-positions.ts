/** Positions that were entered, from the fills of their entry orders, and what the trading journal has of them. */
import { ofAccountInUse } from './account-in-use.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** What an entry order was filled with so far. */
export interface FilledEntry {
  /** Of the order. */
  readonly clientId: string;
  /** `short 2 NQ/USD at 15234 by slob`: the price is the average of its fills. */
  readonly what: string;
  /** Of its first fill: market and wall milliseconds. */
  readonly marketMs: number;
  readonly wallMs: number;
}

const READ_MAX = 50;

/** Entries that were filled since `sinceMs` of the wall clock, oldest first; the newest 50. */
export async function readFilledEntries(
  pool: Queries,
  desk: string,
  sinceMs: number,
): Promise<readonly FilledEntry[]> {
  const { rows } = await pool.query<FilledEntry>(
    `select client_id as "clientId",
        concat_ws(' ', case side when 'sell' then 'short' else 'long' end, trim_scale(sum(quantity)), symbol, 'at',
          trim_scale(round(sum(price * quantity) / sum(quantity), 8)), 'by', strategy) as what,
        (extract(epoch from min(market)) * 1000)::float8 as "marketMs",
        (extract(epoch from min(wall)) * 1000)::float8 as "wallMs"
       from fills where desk = $1 and purpose = 'entry' and wall >= $2 and ${ofAccountInUse()}
      group by client_id, side, symbol, strategy order by min(wall) desc, client_id limit ${READ_MAX}`,
    [desk, new Date(sinceMs)],
  );
  return rows.toReversed();
}

/** `about`: what names the position. The same one again takes the place of what was written of it, as its order fills. */
export async function writeJournalPosition(
  pool: Queries,
  position: { readonly desk: string; readonly date: string; readonly about: string; readonly text: string },
): Promise<void> {
  const { desk, date, about, text } = position;
  await pool.query(
    `insert into trading_journal (desk, day, kind, about, text) values ($1, $2, 'position', $3, $4)
     on conflict (desk, kind, about) do update set text = excluded.text`,
    [desk, date, about, text],
  );
}
