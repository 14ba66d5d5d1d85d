/**
 * The operations queue, for every build that has runs open: this one for all that begins, kept ones for what began under
 * them, each by a worker of its own. Activities are this build’s for all of them: docs/design/upgrades.md.
 */
import { readFileSync } from 'node:fs';
import { operationsDeployment, operationsQueue } from '../contracts/queues.js';
import { messageOf } from '../domain/message-of.js';
import { notify } from '../notify/notify.js';
import { reportSymptom } from '../temporal/incidents/report-incident.js';
import { makeCurrent, openRunsByBuild } from '../temporal/worker-builds.js';
import { bundleFile } from './bundle-workflows.js';
import { followRuns } from './follow-runs.js';
import { type KeptWorker, keepWorker, type WorkerContext, type WorkerSettings } from './keep-worker.js';
import { buildIdOf, dropUnneeded, keepBundle, readKeptBundle } from './kept-bundles.js';
import { LOOKS_MS } from './looks.js';
import { repeat } from './repeat.js';
import type { TraderWatchContext } from './trader-watch.js';

/** In looks. */
const OLD_EVERY = LOOKS_MS.earlierBuilds / LOOKS_MS.currentBuild;
/** Each takes 50 to 80 MB of this process. */
const SERVED_MAX = 4;
/** Temporal's list may be late. */
const EMPTY_LOOKS = 2;
/** Looks in which a kept build may get ready. */
const READY_LOOKS = 3;

interface Served {
  readonly worker: KeptWorker;
  ready: boolean;
  looks: number;
  emptyLooks: number;
}

export interface BuildsContext extends WorkerContext {
  readonly watched: TraderWatchContext;
  /** Another than this build's code, for tests. */
  readonly code?: string;
  /** Ms between two looks at which build is current. */
  readonly everyMs?: number;
}

export function serveBuilds(context: BuildsContext, activities: object): KeptWorker {
  const { desk } = context.watched.desk;
  const old = new OldBuilds(context, activities);
  const code = context.code ?? readFileSync(bundleFile('operations'), 'utf8');
  const buildId = buildIdOf(code);
  const current = keepWorker(context, settingsOf(context, buildId, code, activities));
  let markReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let looks = 0;
  const looking = repeat('builds', context.everyMs ?? LOOKS_MS.currentBuild, context.log, async () => {
    await Promise.race([current.ready, stopped]);
    if (stopping.signal.aborted) return;
    if (await makeCurrent(context.temporal, desk, buildId))
      context.log.info({ buildId }, 'what begins now begins under this build');
    markReady();
    if (looks++ % OLD_EVERY !== 0) return;
    // Here and not at the start, and its failure last: a full disk must not keep the desk from its procedures.
    const keeping = keepBundle(context.runtime.home, code);
    await Promise.allSettled([keeping]);
    await old.look(buildId);
    await keeping;
  });
  return {
    ready,
    stop: async () => {
      stopping.abort();
      await looking.stop();
      await Promise.all([current.stop(), old.stop()]);
    },
  };
}

function settingsOf(
  { watched }: BuildsContext,
  buildId: string,
  code: string,
  activities: object,
): WorkerSettings {
  const { desk } = watched.desk;
  return {
    taskQueue: operationsQueue(desk),
    bundle: { code },
    activities,
    sinks: followRuns(watched.pool, desk),
    version: { deploymentName: operationsDeployment(desk), buildId },
  };
}

class OldBuilds {
  private readonly served = new Map<string, Served>();
  private readonly told = new Set<string>();

  constructor(
    private readonly context: BuildsContext,
    private readonly activities: object,
  ) {}

  async look(current: string): Promise<void> {
    const { temporal, watched, runtime } = this.context;
    const open = await openRunsByBuild(temporal, watched.desk.desk);
    for (const [buildId, runs] of open) if (buildId !== current) await this.serve(buildId, runs);
    for (const [buildId, served] of this.served) {
      served.emptyLooks = open.has(buildId) ? 0 : served.emptyLooks + 1;
      if (served.emptyLooks < EMPTY_LOOKS) continue;
      await served.worker.stop();
      this.served.delete(buildId);
      this.context.log.info({ buildId }, 'the last run of an earlier build has ended');
    }
    await dropUnneeded(runtime.home, new Set([current, ...open.keys(), ...this.served.keys()]));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.served.values()].map(({ worker }) => worker.stop()));
  }

  private async serve(buildId: string, runs: number): Promise<void> {
    const served = this.served.get(buildId);
    if (served !== undefined) {
      served.looks += 1;
      if (!served.ready && served.looks === READY_LOOKS)
        await this.tell(buildId, runs, 'its workflows do not run in this build');
      return;
    }
    if (this.served.size >= SERVED_MAX) {
      await this.tell(buildId, runs, `${SERVED_MAX} earlier builds are served already`);
      return;
    }
    const kept = await readKeptBundle(this.context.runtime.home, buildId);
    if ('problem' in kept) {
      await this.tell(buildId, runs, kept.problem);
      return;
    }
    const worker = keepWorker(this.context, settingsOf(this.context, buildId, kept.code, this.activities));
    const begun: Served = { worker, ready: false, looks: 0, emptyLooks: 0 };
    this.served.set(buildId, begun);
    void worker.ready.then(() => {
      begun.ready = true;
    });
    this.told.delete(buildId);
    this.context.log.info({ buildId, runs }, 'serves the open runs of an earlier build');
  }

  /** Once, as long as this process lives. */
  private async tell(buildId: string, runs: number, why: string): Promise<void> {
    if (this.told.has(buildId)) return;
    const { watched, log, runtime } = this.context;
    const { desk, pool } = watched;
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
      runtime.home,
    );
    this.told.add(buildId);
    const symptom = { kind: 'step-failed', subject: 'worker.build', source: 'worker builds' } as const;
    await reportSymptom(
      { ...watched, nowMs: Date.now },
      { ...symptom, key: `build:${buildId}`, title, detail },
    ).catch((error: unknown) =>
      log.warn({ buildId, error: messageOf(error) }, 'no incident was opened for it'),
    );
  }
}
