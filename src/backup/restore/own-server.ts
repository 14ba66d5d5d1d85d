/**
 * The installation's own Postgres server for the duration of a restore: another desk's if one is running,
 * otherwise a new one. In containers, Postgres has its own container, and the restore only connects to it.
 */
import { join } from 'node:path';
import type { Pool } from 'pg';
import { deskEnvironment, isContainer } from '../../desk/desk-environment.js';
import { databaseOf } from '../../home/installation.js';
import { homePaths } from '../../home/runtime.js';
import { readSecret } from '../../home/secrets.js';
import { runtimeHere } from '../../home/started-desks.js';
import { withClient } from '../../store/migrate.js';
import { openChildrenFile } from '../../supervisor/process-table.js';
import { SharedServer } from '../../supervisor/shared-server.js';
import {
  choosePostgres,
  POSTGRES_OWNER,
  type PostgresPlace,
  startOwnPostgres,
} from '../../supervisor/start/start-stores.js';
import { createEmptyDatabase } from '../pg-programs.js';
import type { EmptyDatabase } from './prove-restored.js';

export interface OwnServer {
  /** Creates an empty database, and the product's role. Drops an existing database of that name first. */
  createDatabase(name: string): Promise<EmptyDatabase>;
  dropDatabase(name: string): Promise<void>;
  /**
   * Renames the desk's database to `kept`, and `name` to the desk's. Can be repeated after an interruption. False: there
   * was none to keep.
   */
  takePlace(name: string, kept: string): Promise<boolean>;
  stop(): Promise<void>;
}

interface ServerAddress {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

async function startServer(home: string, signal: AbortSignal): Promise<ServerAddress> {
  const paths = homePaths(home);
  // If this process is killed, the next one that begins here ends its server.
  const children = openChildrenFile(join(paths.run, 'children.json'));
  const silent = (): void => undefined;
  const server = new SharedServer<PostgresPlace>({
    ...{ name: 'postgres', run: paths.servers.run, children, choose: choosePostgres },
    start: (at, started) => startOwnPostgres({ paths, children: started, onLine: silent }, at, signal),
    ...{ onNews: silent, say: silent },
  });
  const { port } = await server.open(signal).catch(async (error: unknown) => {
    // Otherwise its lock would keep this process, and the start after the restore, waiting for ever.
    await server.close();
    children.close();
    throw error;
  });
  return {
    host: '127.0.0.1',
    port,
    close: async () => {
      await server.close();
      children.close();
    },
  };
}

/** Null outside containers, where a restore starts a server itself. */
function serverOfContainers(home: string): ServerAddress | null {
  const place = isContainer(deskEnvironment()) ? runtimeHere(home)?.postgres : undefined;
  return place === undefined ? null : { host: place.host, port: place.port, close: async () => undefined };
}

export async function openOwnServer(
  home: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<OwnServer> {
  const database = databaseOf(home);
  const { host, port, close } = serverOfContainers(home) ?? (await startServer(home, signal));
  const password = readSecret(home, 'postgresPassword');
  const login = { host, port, user: POSTGRES_OWNER, password };
  const pools: Pool[] = [];
  const endSessions = async (): Promise<void> => {
    await Promise.all(pools.splice(0).map((pool) => pool.end().catch(() => undefined)));
  };
  return {
    createDatabase: async (name) => {
      const connection = { ...login, database: name };
      const pool = await createEmptyDatabase(connection);
      pools.push(pool);
      return { connection, pool };
    },
    dropDatabase: async (name) => {
      await endSessions();
      await withClient(login, 'postgres', async (client) => {
        await client.query(`drop database if exists ${client.escapeIdentifier(name)}`);
      });
    },
    takePlace: async (name, kept) => {
      await endSessions();
      return withClient(login, 'postgres', async (client) => {
        const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
        const here = new Set(rows.map(({ datname }) => datname));
        const isKept = here.has(database) || here.has(kept);
        if (!here.has(name)) return here.has(kept);
        // Open sessions, such as somebody's psql on a server that another desk keeps running, would block the
        // rename and leave this desk without a database.
        await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = any($1)', [
          [database, name],
        ]);
        const rename = (from: string, to: string) =>
          client.query(
            `alter database ${client.escapeIdentifier(from)} rename to ${client.escapeIdentifier(to)}`,
          );
        if (here.has(database)) await rename(database, kept);
        await rename(name, database);
        return isKept;
      });
    },
    stop: async () => {
      await endSessions();
      await close();
    },
  };
}
