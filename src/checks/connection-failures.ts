import { z } from 'zod';
import { moment } from '../domain/moment.js';
import { readHalts } from '../store/halts.js';
import { check } from './check.js';
import { ledgerReached } from './ledger-reached.js';

const HOUR_MS = 3_600_000;

/** How often the desk was halted since the venue did not answer or its prices did not come, by wall time. */
export const connectionFailures = check(
  z.strictObject({
    hours: z.number().min(0).default(24),
    failuresMax: z.number().int().min(0).default(0),
  }),
  async (context, { hours, failuresMax }) => {
    const expected = `at most ${failuresMax} losses of the connection in the last ${hours} hours`;
    const reached = await ledgerReached(context);
    if (!reached.ok) return { verdict: 'not_run', observed: reached.why, expected };
    const causes = ['venue', 'stale-data'] as const;
    const sinceMs = Date.now() - hours * HOUR_MS;
    const lost = await readHalts(context.pool, context.desk.desk, { causes, sinceMs });
    const said = lost.map(({ wallMs, cause, reason }) => `${moment(wallMs)} ${cause}: ${reason}`);
    const verdict = lost.length <= failuresMax ? 'pass' : 'fail';
    return { verdict, observed: `${lost.length} losses${said.map((one) => `; ${one}`).join('')}`, expected };
  },
);
