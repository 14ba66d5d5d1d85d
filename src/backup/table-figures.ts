/** Counts and checksums of every table, the same for the same rows in whatever order and on whatever server. */
import type { ClientBase } from 'pg';
import type { TableFigures } from './manifest.js';

/** What decides how a value is written as text. */
export const TEXT_SETTINGS = [
  "set timezone to 'UTC'",
  "set datestyle to 'ISO, YMD'",
  "set intervalstyle to 'postgres'",
  'set extra_float_digits to 1',
  "set bytea_output to 'hex'",
];

/** On a connection with `TEXT_SETTINGS`. `onTable` is called before each. */
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
    // 60 bits of each row's MD5, summed: corruption is what is looked for here, the files have their SHA-256.
    const found = await client.query<{ rows: string; checksum: string }>(
      `select count(*) as rows,
         coalesce(sum(('x' || left(md5(row::text), 15))::bit(60)::bigint), 0)::text as checksum from ${quoted} as row`,
    );
    figures.push({ table: name, rows: Number(found.rows[0]?.rows), checksum: found.rows[0]?.checksum ?? '' });
  }
  return figures;
}

/** One sentence for each table that is not what it should be; empty: all are equal. */
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
