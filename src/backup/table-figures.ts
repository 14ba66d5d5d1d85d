/** Counts and checksums of every table: equal for equal rows, in any order and on any server. */
import { Client, type ClientBase } from 'pg';
import { counted } from '../domain/figure-text.js';
import { FIRST_PREVIOUS_HASH } from '../store/evidence-rows.js';
import { connectionTo } from '../store/pool.js';
import type { Manifest, TableFigures } from './manifest.js';
import type { PgConnection } from './pg-programs.js';

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

/** One sentence for each table that differs. Empty: all are equal. */
export function tableDifferences(
  expected: readonly TableFigures[],
  found: readonly TableFigures[],
): readonly string[] {
  const byName = new Map(found.map((figures) => [figures.table, figures]));
  const differences = expected.flatMap(({ table, rows, checksum }) => {
    const here = byName.get(table);
    if (!here) return [`table ${table} is missing`];
    if (here.rows !== rows)
      return [`table ${table} has ${counted(here.rows, 'row')}, the manifest says ${rows}`];
    return here.checksum === checksum ? [] : [`the content of table ${table} is not what the manifest says`];
  });
  const known = new Set(expected.map(({ table }) => table));
  const strange = found.filter(({ table }) => !known.has(table));
  return [...differences, ...strange.map(({ table }) => `table ${table} is not in the manifest`)];
}

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 3_600_000;

export interface Snapshot {
  /** For `pg_dump --snapshot`; valid until `close`. */
  readonly id: string;
  readonly serverMajor: number;
  readonly serverVersion: string;
  facts(desk: string, onTable: (table: string) => void): Promise<SnapshotFacts>;
  close(): Promise<void>;
}

interface SnapshotFacts {
  readonly database: Manifest['database'];
  readonly schema: readonly string[];
  readonly ledger: readonly NonNullable<Manifest['ledger']>[];
  readonly evidence: Manifest['evidence'];
}

/** One exported snapshot of the database, so that dump, counts and hashes are from the same moment. */
export async function openSnapshot(connection: PgConnection): Promise<Snapshot> {
  const client = new Client({
    ...connectionTo(connection),
    application_name: 'fermata-backup',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  // If the server goes away between two queries, the next one reports it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const setting of TEXT_SETTINGS) await client.query(setting);
    await client.query('begin isolation level repeatable read read only');
    const exported = await client.query<{ id: string; number: string; version: string }>(
      `select pg_export_snapshot() as id, current_setting('server_version_num') as number,
         current_setting('server_version') as version`,
    );
    const { id = '', number = '0', version = '' } = exported.rows[0] ?? {};
    return {
      id,
      serverMajor: Math.floor(Number(number) / 10_000),
      serverVersion: version,
      facts: (desk, onTable) => readFacts(client, connection.database, desk, onTable),
      close: () => client.end().catch(() => undefined),
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function readFacts(
  client: Client,
  name: string,
  desk: string,
  onTable: (table: string) => void,
): Promise<SnapshotFacts> {
  const tables = await readTableFigures(client, onTable);
  const size = await client.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes');
  const schema = await client.query<{ name: string }>('select name from schema_migration order by id');
  const ledger = await client.query<{ incarnation: string; sequence: string; chain: string }>(
    'select incarnation, sequence, chain from ledger_cursor where desk = $1',
    [desk],
  );
  const evidence = await client.query<{ count: string; head: string | null }>(
    `select count(*) as count, (array_agg(hash order by id desc))[1] as head from evidence where desk = $1`,
    [desk],
  );
  return {
    database: { name, sizeBytes: Number(size.rows[0]?.bytes), tables },
    schema: schema.rows.map((row) => row.name),
    ledger: ledger.rows.map((row) => ({ ...row, sequence: Number(row.sequence) })),
    evidence: {
      count: Number(evidence.rows[0]?.count),
      head: evidence.rows[0]?.head ?? FIRST_PREVIOUS_HASH,
    },
  };
}
