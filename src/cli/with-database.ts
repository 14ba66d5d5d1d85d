/** Postgres for commands about people. What they change in files has happened by then, and stays so. */
import { messageOf } from '../domain/message-of.js';
import { PeopleFileUnusable } from '../home/people-folder.js';
import type { Runtime } from '../home/runtime.js';
import { openPool, type Pool } from '../store/pool.js';
import type { CliFailure } from './failure.js';

/**
 * Only for what is done in the database: a failure of `work` is reported by `failed`, which gets the reason.
 * But a damaged file about people, by which rows are judged, says so itself.
 */
export async function withDatabase<T>(
  runtime: Runtime,
  name: string,
  work: (pool: Pool) => Promise<T>,
  failed: (why: string) => CliFailure,
): Promise<T> {
  const pool = openPool(runtime, name);
  try {
    return await work(pool);
  } catch (error) {
    throw error instanceof PeopleFileUnusable ? error : failed(messageOf(error));
  } finally {
    await pool.end();
  }
}
