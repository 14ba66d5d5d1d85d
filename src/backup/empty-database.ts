import { Pool } from 'pg';
import { APP_ROLE, withClient } from '../store/migrate.js';
import type { PgConnection } from './pg-programs.js';

/** Tables of years are counted and hashed. */
const STATEMENT_TIMEOUT_MS = 3_600_000;

/** As before a first migration, with the product's role beside it, which a dump names. One of that name is dropped first. */
export async function createEmptyDatabase(connection: PgConnection): Promise<Pool> {
  await withClient(connection, 'postgres', async (client) => {
    const role = await client.query('select 1 from pg_roles where rolname = $1', [APP_ROLE]);
    // A start gives it its password and lets it in.
    if (role.rowCount === 0) await client.query(`create role ${client.escapeIdentifier(APP_ROLE)} nologin`);
    const database = client.escapeIdentifier(connection.database);
    await client.query(`drop database if exists ${database}`);
    await client.query(`create database ${database} template template0 encoding 'UTF8'`);
  });
  const pool = new Pool({ ...connection, max: 4, statement_timeout: STATEMENT_TIMEOUT_MS });
  pool.on('error', () => undefined);
  return pool;
}
