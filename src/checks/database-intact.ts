import { ownerConnection } from '../backup/pg-programs.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { someOf } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { untilBack } from '../home/try-again.js';
import { examineDatabase, isDamage, withClient } from '../store/migrate.js';
import { isServerAway } from '../store/pool.js';
import { check } from './check.js';

/** A Postgres that died is back in seconds. */
const BACK_MS_MAX = 30_000;
const LOOK_EVERY_MS = 500;

/**
 * Checks that every table and index of the desk's database is as Postgres wrote it. Waits for a Postgres that
 * is restarting, so nobody is asked for a restore because it was away.
 */
export const databaseIntact = check(
  'The database is intact, page by page and index by index',
  NO_PARAMETERS,
  async ({ runtime, stepMs = 0 }) => {
    const expected = 'every table and index of the database is whole, page by page (amcheck)';
    try {
      const { database, ...owner } = ownerConnection(runtime);
      const { damage, looked } = await untilBack(() => withClient(owner, database, examineDatabase), {
        isAway: isServerAway,
        withinMs: Math.min(BACK_MS_MAX, stepMs / 2),
        everyMs: LOOK_EVERY_MS,
      });
      if (damage.length > 0) return { verdict: 'fail', observed: someOf(damage), expected };
      return { verdict: 'pass', observed: `${looked} tables and indexes are whole`, expected };
    } catch (error) {
      // A database that can't be reached is not necessarily damaged.
      const verdict = isDamage(error) ? 'fail' : 'not_run';
      return { verdict, observed: `it could not be looked at: ${messageOf(error)}`, expected };
    }
  },
);
