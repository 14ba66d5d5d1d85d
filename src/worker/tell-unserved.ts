/** Reports runs that wait silently because nobody carries them on: people are told, and an incident is opened. */
import type { WokenTopic } from '../contracts/woken.js';
import { messageOf } from '../domain/message-of.js';
import { notify } from '../notify/notify.js';
import { reportSymptom } from '../temporal/incidents/report-incident.js';
import type { UnservedBuild } from './serve-builds.js';
import type { TraderWatchContext } from './trader-watch.js';

interface Waiting {
  readonly about: WokenTopic;
  /** Key of the notice and of the incident's report. */
  readonly key: string;
  readonly subject: string;
  readonly source: string;
  readonly title: string;
  readonly detail: string;
  readonly doThis: string;
}

/**
 * Runs of an earlier build that can't be served. `home`: FERMATA_HOME, where notices are spooled while Postgres is
 * down.
 */
export async function tellUnserved(
  watched: TraderWatchContext,
  home: string,
  { buildId, runs, why }: UnservedBuild,
): Promise<void> {
  await tellWaiting(watched, home, {
    about: 'earlier-build',
    key: `build:${buildId}`,
    subject: 'worker.build',
    source: 'worker builds',
    title: 'runs of an earlier build wait',
    detail: `${runs} open runs began under build ${buildId}, which can't be served: ${why}. They wait; nothing of them is lost`,
    doThis: 'Put that build’s file back, start the desk once with that build, or end them in Temporal.',
  });
}

/** Playbooks in code whose process ends again and again; if it recovers and fails again, that is reported anew. */
export async function tellPacksEnd(watched: TraderWatchContext, home: string, how: string): Promise<void> {
  await tellWaiting(watched, home, {
    about: 'stuck-run',
    key: `packs:${Date.now()}`,
    subject: 'worker.packs',
    source: 'worker of playbooks',
    title: 'playbooks in code stand still',
    detail: `their process ends again and again (${how.slice(0, 500)}). Playbooks wait; nothing of them is lost`,
    doThis:
      'It is begun again at least once a minute. Look for packs-worker in the log of the operations worker; an incident can be declared over without its playbook.',
  });
}

async function tellWaiting(
  watched: TraderWatchContext,
  home: string,
  { about, key, subject, source, title, detail, doThis }: Waiting,
): Promise<void> {
  const { desk, pool, log } = watched;
  log.error({ alarm: true, desk: desk.desk, key }, detail);
  await notify(
    pool,
    {
      desk: desk.desk,
      event: 'warning',
      severity: 'critical',
      about,
      title: `${desk.desk}: ${title}`,
      text: `${detail}. Stop and the trader need them for nothing. ${doThis}`,
      fingerprint: key,
      audience: ['operator', 'approver'],
    },
    home,
  );
  await reportSymptom(
    { ...watched, nowMs: Date.now },
    { kind: 'step-failed', subject, source, key, title, detail },
  ).catch((error: unknown) => log.warn({ key, error: messageOf(error) }, 'no incident was opened for it'));
}
