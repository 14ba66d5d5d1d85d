import { Pool } from 'pg';
import { APP_ROLE, withClient } from '../store/migrate.js';
import type { PgConnection } from './pg-programs.js';

/** Counting and hashing tables of many years takes long. */
const STATEMENT_TIMEOUT_MS = 3_600_000;

/**
 * Creates a database as before a first migration, and the product's role, which a dump refers to. Drops an existing
 * database of that name first.
 */
export async function createEmptyDatabase(connection: PgConnection): Promise<Pool> {
  await withClient(connection, 'postgres', async (client) => {
    const role = await client.query('select 1 from pg_roles where rolname = $1', [APP_ROLE]);
    // A start sets its password and allows it to log in.
    if (role.rowCount === 0) await client.query(`create role ${client.escapeIdentifier(APP_ROLE)} nologin`);
    const database = client.escapeIdentifier(connection.database);
    await client.query(`drop database if exists ${database}`);
    await client.query(`create database ${database} template template0 encoding 'UTF8'`);
  });
  const pool = new Pool({ ...connection, max: 4, statement_timeout: STATEMENT_TIMEOUT_MS });
  pool.on('error', () => undefined);
  return pool;
}
