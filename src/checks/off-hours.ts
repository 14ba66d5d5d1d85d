/** What went wrong while nobody was watching, by wall time. */
import { z } from 'zod';
import { moment } from '../domain/moment.js';
import { readAlertsOf } from '../store/incident-rows.js';
import { readHalts, readStartsWithoutEnd } from '../store/read-ledger.js';
import { check, lookingBack } from './check.js';
import { ledgerReached } from './ledger-reached.js';

/** Counts halts because the venue did not answer or its prices stopped. */
export const connectionFailures = check(
  'Halts since the venue or its prices were away',
  z.strictObject({
    hours: z.number().min(0).default(24),
    failuresMax: z.number().int().min(0).default(0),
  }),
  async (context, { hours, failuresMax }) => {
    const { sinceMs, words } = lookingBack(context, hours);
    const expected = `at most ${failuresMax} losses of the connection ${words}`;
    const reached = await ledgerReached(context);
    if (!reached.ok) return { verdict: 'not_run', observed: reached.why, expected };
    const causes = ['venue', 'stale-data'] as const;
    const { count, newest } = await readHalts(context.pool, context.desk.desk, { causes, sinceMs });
    const observed = [
      `${count} losses`,
      ...newest.map(({ wallMs, cause, reason }) => `${moment(wallMs)} ${cause}: ${reason}`),
      ...(count > newest.length ? [`and ${count - newest.length} more`] : []),
    ].join('; ');
    return { verdict: count <= failuresMax ? 'pass' : 'fail', observed, expected };
  },
);

/**
 * Processes that the supervisor saw end unexpectedly, and starts of the trader without an orderly end before
 * them: the supervisor sees nothing of a power cut.
 */
export const unexpectedShutdowns = check(
  'Processes that ended by themselves',
  z.strictObject({ hours: z.number().min(0).default(24) }),
  async (context, { hours }) => {
    const { sinceMs, words } = lookingBack(context, hours);
    const expected = `no process ended by itself ${words}`;
    const reached = await ledgerReached(context);
    if (!reached.ok) return { verdict: 'not_run', observed: reached.why, expected };
    const { pool, desk } = context;
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
