/** The installation's own Postgres server for as long as a restore needs it, while nothing else of Fermata runs. */
import { join } from 'node:path';
import { Client, Pool } from 'pg';
import { homePaths } from '../../home/runtime.js';
import { readSecret } from '../../home/secrets.js';
import { APP_ROLE } from '../../store/migrate.js';
import { openChildrenFile } from '../../supervisor/children-file.js';
import { freePort } from '../../supervisor/free-port.js';
import { startPostgres } from '../../supervisor/postgres/start-postgres.js';
import { POSTGRES_DATABASE, POSTGRES_OWNER } from '../../supervisor/start/start-stores.js';
import type { EmptyDatabase } from './prove-restored.js';

/** Tables of years are counted and hashed. */
const STATEMENT_TIMEOUT_MS = 3_600_000;
const CONNECT_TIMEOUT_MS = 10_000;

export interface OwnServer {
  /** Empty, with the product's role beside it; one of that name that was there is dropped first. */
  createDatabase(name: string): Promise<EmptyDatabase>;
  dropDatabase(name: string): Promise<void>;
  /** The desk's database gets the name `kept`, and `name` takes its place. As often as it is cut off. */
  takePlace(name: string, kept: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startOwnServer(home: string): Promise<OwnServer> {
  const { postgres, logs, run } = homePaths(home);
  const login = {
    host: '127.0.0.1',
    port: await freePort(),
    user: POSTGRES_OWNER,
    password: readSecret(home, 'postgresPassword'),
  };
  const logFile = join(logs, 'postgres.log');
  // A process that is killed leaves its server to the next one that begins here.
  const children = openChildrenFile(join(run, 'children.json'));
  const server = await startPostgres({
    ...{ directory: postgres, ...login, logFile },
    onSpawned: (child) => children.add('postgres', child.pid),
  });
  const pools: Pool[] = [];
  const admin = async (work: (client: Client) => Promise<void>): Promise<void> => {
    const client = new Client({
      ...login,
      database: 'postgres',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const endSessions = async (): Promise<void> => {
    await Promise.all(pools.splice(0).map((pool) => pool.end().catch(() => undefined)));
  };
  return {
    createDatabase: async (name) => {
      await admin(async (client) => {
        const role = await client.query('select 1 from pg_roles where rolname = $1', [APP_ROLE]);
        // What was dumped names it; a start gives it its password and lets it in.
        if (role.rowCount === 0)
          await client.query(`create role ${client.escapeIdentifier(APP_ROLE)} nologin`);
        const database = client.escapeIdentifier(name);
        await client.query(`drop database if exists ${database}`);
        await client.query(`create database ${database} template template0 encoding 'UTF8'`);
      });
      const connection = { ...login, database: name };
      const pool = new Pool({ ...connection, max: 4, statement_timeout: STATEMENT_TIMEOUT_MS });
      pool.on('error', () => undefined);
      pools.push(pool);
      return { connection, pool };
    },
    dropDatabase: async (name) => {
      await endSessions();
      await admin(async (client) => {
        await client.query(`drop database if exists ${client.escapeIdentifier(name)}`);
      });
    },
    takePlace: async (name, kept) => {
      await endSessions();
      await admin(async (client) => {
        const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
        const here = new Set(rows.map(({ datname }) => datname));
        if (!here.has(name)) return;
        const rename = (from: string, to: string) =>
          client.query(
            `alter database ${client.escapeIdentifier(from)} rename to ${client.escapeIdentifier(to)}`,
          );
        if (here.has(POSTGRES_DATABASE)) await rename(POSTGRES_DATABASE, kept);
        await rename(name, POSTGRES_DATABASE);
      });
    },
    stop: async () => {
      await endSessions();
      await server.stop();
      children.close();
    },
  };
}
