/** Counts and checksums of every table: equal for equal rows, in any order and on any server. */
import type { ClientBase } from 'pg';
import type { TableFigures } from './manifest.js';

/** The settings that decide how a value is written as text. */
export const TEXT_SETTINGS = [
  "set timezone to 'UTC'",
  "set datestyle to 'ISO, YMD'",
  "set intervalstyle to 'postgres'",
  'set extra_float_digits to 1',
  "set bytea_output to 'hex'",
];

/** Needs a connection with `TEXT_SETTINGS`. `onTable` is called before each table. */
export async function readTableFigures(
  client: Pick<ClientBase, 'query'>,
  onTable: (table: string) => void = () => {},
): Promise<TableFigures[]> {
  const tables = await client.query<{ name: string; quoted: string }>(
    `select tablename as name, format('%I.%I', schemaname, tablename) as quoted
      from pg_tables where schemaname = 'public' order by tablename`,
  );
  const figures: TableFigures[] = [];
  for (const { name, quoted } of tables.rows) {
    onTable(name);
    // Sums 60 bits of each row's MD5: this only detects corruption, and the files have their SHA-256.
    const found = await client.query<{ rows: string; checksum: string }>(
      `select count(*) as rows,
         coalesce(sum(('x' || left(md5(row::text), 15))::bit(60)::bigint), 0)::text as checksum from ${quoted} as row`,
    );
    figures.push({ table: name, rows: Number(found.rows[0]?.rows), checksum: found.rows[0]?.checksum ?? '' });
  }
  return figures;
}

/** One sentence for each table that differs; empty if all are equal. */
export function tableDifferences(
  expected: readonly TableFigures[],
  found: readonly TableFigures[],
): readonly string[] {
  const byName = new Map(found.map((figures) => [figures.table, figures]));
  const differences = expected.flatMap(({ table, rows, checksum }) => {
    const here = byName.get(table);
    if (!here) return [`table ${table} is missing`];
    if (here.rows !== rows) return [`table ${table} has ${here.rows} rows, the manifest says ${rows}`];
    return here.checksum === checksum ? [] : [`the content of table ${table} is not what the manifest says`];
  });
  const known = new Set(expected.map(({ table }) => table));
  const strange = found.filter(({ table }) => !known.has(table));
  return [...differences, ...strange.map(({ table }) => `table ${table} is not in the manifest`)];
}
