/** The records of a desk, oldest first, in pages: as text, exactly as stored. */
import type { Pool } from './pool.js';
import { ofAccountInUse } from './read-ledger.js';

export interface ExportSpan {
  readonly desk: string;
  /** From `fromMs` inclusive to `untilMs` exclusive; null: no bound. */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  /** Only rows with these values, by column. */
  readonly only?: Readonly<Partial<Record<OnlyColumn, string>>> | undefined;
}

/** The columns by which the audit trail is filtered. */
const ONLY_COLUMNS = ['person', 'action', 'via'] as const;
type OnlyColumn = (typeof ONLY_COLUMNS)[number];

interface ExportColumn {
  readonly name: string;
  /** Written by people or programs: it may contain anything. */
  readonly isText: boolean;
}

/** One value per column; null: nothing was recorded. */
type ExportRow = readonly (string | null)[];

interface Exported {
  readonly from: string;
  /** SQL expressions by column name; columns written by people or programs are also listed in `texts`. */
  readonly columns: Readonly<Record<string, string>>;
  readonly texts: readonly string[];
  /** The column that the span applies to. */
  readonly time: string;
  /** Sort columns with their types; they define a position for paging. */
  readonly order: Readonly<Record<string, string>>;
}

const ROWS_A_PAGE = 1_000;

const iso = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const same = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `${name}::text`]));

const TABLES = {
  trades: {
    from: `fills where ${ofAccountInUse()}`,
    columns: {
      market_time: iso('market'),
      wall_time: iso('wall'),
      ...same('symbol', 'side', 'quantity', 'price', 'realised', 'fee', 'fee_asset', 'fee_amount'),
      ...same('liquidity', 'purpose', 'strategy', 'client_id', 'trade_id', 'simulated', 'caught_up'),
    },
    texts: ['strategy', 'client_id', 'trade_id', 'fee_asset'],
    time: 'market',
    order: { market: 'timestamptz', incarnation: 'text', sequence: 'bigint' },
  },
  orders: {
    from: 'orders where true',
    columns: {
      market_time: iso('created_market'),
      wall_time: iso('created'),
      updated: iso('updated'),
      ...same('symbol', 'side', 'type', 'purpose', 'strategy', 'state', 'quantity', 'filled', 'price'),
      ...same('reason', 'client_id', 'venue_id', 'simulated'),
    },
    texts: ['strategy', 'reason', 'client_id', 'venue_id'],
    time: 'created_market',
    order: { created_market: 'timestamptz', client_id: 'text' },
  },
  equity: {
    from: `equity where ${ofAccountInUse()}`,
    columns: {
      market_time: iso('market'),
      ...same('equity', 'peak', 'cash', 'unrealised', 'capital_moved', 'simulated'),
    },
    texts: [],
    time: 'market',
    order: { market: 'timestamptz', incarnation: 'text' },
  },
  audit: {
    from: 'audit where true',
    columns: { wall_time: iso('wall'), ...same('id', 'person', 'via', 'action', 'parameters', 'outcome') },
    texts: ['person', 'action', 'parameters', 'outcome'],
    time: 'wall',
    order: { id: 'bigint' },
  },
} as const satisfies Readonly<Record<string, Exported>>;

export type StoredKind = keyof typeof TABLES;
export const STORED_KINDS = Object.keys(TABLES) as StoredKind[];

export function exportColumns(kind: StoredKind): readonly ExportColumn[] {
  const { columns, texts }: Exported = TABLES[kind];
  return Object.keys(columns).map((name) => ({ name, isText: texts.includes(name) }));
}

/** Rejects while the database is down. Rows recorded during the export may appear at the end. */
export async function* readExport(
  pool: Pick<Pool, 'query'>,
  kind: StoredKind,
  { desk, fromMs, untilMs, only = {} }: ExportSpan,
): AsyncGenerator<readonly ExportRow[]> {
  const table: Exported = TABLES[kind];
  const columns = ONLY_COLUMNS.filter((column) => only[column] !== undefined);
  const query = pageOf(table, columns);
  const places = Object.keys(table.order).length;
  let after: readonly (string | null)[] = Array.from({ length: places }, () => null);
  for (;;) {
    const values = [desk, fromMs, untilMs, ...after, ...columns.map((column) => only[column])];
    const { rows } = await pool.query<(string | null)[]>({ text: query, values, rowMode: 'array' });
    if (rows.length > 0) yield rows.map((row) => row.slice(0, -places));
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_A_PAGE) return;
    after = last.slice(-places);
  }
}

/**
 * Continues after the previous page's last position, so rows added meanwhile don't shift it. Selected values
 * have names of their own: `id::text` would be named `id`, and `order by id` would sort text, 10 before 9.
 */
function pageOf({ from, columns, time, order }: Exported, only: readonly OnlyColumn[]): string {
  const names = Object.keys(order);
  const given = Object.values(order).map((type, at) => `$${at + 4}::${type}`);
  const chosen = only.map((column, at) => ` and ${column} = $${at + 4 + names.length}`);
  const selected = [...Object.values(columns), ...names.map((name) => `${name}::text`)];
  return `
    select ${selected.map((value, at) => `${value} as selected_${at}`).join(', ')}
    from ${from} and desk = $1${chosen.join('')}
      and ($2::float8 is null or ${time} >= to_timestamp($2::float8 / 1000))
      and ($3::float8 is null or ${time} < to_timestamp($3::float8 / 1000))
      and (${given[0]} is null or (${names.join(', ')}) > (${given.join(', ')}))
    order by ${names.join(', ')} limit ${ROWS_A_PAGE}`;
}

const ENTRIES_A_PAGE = 1_000;

/** An entry of a journal. */
export interface StoredRecord {
  readonly record: unknown;
  /** Its incarnation. */
  readonly journal: string;
  /** Identifies the entry in each journal that has a copy of it. */
  readonly entry: string;
  /** Also in an earlier journal. */
  readonly isCopy: boolean;
}

/**
 * Records of the journals of the account in use, earlier journals first, each once: a restored journal begins
 * with a copy of another one's entries, and one that was set back repeats fills. `copied`: types of which the
 * copies are read, too. Rejects while the database is down.
 */
export async function* readRecords(
  pool: Pick<Pool, 'query'>,
  desk: string,
  types: readonly string[],
  copied: readonly string[] = [],
): AsyncGenerator<readonly StoredRecord[]> {
  const journals = await pool.query<{ incarnation: string }>(
    `select incarnation from ledger_cursor where desk = $1 and ${ofAccountInUse()} order by updated, incarnation`,
    [desk],
  );
  const earlier: string[] = [];
  for (const { incarnation } of journals.rows) {
    for (let after = 0; ; ) {
      const { rows } = await pool.query<StoredRecord & { readonly sequence: number }>(
        `select sequence::float8 as sequence, record, incarnation as journal, sequence || ' ' || wall as entry, "isCopy"
          from journal_entry entry,
            lateral (select exists (select from journal_entry told where told.desk = entry.desk and told.incarnation = any($5)
              and told.sequence = entry.sequence and told.wall = entry.wall and told.type = entry.type) as "isCopy") told
          where desk = $1 and incarnation = $2 and type = any($3) and sequence > $4 and (type = any($6) or not "isCopy")
            and not exists (select from repeated_fills told where told.desk = entry.desk
              and told.incarnation = entry.incarnation and told.sequence = entry.sequence)
          order by sequence limit ${ENTRIES_A_PAGE}`,
        [desk, incarnation, types, after, earlier, copied],
      );
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < ENTRIES_A_PAGE) break;
      after = last.sequence;
    }
    earlier.push(incarnation);
  }
}
