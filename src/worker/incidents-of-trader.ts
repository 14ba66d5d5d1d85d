/**
 * Opens incidents for what the trader's status shows, for processes that ended unexpectedly, and for rejected orders.
 */
import type { Symptom } from '../contracts/incident-activities.js';
import { serviceOf } from '../domain/container-service.js';
import { moment } from '../domain/moment.js';
import type { ProcessStatus } from '../home/supervisor-protocol.js';
import { readRejectedOrders } from '../store/rejected-orders.js';
import { reportSymptom } from '../temporal/incidents/report-incident.js';
import { rejectionSymptom, symptomsOf } from '../temporal/incidents/symptoms.js';
import { type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';
import type { RoleSeen } from './roles-alone.js';
import type { StatusFollower, TraderWatchContext } from './trader-watch.js';
import { wakeWaitingRuns } from './wake-waiting-runs.js';

/** A lasting symptom is counted at this interval; one that could not be reported is retried sooner. */
const AGAIN_MS = 30_000;
const REMEMBERED_MAX = 1_000;

export function incidentsOfTrader(context: TraderWatchContext): StatusFollower {
  const report = reporter(context);
  return (status) => {
    if (status.incarnation !== '') context.seen.incarnation = status.incarnation;
    return report(symptomsOf(context.desk, status));
  };
}

const LOOK_EVERY_MS = 1_000;

/** For the supervisor's processes, or for roles that run without one. */
export function incidentsOfProcesses(
  context: TraderWatchContext,
  log: Logger,
  processes: () => Promise<readonly ProcessSeen[]>,
): Repeating {
  const report = reporter(context);
  const wake = wakeWaitingRuns(context);
  return repeat('watch over processes', LOOK_EVERY_MS, log, async () => {
    const seen = await processes();
    await report(seen.flatMap((one) => [...crashOf(one), ...silenceOf(one)]));
    await wake(JSON.stringify(seen.map(({ name, state }) => [name, state])));
  });
}

const ORDERS_EVERY_MS = 5_000;
/** How far back a restarted worker searches; a symptom that already had its incident doesn't get another. */
const ORDERS_SINCE_MS = 24 * 3_600_000;

/** Null if the desk has no incident kind that rejected orders open. */
export function incidentsOfOrders(context: TraderWatchContext, log: Logger): Repeating | null {
  const { desk, pool } = context;
  const symptomOf = rejectionSymptom(desk);
  if (symptomOf === null) return null;
  const report = reporter(context, Number.POSITIVE_INFINITY);
  return repeat('watch over orders', ORDERS_EVERY_MS, log, async () => {
    const rejected = await readRejectedOrders(pool, desk.desk, Date.now() - ORDERS_SINCE_MS);
    await report(rejected.map(symptomOf));
  });
}

type ProcessSeen = Pick<ProcessStatus, 'name' | 'lastDeath'> &
  Pick<Partial<RoleSeen>, 'silentSinceMs'> & { readonly state: string };

export function crashOf({ name, lastDeath, state }: ProcessSeen): Symptom[] {
  if (!lastDeath) return [];
  const after = state === 'down' ? '; it died too often and stays down' : '';
  return [
    {
      kind: 'crash-and-restart',
      subject: name,
      key: `death:${lastDeath.atMs}`,
      source: 'processes',
      title: `${name} ended unexpectedly`,
      detail: `${name} ended unexpectedly (${lastDeath.how})${after}`,
    },
  ];
}

/** Only for roles without a supervisor: the supervisor itself ends a silent trader. */
function silenceOf({ name, silentSinceMs }: ProcessSeen): Symptom[] {
  if (typeof silentSinceMs !== 'number') return [];
  const since = moment(silentSinceMs);
  return [
    {
      kind: 'crash-and-restart',
      subject: name,
      key: `silent:${silentSinceMs}`,
      source: 'processes',
      title: `${name} is silent`,
      detail: `${name} has given no sign of life since ${since}: it hangs, or nobody started it again; docker-compose restart ${serviceOf(name)}`,
    },
  ];
}

/** One after the other; the first failure ends the round. */
function reporter(
  context: TraderWatchContext,
  againMs = AGAIN_MS,
): (symptoms: readonly Symptom[]) => Promise<void> {
  const reported = new Map<string, number>();
  return async (symptoms) => {
    for (const symptom of symptoms) {
      const name = `${symptom.kind}:${symptom.subject}:${symptom.key}`;
      const lastMs = reported.get(name);
      if (lastMs !== undefined && performance.now() - lastMs < againMs) continue;
      await reportSymptom({ ...context, nowMs: Date.now }, symptom);
      reported.set(name, performance.now());
      if (reported.size > REMEMBERED_MAX) reported.delete([...reported.keys()][0] ?? '');
    }
  };
}
