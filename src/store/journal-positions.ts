/** Positions that were entered, from the fills of their entry orders, and their text in the trading journal. */
import { ofAccountInUse } from './account-in-use.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** What an entry order has filled so far. */
export interface FilledEntry {
  /** Client id of the order. */
  readonly clientId: string;
  /** For example `short 2 NQ/USD at 15234 by slob`; the price is the average of its fills. */
  readonly what: string;
  /** Time of its first fill, in market and wall milliseconds. */
  readonly marketMs: number;
  readonly wallMs: number;
}

const READ_MAX = 50;

/** Entries with fills since `sinceMs` (wall clock), oldest first; the newest 50. */
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

/** `about`: identifies the position. Writing it again replaces its text, as its order fills. */
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
