import type { MissedRun } from '../../src/contracts/routine.js';
import type { Pool } from '../../src/store/pool.js';

/** Newest first. */
export async function readMissedRuns(pool: Pool, desk: string): Promise<readonly MissedRun[]> {
  const found = await pool.query<Omit<MissedRun, 'nominalMs'> & { readonly nominal: Date }>(
    'select desk, routine, nominal, reason from run_missed where desk = $1 order by nominal desc',
    [desk],
  );
  return found.rows.map(({ nominal, ...row }) => ({ ...row, nominalMs: nominal.getTime() }));
}
