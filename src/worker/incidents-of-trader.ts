/** Opens an incident for what the trader's status shows, and for processes that ended unexpectedly. */
import type { Symptom } from '../activities/incidents/create-incident-activities.js';
import type { ProcessStatus } from '../home/supervisor-protocol.js';
import { reportSymptom } from '../operations/incidents/report-incident.js';
import { symptomsOf } from '../operations/incidents/symptoms.js';
import { type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';
import type { StatusFollower, TraderWatchContext } from './watch-trader.js';

/** A symptom that lasts is counted this often; what could not be reported is tried again sooner. */
const AGAIN_MS = 30_000;
const REMEMBERED_MAX = 1_000;

export function incidentsOfTrader(context: TraderWatchContext): StatusFollower {
  const report = reporter(context);
  return (status) => report(symptomsOf(context.desk, status));
}

const LOOK_EVERY_MS = 1_000;

/** `processes` null: nobody supervises here. */
export function incidentsOfProcesses(
  context: TraderWatchContext,
  log: Logger,
  processes: () => Promise<readonly ProcessStatus[] | null>,
): Repeating {
  const report = reporter(context);
  return repeat('watch over processes', LOOK_EVERY_MS, log, async () => {
    await report(((await processes()) ?? []).flatMap(crashOf));
  });
}

export function crashOf({ name, lastDeath, state }: ProcessStatus): Symptom[] {
  if (!lastDeath) return [];
  const after = state === 'down' ? '; it died too often and stays down' : '';
  return [
    {
      kind: 'crash-and-restart',
      subject: name,
      key: `death:${lastDeath.atMs}`,
      source: 'supervisor',
      title: `${name} ended unexpectedly`,
      detail: `${name} ended unexpectedly (${lastDeath.how})${after}`,
    },
  ];
}

/** One after the other; the first that fails ends the round. */
function reporter(context: TraderWatchContext): (symptoms: readonly Symptom[]) => Promise<void> {
  const reported = new Map<string, number>();
  return async (symptoms) => {
    for (const symptom of symptoms) {
      const name = `${symptom.kind}:${symptom.subject}:${symptom.key}`;
      const lastMs = reported.get(name);
      if (lastMs !== undefined && performance.now() - lastMs < AGAIN_MS) continue;
      await reportSymptom({ ...context, nowMs: Date.now }, symptom);
      reported.set(name, performance.now());
      if (reported.size > REMEMBERED_MAX) reported.delete([...reported.keys()][0] ?? '');
    }
  };
}
