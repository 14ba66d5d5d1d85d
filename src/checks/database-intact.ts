import { setTimeout as sleep } from 'node:timers/promises';
import { ownerConnection } from '../backup/owner-connection.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { messageOf } from '../domain/message-of.js';
import { someOf } from '../domain/some-of.js';
import { examineDatabase, isDamage } from '../store/examine-database.js';
import { withClient } from '../store/migrate.js';
import { check } from './check.js';

/** A Postgres that died is back in seconds. */
const BACK_MS_MAX = 30_000;
const LOOK_EVERY_MS = 500;

/**
 * Every table and index of the desk's database is what Postgres has written. A Postgres that is just being started is waited
 * for: nobody is to be asked for a restore because it was away.
 */
export const databaseIntact = check(NO_PARAMETERS, async ({ runtime, stepMs = 0 }) => {
  const expected = 'every table and index of the database is whole, page by page (amcheck)';
  const deadline = performance.now() + Math.min(BACK_MS_MAX, stepMs / 2);
  for (;;) {
    try {
      const { database, ...owner } = ownerConnection(runtime);
      const { damage, looked } = await withClient(owner, database, examineDatabase);
      if (damage.length > 0) return { verdict: 'fail', observed: someOf(damage), expected };
      return { verdict: 'pass', observed: `${looked} tables and indexes are whole`, expected };
    } catch (error) {
      // A database that can't be reached is not thereby damaged.
      const verdict = isDamage(error) ? 'fail' : 'not_run';
      if (!isAway(error) || performance.now() > deadline)
        return { verdict, observed: `it could not be looked at: ${messageOf(error)}`, expected };
    }
    await sleep(LOOK_EVERY_MS);
  }
});

/** Of a server that is not there, or has just gone or come: its own codes for that, and those of the connection. */
const AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', '57P01', '57P02', '57P03']);

function isAway(error: unknown): boolean {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return AWAY.has(code ?? '') || /^Connection terminated/.test(message ?? '');
}
