import { z } from 'zod';
import { moment } from '../domain/moment.js';
import { readStartsWithoutEnd } from '../store/halts.js';
import { readAlertsOf } from '../store/incident-alerts.js';
import { check } from './check.js';
import { ledgerReached } from './ledger-reached.js';

const HOUR_MS = 3_600_000;

/**
 * Processes that ended by themselves, as the supervisor saw them; and starts of the trader that no orderly end came before,
 * since where the machine loses its power the supervisor sees nothing. By wall time.
 */
export const unexpectedShutdowns = check(
  z.strictObject({ hours: z.number().min(0).default(24) }),
  async (context, { hours }) => {
    const expected = `no process ended by itself in the last ${hours} hours`;
    const reached = await ledgerReached(context);
    if (!reached.ok) return { verdict: 'not_run', observed: reached.why, expected };
    const { pool, desk } = context;
    const sinceMs = Date.now() - hours * HOUR_MS;
    const [crashes, starts] = await Promise.all([
      readAlertsOf(pool, desk.desk, { source: 'processes', sinceMs }),
      readStartsWithoutEnd(pool, desk.desk, sinceMs),
    ]);
    const said = [
      ...crashes.map(({ firstMs, detail }) => `${moment(firstMs)} ${detail}`),
      ...starts.map((wallMs) => `${moment(wallMs)} the trader started, and had not ended in order before`),
    ];
    const observed = said.join('; ') || 'every process that ended was asked to';
    return { verdict: said.length === 0 ? 'pass' : 'fail', observed, expected };
  },
);
