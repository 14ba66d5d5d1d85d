/** Runs that did not happen in time, each recorded once, so that nobody has to notice a gap. */

import type { MissedRun } from '../contracts/routine.js';
import type { Pool } from './pool.js';

export async function recordMissedRun(pool: Pool, missed: MissedRun): Promise<void> {
  await pool.query(
    `insert into run_missed (desk, routine, nominal, reason) values ($1, $2, $3, $4)
     on conflict (desk, routine, nominal) do nothing`,
    [missed.desk, missed.routine, new Date(missed.nominalMs), missed.reason],
  );
}

interface MissedRow {
  readonly desk: string;
  readonly routine: string;
  readonly nominal: Date;
  readonly reason: string;
}

/** Newest first. */
export async function readMissedRuns(pool: Pool, desk: string, limit = 50): Promise<readonly MissedRun[]> {
  const found = await pool.query<MissedRow>(
    'select desk, routine, nominal, reason from run_missed where desk = $1 order by nominal desc limit $2',
    [desk, limit],
  );
  return found.rows.map(({ nominal, ...row }) => ({ ...row, nominalMs: nominal.getTime() }));
}
