/** The only way to Postgres: few connections, and deadlines everywhere, so a hanging database is an error. */
import { readFileSync } from 'node:fs';
import { Pool, type PoolClient } from 'pg';
import { type Runtime, secretFile } from '../home/runtime.js';

export type { Pool, PoolClient } from 'pg';

const CONNECTIONS_MAX = 8;
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** A server that vanished silently never answers a query, so the client has its own deadline. */
const QUERY_TIMEOUT_MS = 12_000;
const IDLE_TIMEOUT_MS = 30_000;

/**
 * On this machine the server is our own: what a person has set for servers of others (PGSSLMODE, PGOPTIONS) is not about
 * it, and the client would go by it.
 */
export const connectionTo = <To extends { readonly host: string }>(to: To) =>
  to.host === '127.0.0.1' ? { ...to, ssl: false, options: ' ' } : to;

/** Connects at the first query, and again after every loss. The caller ends it. */
export function openPool(runtime: Pick<Runtime, 'home' | 'postgres'>, name = 'fermata'): Pool {
  const { host, port, database, user } = runtime.postgres;
  const secret = user === 'fermata_app' ? 'postgresAppPassword' : 'postgresPassword';
  return keptThroughLosses(
    new Pool({
      ...connectionTo({ host, port, database, user }),
      password: () => readFileSync(secretFile(runtime.home, secret), 'utf8').trim(),
      application_name: name,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
    }),
  );
}

const ignore = (): void => undefined;

/**
 * A lost connection is an error only of the query that meets it; a new connection replaces it. Without
 * handlers, losing an idle connection would end the process. So would a connection that a server accepts and
 * drops at once while shutting down: the caller receives it only a moment later.
 */
export function keptThroughLosses(pool: Pool): Pool {
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

/** Rolls back and rethrows when `work` fails. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
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
    client.release(broken);
  }
}

/** Holds the lock of this name until the transaction ends. */
export async function lockInTransaction(client: PoolClient, name: string): Promise<void> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
}

/**
 * Error codes: refused, cut off, or (57P01 to 57P03) shutting down, ended by another process's crash, or starting up.
 */
const CODES: readonly unknown[] = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03'];

/** The errors of a query to a Postgres that is being restarted. */
export const isServerAway = (error: unknown): boolean =>
  CODES.includes((error as { code?: unknown }).code) || /Connection terminated/.test(String(error));

/** Postgres accepts neither NUL nor half of a surrogate pair, but texts of venues and programs may contain both. */
export function plainText(text: string): string {
  return Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('utf8');
}

/** The same for every string in a JSON value. */
export function plainJson<T>(value: T): T {
  const text = JSON.stringify(value);
  if (!/\\u0000|\\ud[89a-f]/i.test(text)) return value;
  return JSON.parse(text, (_key, item: unknown) => (typeof item === 'string' ? plainText(item) : item)) as T;
}
