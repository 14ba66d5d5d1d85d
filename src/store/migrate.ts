/** Migrates the schema to this version. Forward only: a migration that ran is never changed. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

/** Next to this module: the build copies the SQL files to where the compiled program looks for them. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('./migrations', import.meta.url));

/** The role that all our processes connect as: it can't change evidence, audit or journal entries. */
export const APP_ROLE = 'fermata_app';
const MIGRATIONS_TABLE = 'schema_migration';
const CONNECT_TIMEOUT_MS = 10_000;
/** An arbitrary number that nothing else uses. */
const PREPARE_LOCK = 730_211;

interface OwnerConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Creates role and database if they are missing, and runs new migrations. Returns the names of those it ran. */
export async function migrate(
  owner: OwnerConnection,
  database: string,
  appPassword: string,
): Promise<readonly string[]> {
  await prepareServer(owner, database, appPassword);
  return withClient(owner, database, async (client) => {
    if (await isCurrent(client)) return [];
    const { runner } = await import('node-pg-migrate');
    const ran = await runner({
      dbClient: client,
      dir: MIGRATIONS_DIRECTORY,
      migrationsTable: MIGRATIONS_TABLE,
      direction: 'up',
      checkOrder: true,
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
    return ran.map((migration) => migration.name);
  });
}

/** Most starts have nothing to migrate, and need not load the migration library. */
async function isCurrent(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    MIGRATIONS_TABLE,
  ]);
  if (rows[0]?.there !== true) return false;
  const ran = await client.query<{ name: string }>(
    `select name from ${MIGRATIONS_TABLE} order by run_on, id`,
  );
  const shipped = readdirSync(MIGRATIONS_DIRECTORY)
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
  return shipped.join() === ran.rows.map(({ name }) => name).join();
}

async function prepareServer(owner: OwnerConnection, database: string, appPassword: string): Promise<void> {
  await withClient(owner, 'postgres', async (client) => {
    // Two at once would update the same role. The lock ends with this connection.
    await client.query('select pg_advisory_lock($1)', [PREPARE_LOCK]);
    const role = client.escapeIdentifier(APP_ROLE);
    const known = await client.query('select 1 from pg_roles where rolname = $1', [APP_ROLE]);
    if (known.rowCount === 0) await client.query(`create role ${role} login`);
    await client.query(`alter role ${role} login password ${client.escapeLiteral(appPassword)}`);
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  });
}

/** Opens one connection for `work`, and closes it whatever happens. */
export async function withClient<T>(
  owner: OwnerConnection,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...owner, database, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
