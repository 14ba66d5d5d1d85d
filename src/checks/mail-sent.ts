import { z } from 'zod';
import { nextNominalMs, nominalTimesBetween } from '../desk/nominal-times.js';
import type { Desk, DeskRoutine } from '../desk/schema.js';
import { HOUR_MS, MINUTE_MS } from '../domain/civil-date.js';
import { someOf } from '../domain/figure-text.js';
import { moment } from '../domain/moment.js';
import { lastHealth } from '../home/channel-health.js';
import { resultsOf } from '../notify/notices.js';
import { lastMailedMs, type ResultsMailed, resultsMailed } from '../store/mail-outbox.js';
import type { Pool } from '../store/pool.js';
import { firstRunMs, lastStartedMs } from '../store/routine-run.js';
import { readScheduleStates, readSweeps } from '../store/schedule-state.js';
import { check } from './check.js';
import { marketNowMs } from './market-now.js';

/**
 * Checks that the mail server has accepted each summary due by now (a routine with `tellResults`). The desk
 * file says what was due, so a routine or a mailer that did not run is found as well. A routine counts from when it
 * was given its present times, and not while a person has paused it.
 */
export const mailSent = check(
  'Summaries that were due were mailed',
  z.strictObject({
    hours: z.number().positive().max(240).default(25),
    /** A summary that was due more recently than this, or whose routine began later, may still be on its way. */
    withinMinutes: z.number().min(0).default(15),
  }),
  async ({ desk, runtime, trader, pool }, { hours, withinMinutes }) => {
    const expected = `each summary that was due in the last ${hours} hours, and begun, at least ${withinMinutes} minutes ago, was mailed`;
    const mailer = lastHealth(runtime.home, desk.desk, 'mail')?.health;
    const isOff = mailer === undefined || mailer.state === 'off';
    const off = mailer?.why ?? 'no mailer of this desk has run yet';
    // If the mailer has sent before and is off now, its mail is missing.
    if (isOff && (await lastMailedMs(pool, desk.desk)) === null)
      return { verdict: 'not_run', observed: off, expected };
    // Routines are due by market time. A trader that is away must not hide missing mail.
    const nowMs = await marketNowMs(trader);
    const firstMs = await firstRunMs(pool, desk.desk);
    const fromMs = Math.max(nowMs - hours * HOUR_MS, firstMs ?? nowMs);
    const counted = await countedRoutines(pool, desk, fromMs);
    const due = dueUntil(counted, desk.timezone, nowMs - withinMinutes * MINUTE_MS);
    if (due.length === 0) return { verdict: 'not_run', observed: 'no summary was due', expected };
    const missing: string[] = [];
    const underWay: string[] = [];
    // Runs begin by the wall clock, whatever time it is on the market.
    const begunMs = Date.now() - withinMinutes * MINUTE_MS;
    for (const { routine, nominalMs } of due) {
      const nextMs = nextNominalMs(routine, desk.timezone, nominalMs) ?? nowMs;
      const summaryDue = { desk: desk.desk, routine: routine.name, nominalMs };
      const found = await resultsMailed(pool, { ...summaryDue, nextMs }, resultsOf);
      const problem = problemOf(found, isOff ? off : mailer.why);
      if (problem === null) continue;
      const summary = `${routine.title} of ${moment(nominalMs)}`;
      // After a downtime it begins in the same moment as this check.
      if (((await lastStartedMs(pool, summaryDue)) ?? 0) > begunMs)
        underWay.push(`${summary} has just begun`);
      else missing.push(`${summary}: ${problem}`);
    }
    if (missing.length > 0) return { verdict: 'fail', observed: someOf(missing), expected };
    const mailed = due.length - underWay.length;
    if (mailed === 0) return { verdict: 'not_run', observed: someOf(underWay), expected };
    const observed = [`${mailed} of ${due.length} mailed`, ...underWay].join('; ');
    return { verdict: 'pass', observed, expected };
  },
);

interface Counted {
  readonly routine: DeskRoutine;
  readonly fromMs: number;
}

async function countedRoutines(
  pool: Pick<Pool, 'query'>,
  desk: Desk,
  fromMs: number,
): Promise<readonly Counted[]> {
  const [sweeps, states] = await Promise.all([
    readSweeps(pool, desk.desk),
    readScheduleStates(pool, desk.desk),
  ]);
  const paused = new Set(states.filter((state) => state.paused).map(({ routine }) => routine));
  return desk.routines
    .filter(({ name, tellResults }) => tellResults === true && !paused.has(name))
    .map((routine) => {
      const sinceMs = sweeps.find((sweep) => sweep.routine === routine.name)?.appliesSinceMs;
      return { routine, fromMs: Math.max(fromMs, sinceMs ?? fromMs) };
    });
}

function dueUntil(counted: readonly Counted[], timezone: string, toMs: number) {
  return counted.flatMap(({ routine, fromMs }) =>
    nominalTimesBetween(routine, timezone, fromMs - 1, toMs, Number.POSITIVE_INFINITY).map((nominalMs) => ({
      routine,
      nominalMs,
    })),
  );
}

/** Null if one of the runs was sent. */
function problemOf(runs: readonly ResultsMailed[], why: string | null): string | null {
  const [first] = runs;
  if (first === undefined) return 'the routine did not run';
  if (runs.some(({ addressed, sent }) => addressed > 0 && sent === addressed)) return null;
  const { ended, told, addressed, sent, reply } = first;
  if (!told) return ended ? 'it ended, and nothing was told' : 'the routine has not ended';
  const reason = reply ?? why ?? 'the mailer has not picked it up';
  return `${sent} of ${addressed} mails were taken by the server: ${reason}`;
}
