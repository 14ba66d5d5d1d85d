import { z } from 'zod';
import { ownerConnection } from '../backup/owner-connection.js';
import { BYTES_PER_MB, databaseBytes, megabytes } from '../reports/sizes.js';
import { withClient } from '../store/migrate.js';
import { maintenance } from './maintenance.js';

/**
 * Gives back what deleted rows took, and renews the planner's figures, once the database is larger than `aboveMb`. Beside the
 * desk: it locks nobody out, so what lies between rows that stay is used again and not given to the disk.
 */
export const vacuum = maintenance(
  z.strictObject({ aboveMb: z.number().min(0).default(500) }),
  async ({ runtime, pool, stepMs }, { aboveMb }) => {
    const expected = `a database above ${aboveMb} MB is vacuumed`;
    const before = await databaseBytes(pool);
    if (before <= aboveMb * BYTES_PER_MB)
      return { verdict: 'pass', observed: `${megabytes(before)}: nothing to do`, expected };
    const { database, ...owner } = ownerConnection(runtime);
    await withClient(owner, database, async (client) => {
      // What goes on behind a step that was given up would take the disk from the trader.
      if (stepMs !== undefined) await client.query(`set statement_timeout = ${Math.round(stepMs)}`);
      await client.query('vacuum (analyze)');
    });
    const after = await databaseBytes(pool);
    return { verdict: 'pass', observed: `vacuumed: ${megabytes(before)}, now ${megabytes(after)}`, expected };
  },
);
