/**
 * The trading journal: figures of each of the desk's days, and people's notes. Not the trader's journal on
 * disk.
 */

import type { JournalDay, JournalNote, SetupDetails, SetupShown } from '../contracts/published.js';
import { counted } from '../domain/figure-text.js';
import { SETUP_NOTE } from '../domain/setup-note.js';
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

/** The setups that strategies followed, from their notes in the journal. */
export interface NotedSetup extends Omit<SetupShown, 'state' | 'open' | 'prices'> {
  /** The plan at its detection; null: never detected. */
  readonly plan: string | null;
}

/** A restored journal repeats notes of an earlier one. */
const NOTED = `
  with noted as (
    select distinct wall, sequence, record ->> 'strategy' as strategy, record ->> 'symbol' as symbol,
      (record ->> 'marketMs')::float8 as "atMs", regexp_match(record ->> 'text', $2) as said
    from journal_entry
    where desk = $1 and type = 'note' and record ->> 'strategy' is not null and ${ofAccountInUse()}
  )`;

/** Newest first, or only the one with this `id`. Rejects while Postgres is down. */
export async function readSetups(
  pool: Pick<Pool, 'query'>,
  desk: string,
  limit: number,
  id: string | null = null,
): Promise<readonly NotedSetup[]> {
  const found = await pool.query<NotedSetup>(
    `${NOTED}
     select said[2] as id, min(strategy) as strategy, min(symbol) as symbol, min("atMs") as "begunMs",
       min("atMs") filter (where said[1] is not null) as "detectedMs",
       (array_agg(said[3] order by wall, sequence) filter (where said[1] is not null))[1] as plan,
       (array_agg(said[3] order by wall desc, sequence desc))[1] as last
     from noted where said is not null and ($4::text is null or said[2] = $4)
     group by said[2] order by min("atMs") desc, said[2] limit $3`,
    [desk, SETUP_NOTE, limit, id],
  );
  return found.rows;
}

type SetupStep = SetupDetails['steps'][number];

/** The notes on one setup, oldest first. Rejects while Postgres is down. */
export async function readSetupSteps(
  pool: Pick<Pool, 'query'>,
  desk: string,
  id: string,
): Promise<readonly SetupStep[]> {
  const found = await pool.query<SetupStep>(
    `${NOTED} select "atMs", said[3] as text from noted where said[2] = $3 order by wall, sequence`,
    [desk, SETUP_NOTE, id],
  );
  return found.rows;
}

/** How many were detected: ever, or in [fromMs, toMs) of market time. Rejects while Postgres is down. */
export async function countSetups(
  pool: Pick<Pool, 'query'>,
  desk: string,
  within: { readonly fromMs: number; readonly toMs: number } | null = null,
): Promise<number> {
  const found = await pool.query<{ count: number }>(
    `${NOTED} select count(distinct said[2])::int as count from noted
      where said[1] is not null and ($3::float8 is null or ("atMs" >= $3 and "atMs" < $4::float8))`,
    [desk, SETUP_NOTE, within?.fromMs ?? null, within?.toMs ?? null],
  );
  return found.rows[0]?.count ?? 0;
}
