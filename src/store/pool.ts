/** The one way to Postgres: few connections, and a deadline on everything, so that a sick database is an error. */
import { readFileSync } from 'node:fs';
import { Pool, type PoolClient } from 'pg';
import { type Runtime, secretFile } from '../home/runtime.js';

export type { Pool, PoolClient } from 'pg';

const CONNECTIONS_MAX = 8;
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** A server that vanished without a word answers no query at all, so the client has a deadline of its own. */
const QUERY_TIMEOUT_MS = 12_000;
const IDLE_TIMEOUT_MS = 30_000;

/** Connects at the first query, and again after every loss. The caller ends it. */
export function openPool(runtime: Pick<Runtime, 'home' | 'postgres'>, name = 'fermata'): Pool {
  const { host, port, database, user } = runtime.postgres;
  const secret = user === 'fermata_app' ? 'postgresAppPassword' : 'postgresPassword';
  const pool = new Pool({
    host,
    port,
    database,
    user,
    password: () => readFileSync(secretFile(runtime.home, secret), 'utf8').trim(),
    application_name: name,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
  });
  // An idle connection that breaks is replaced at the next query; unhandled, it would end the process.
  pool.on('error', () => undefined);
  return pool;
}

/** Rolls back and rethrows when `work` fails. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // Between two queries a lost connection is reported here; the next query then fails.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let broken = false;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

/** Until the transaction ends, nobody else holds the lock of this name. */
export async function lockInTransaction(client: PoolClient, name: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
}
