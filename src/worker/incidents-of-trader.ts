/**
 * Opens incidents for what the trader's status shows, for processes that ended unexpectedly, and for rejected orders.
 */

import { SUPERVISOR, type Symptom } from '../contracts/incident.js';
import type { KeptTask } from '../home/try-again.js';
import type { ProcessSeen } from '../playbooks/playbook.js';
import { readHalts, readRejectedOrders, readStartsWithoutEnd } from '../store/read-ledger.js';
import {
  rejectionSymptom,
  reportSymptom,
  symptomsOf,
  symptomsOfProcess,
} from '../temporal/report-incident.js';
import { wakeWaitingRuns } from './changes-waited-for.js';
import { repeat, type StatusFollower, type TraderWatchContext } from './repeat.js';
import type { Logger } from './role-log.js';

/** A lasting symptom is counted at this interval; one that could not be reported is retried sooner. */
const AGAIN_MS = 30_000;
const REMEMBERED_MAX = 1_000;
/** Anything that happened longer than this before the worker started was seen by an earlier one. */
const SEEN_BEFORE_MS = 600_000;

export function incidentsOfTrader(context: TraderWatchContext): StatusFollower {
  const report = reporter(context);
  return (status) => {
    if (status.incarnation !== '') context.seen.incarnation = status.incarnation;
    return report(symptomsOf(context.desk, status));
  };
}

const LOOK_EVERY_MS = 1_000;

/** A supervisor knows since when its processes run. */
type StartedProcess = ProcessSeen & { readonly startedWallMs?: number | null };

/** For the supervisor's processes, or for roles that run without one. */
export function incidentsOfProcesses(
  context: TraderWatchContext,
  log: Logger,
  processes: () => Promise<readonly StartedProcess[]>,
): KeptTask {
  const report = reporter(context);
  const wake = wakeWaitingRuns(context);
  const endBefore = endOfDeskBefore(context);
  return repeat('watch over processes', LOOK_EVERY_MS, log, async () => {
    const seen = await processes();
    await report(seen.flatMap(symptomsOfProcess));
    // Asked again at the next poll: without Postgres nobody knows yet.
    await report((await endBefore(seen).catch(() => [])).flatMap(symptomsOfProcess));
    await wake(JSON.stringify(seen.map(({ name, state }) => [name, state])), context.seen.incarnation);
  });
}

const ENDED_AT_ONCE =
  'everything ended at once and not in order: the power, the machine, or it was killed; the desk was started again';

/**
 * The supervisor sees nothing of an end that takes it along, a power cut for example. The ledger has it: its trader
 * started, and had not ended in order before. Roles without a supervisor each know of their own end.
 */
function endOfDeskBefore({ pool, desk }: TraderWatchContext) {
  let lookedAtMs: number | null = null;
  let found: readonly ProcessSeen[] = [];
  return async (processes: readonly StartedProcess[]): Promise<readonly ProcessSeen[]> => {
    const trader = processes.find(({ name }) => name === 'trader');
    const sinceMs = trader?.startedWallMs;
    if (typeof sinceMs !== 'number' || sinceMs === lookedAtMs) return found;
    found = [];
    const started = await readHalts(pool, desk.desk, { causes: ['startup'], sinceMs });
    // The ledger has not read that far yet.
    if (started.count === 0) return found;
    lookedAtMs = sinceMs;
    // Of the trader's own end the supervisor has told.
    if (trader?.lastDeath) return found;
    const starts = await readStartsWithoutEnd(pool, desk.desk, sinceMs);
    found = starts.map((atMs) => ({
      ...{ name: SUPERVISOR, state: 'running', lastDeath: { how: ENDED_AT_ONCE, atMs } },
    }));
    return found;
  };
}

const ORDERS_EVERY_MS = 5_000;
/** How far back a restarted worker searches; a symptom that already had its incident doesn't get another. */
const ORDERS_SINCE_MS = 24 * 3_600_000;

/** Null if the desk has no incident kind that rejected orders open. */
export function incidentsOfOrders(context: TraderWatchContext, log: Logger): KeptTask | null {
  const { desk, pool } = context;
  const symptomOf = rejectionSymptom(desk);
  if (symptomOf === null) return null;
  const report = reporter(context, Number.POSITIVE_INFINITY);
  return repeat('watch over orders', ORDERS_EVERY_MS, log, async () => {
    const rejected = await readRejectedOrders(pool, desk.desk, Date.now() - ORDERS_SINCE_MS);
    await report(rejected.map(symptomOf));
  });
}

/**
 * Reports each symptom; those of one incident one after the other. One that can't be reported holds up no other: its
 * incident may be over and wait for Postgres to write its end, or its run may stand still. While Postgres is away, opens
 * nothing for a symptom that it has reported before, nor for a crash from long before this worker: their
 * incidents may be over. Postgres, once it is back, has the last word on both.
 */
function reporter(
  context: TraderWatchContext,
  againMs = AGAIN_MS,
): (symptoms: readonly Symptom[]) => Promise<void> {
  const reported = new Map<string, number>();
  const seenBeforeMs = Date.now() - SEEN_BEFORE_MS;
  const report = async (symptom: Symptom): Promise<void> => {
    const name = `${symptom.kind}:${symptom.subject}:${symptom.key}`;
    const lastMs = reported.get(name);
    if (lastMs !== undefined && performance.now() - lastMs < againMs) return;
    const isOld = symptom.atMs !== undefined && symptom.atMs < seenBeforeMs;
    await reportSymptom({ ...context, nowMs: Date.now }, symptom, lastMs !== undefined || isOld);
    // A symptom that is still seen becomes the newest again, and so the last to be forgotten.
    reported.delete(name);
    reported.set(name, performance.now());
    if (reported.size > REMEMBERED_MAX) reported.delete([...reported.keys()][0] ?? '');
  };
  return async (symptoms) => {
    const lines = new Map<string, Promise<void>>();
    for (const symptom of symptoms) {
      const incident = `${symptom.kind}:${symptom.subject}`;
      const before = lines.get(incident) ?? Promise.resolve();
      lines.set(
        incident,
        before.then(() => report(symptom)),
      );
    }
    const ended = await Promise.allSettled(lines.values());
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
}
