/** Runs of an earlier build that nobody serves wait, and say nothing themselves: people are told, and it is an incident. */
import { messageOf } from '../domain/message-of.js';
import { notify } from '../notify/notify.js';
import { reportSymptom } from '../temporal/incidents/report-incident.js';
import type { UnservedBuild } from './serve-builds.js';
import type { TraderWatchContext } from './trader-watch.js';

/** `home`: FERMATA_HOME, where a notice waits while Postgres is down. */
export async function tellUnserved(
  watched: TraderWatchContext,
  home: string,
  { buildId, runs, why }: UnservedBuild,
): Promise<void> {
  const { desk, pool, log } = watched;
  const title = 'runs of an earlier build wait';
  const detail = `${runs} open runs began under build ${buildId}, which can't be served: ${why}. They wait; nothing of them is lost`;
  log.error({ alarm: true, desk: desk.desk, buildId, runs, why }, detail);
  await notify(
    pool,
    {
      desk: desk.desk,
      event: 'warning',
      severity: 'critical',
      about: 'earlier-build',
      title: `${desk.desk}: ${title}`,
      text: `${detail}. Stop and the trader need them for nothing. Put that build’s file back, start the desk once with that build, or end them in Temporal.`,
      fingerprint: `build:${buildId}`,
      audience: ['operator', 'approver'],
    },
    home,
  );
  const symptom = { kind: 'step-failed', subject: 'worker.build', source: 'worker builds' } as const;
  await reportSymptom(
    { ...watched, nowMs: Date.now },
    { ...symptom, key: `build:${buildId}`, title, detail },
  ).catch((error: unknown) =>
    log.warn({ buildId, error: messageOf(error) }, 'no incident was opened for it'),
  );
}
