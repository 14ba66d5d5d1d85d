/** One exported snapshot of the database, so that dump, counts and hashes are from the same moment. */
import { Client } from 'pg';
import { FIRST_PREVIOUS_HASH } from '../store/evidence/evidence.js';
import type { Manifest } from './manifest.js';
import type { PgConnection } from './pg-programs.js';
import { readTableFigures, TEXT_SETTINGS } from './table-figures.js';

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

export interface SnapshotFacts {
  readonly database: Manifest['database'];
  readonly schema: readonly string[];
  readonly ledger: readonly NonNullable<Manifest['ledger']>[];
  readonly evidence: Manifest['evidence'];
}

export async function openSnapshot(connection: PgConnection): Promise<Snapshot> {
  const client = new Client({
    ...connection,
    application_name: 'fermata-backup',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  // A server that goes away between two queries is reported by the next one.
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
