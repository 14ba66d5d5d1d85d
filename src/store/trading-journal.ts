/** The trading journal: figures of each of the desk's days, and people's notes. Not the trader's journal on disk. */
import type { JournalDay, JournalNote } from '../contracts/published.js';
import { counted } from '../domain/figure-text.js';
import type { Pool } from './pool.js';
import { ofAccountInUse } from './read-ledger.js';

/** Maximum length of a person's note. */
export const NOTE_CHARACTERS_MAX = 2_000;

type Queries = Pick<Pool, 'query'>;

/** Of one of the desk's days. */
export type DayFigures = Omit<NonNullable<JournalDay['figures']>, 'writtenMs'>;

export const figuresText = ({ setups, orders, trades, result, currency }: DayFigures): string =>
  `${counted(setups, 'setup')} detected, ${counted(orders, 'order')} placed, P&L ${result} ${currency} of ${counted(trades, 'trade')}`;

/** Writing the same day again replaces its figures. */
export async function writeDay(
  pool: Queries,
  { desk, date, figures }: { readonly desk: string; readonly date: string; readonly figures: DayFigures },
): Promise<void> {
  await pool.query(
    `insert into trading_journal (desk, day, kind, about, figures) values ($1, $2, 'day', $3, $4)
     on conflict (desk, kind, about) do update set figures = excluded.figures, written = now()`,
    [desk, date, date, JSON.stringify(figures)],
  );
}

export async function writeNote(
  pool: Queries,
  note: { readonly desk: string; readonly date: string; readonly person: string; readonly text: string },
): Promise<JournalNote> {
  const { desk, date, person, text } = note;
  const written = await pool.query<EntryRow>(
    `insert into trading_journal (desk, day, kind, person, text) values ($1, $2, 'note', $3, $4)
     returning ${ENTRY}`,
    [desk, date, person, text],
  );
  return noteFrom(written.rows[0] as EntryRow);
}

interface EntryRow {
  readonly id: string;
  readonly date: string;
  readonly kind: 'day' | 'position' | 'note';
  readonly figures: DayFigures;
  readonly text: string;
  readonly person: string;
  readonly written: Date;
}

const ENTRY = 'id, day::text as date, kind, figures, text, person, written';

/** The newest `days` days with an entry, newest first. */
export async function readTradingJournal(
  pool: Queries,
  desk: string,
  days: number,
): Promise<readonly JournalDay[]> {
  const found = await pool.query<EntryRow>(
    `select ${ENTRY} from trading_journal
      where desk = $1 and day in (select distinct day from trading_journal where desk = $1 order by day desc limit $2)
      order by day desc, id`,
    [desk, days],
  );
  const dates = [...new Set(found.rows.map(({ date }) => date))];
  return dates.map((date) =>
    dayFrom(
      date,
      found.rows.filter((entry) => entry.date === date),
    ),
  );
}

function dayFrom(date: string, entries: readonly EntryRow[]): JournalDay {
  const of = (wanted: EntryRow['kind']) => entries.filter(({ kind }) => kind === wanted);
  const [day] = of('day');
  return {
    date,
    figures: day === undefined ? null : { ...day.figures, writtenMs: day.written.getTime() },
    positions: of('position').map(({ text, written }) => ({ text, writtenMs: written.getTime() })),
    notes: of('note').map(noteFrom),
  };
}

const noteFrom = ({ id, person, text, written }: EntryRow): JournalNote => ({
  ...{ id: Number(id), person, text },
  writtenMs: written.getTime(),
});

/** What an entry order has filled so far. */
export interface FilledEntry {
  /** Client id of the order. */
  readonly clientId: string;
  /** For example `short 2 NQ/USD at 15234 by trend`; the price is the average of its fills. */
  readonly what: string;
  /** Time of its first fill, in market and wall milliseconds. */
  readonly marketMs: number;
  readonly wallMs: number;
}

const READ_MAX = 2_000;

/**
 * Entry orders of which anything filled since `sinceMs` (wall clock), each with all of its fills; oldest first, the
 * newest 2,000. One scan: a join of the table with itself takes minutes where Postgres has no statistics of it, such as
 * after a restore.
 */
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
       from fills where desk = $1 and purpose = 'entry' and ${ofAccountInUse()}
      group by client_id, side, symbol, strategy having max(wall) >= $2 order by min(wall) desc, client_id limit ${READ_MAX}`,
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
