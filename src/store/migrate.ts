/**
 * The database's schema and whether it is whole: migrations to this version (forward only: one that ran is
 * never changed), and a check of every table and index.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { messageOf } from '../domain/message-of.js';
import { connectionTo } from './pool.js';

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
  const client = new Client({
    ...connectionTo(owner),
    database,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

// Checks a whole database as `pg_amcheck` does: each table's pages with their checksums, each index against
// the rows that it must find.

/** Postgres error codes for a corrupt page or index. */
const DAMAGED = ['XX000', 'XX001', 'XX002'];
/** Postgres error codes if amcheck is not installed, or not allowed. */
const NOT_THERE = ['0A000', '42501', '58P01'];

interface Examined {
  /** Each with its table or index, and the page if known. */
  readonly damage: readonly string[];
  /** Number of tables and indexes checked. */
  readonly looked: number;
}

interface Relation {
  readonly oid: string;
  readonly name: string;
  readonly isIndex: boolean;
}

/**
 * Needs an owner's connection. Runs in a transaction that is rolled back, so Postgres' extension amcheck
 * exists only during the check. Pages in the server's memory are read from there: they are good, and will be
 * written again. Rejects if the database can't be checked.
 */
export async function examineDatabase(client: Client): Promise<Examined> {
  await client.query('begin');
  try {
    await client.query('create extension if not exists amcheck').catch((error: unknown) => {
      if (!hasCode(error, NOT_THERE)) throw error;
      throw new Error(`amcheck is not there for this role (${messageOf(error)}): install postgresql-contrib`);
    });
    const { rows } = await client.query<Relation>(RELATIONS);
    const damage: string[] = [];
    for (const relation of rows) damage.push(...(await damageOf(client, relation)));
    return { damage, looked: rows.length };
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

/** True if a database is so damaged that it can't even be opened. */
export const isDamage = (error: unknown): boolean => hasCode(error, DAMAGED);

/** Tables, their TOAST tables, and B-tree indexes; not temporary ones, nor indexes that are being built. */
const RELATIONS = `
  select c.oid::text, c.oid::regclass::text as name, c.relkind = 'i' as "isIndex"
    from pg_class c left join pg_am a on a.oid = c.relam left join pg_index i on i.indexrelid = c.oid
   where c.relpersistence <> 't'
     and (c.relkind in ('r', 't', 'm') or c.relkind = 'i' and a.amname = 'btree' and i.indisready and i.indisvalid)
   order by c.relkind = 'i', c.oid`;

async function damageOf(client: Client, { oid, name, isIndex }: Relation): Promise<readonly string[]> {
  await client.query('savepoint one');
  try {
    if (isIndex) await client.query('select bt_index_check($1::oid::regclass, true)', [oid]);
    else {
      const { rows } = await client.query<{ blkno: string; msg: string }>(
        'select blkno, msg from verify_heapam($1::oid::regclass)',
        [oid],
      );
      return rows.map(({ blkno, msg }) => `${name}, page ${blkno}: ${msg}`);
    }
    return [];
  } catch (error) {
    if (!isDamage(error)) throw error;
    await client.query('rollback to savepoint one');
    return [`${name}: ${messageOf(error)}`];
  } finally {
    await client.query('release savepoint one').catch(() => undefined);
  }
}

const hasCode = (error: unknown, codes: readonly string[]): boolean =>
  codes.includes((error as { readonly code?: string }).code ?? '');
