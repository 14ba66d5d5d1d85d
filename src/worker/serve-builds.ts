/**
 * Serves one queue with every build that has open runs: this build for new runs, kept builds for runs that began under
 * them, each with its own worker. Activities are this build's for all of them: docs/design/upgrades.md.
 */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import {
  type BuildsOf,
  operationsDeployment,
  operationsQueue,
  packsDeployment,
  packsQueue,
} from '../contracts/queues.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import { type KeptWorker, keepWorker, type WorkerContext, type WorkerSettings } from './keep-worker.js';
import { POLL_MS, repeat } from './repeat.js';
import { buildIdOf, dropUnneeded, keepBundle, readKeptBundle } from './workflow-bundles.js';

/** Counted in polls. */
const OLD_EVERY = POLL_MS.earlierBuilds / POLL_MS.currentBuild;
/** Each needs 50 to 80 MB of this process. */
const SERVED_MAX = 4;
/** Temporal's list may lag. */
const EMPTY_POLLS = 2;
/** Number of polls in which a kept build may get ready. */
const READY_POLLS = 3;

interface Served {
  readonly worker: KeptWorker;
  ready: boolean;
  looks: number;
  emptyPolls: number;
}

/** Runs that wait because their build can't be served. */
export interface UnservedBuild {
  readonly buildId: string;
  readonly runs: number;
  readonly why: string;
}

interface BuildsContext extends WorkerContext {
  readonly desk: string;
  readonly of: BuildsOf;
  /** The code of this build. */
  readonly code: string;
  readonly activities: object;
  readonly sinks: WorkerSettings['sinks'];
  /** Called once per build in this process's lifetime; if it rejects, again at the next poll. */
  readonly tell: (unserved: UnservedBuild) => Promise<void>;
  /** Milliseconds between two polls of which build is current. */
  readonly everyMs?: number;
}

const PLACES = {
  operations: { queue: operationsQueue, deployment: operationsDeployment },
  packs: { queue: packsQueue, deployment: packsDeployment },
} as const;

export function serveBuilds(context: BuildsContext): KeptWorker {
  const { code, of } = context;
  const old = new OldBuilds(context);
  const buildId = buildIdOf(code);
  const settings = settingsOf(context, buildId, code);
  const current = keepWorker(context, settings);
  let markReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  let looks = 0;
  const looking = repeat('builds', context.everyMs ?? POLL_MS.currentBuild, context.log, async () => {
    await Promise.race([current.ready, stopped]);
    if (stopping.signal.aborted) return;
    if (await makeCurrent(context.temporal, settings.version))
      context.log.info({ buildId }, 'what begins now begins under this build');
    markReady();
    if (looks++ % OLD_EVERY !== 0) return;
    // Done here instead of at the start, and its failure is thrown last: a full disk must not keep the desk from its
    // procedures.
    const keeping = keepBundle(context.runtime.home, code, of);
    await Promise.allSettled([keeping]);
    await old.look(buildId);
    await keeping;
  });
  return {
    ready,
    stop: async () => {
      stopping.abort();
      await Promise.all([current.stop(), looking.stop().then(() => old.stop())]);
    },
  };
}

function settingsOf({ desk, of, activities, sinks }: BuildsContext, buildId: string, code: string) {
  const { queue, deployment } = PLACES[of];
  return {
    taskQueue: queue(desk),
    bundle: { code },
    activities,
    sinks,
    version: { deploymentName: deployment(desk), buildId },
  } satisfies WorkerSettings;
}

class OldBuilds {
  readonly #served = new Map<string, Served>();
  readonly #told = new Set<string>();

  constructor(private readonly context: BuildsContext) {}

  async look(current: string): Promise<void> {
    const { temporal, desk, of, runtime } = this.context;
    const open = await openRunsByBuild(temporal, PLACES[of].queue(desk));
    for (const [buildId, runs] of open) if (buildId !== current) await this.#serve(buildId, runs);
    for (const [buildId, served] of this.#served) {
      served.emptyPolls = open.has(buildId) ? 0 : served.emptyPolls + 1;
      if (served.emptyPolls < EMPTY_POLLS) continue;
      await served.worker.stop();
      this.#served.delete(buildId);
      this.context.log.info({ buildId }, 'the last run of an earlier build has ended');
    }
    await dropUnneeded(runtime.home, new Set([current, ...open.keys(), ...this.#served.keys()]), of);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#served.values()].map(({ worker }) => worker.stop()));
  }

  async #serve(buildId: string, runs: number): Promise<void> {
    const served = this.#served.get(buildId);
    if (served !== undefined) {
      served.looks += 1;
      if (!served.ready && served.looks === READY_POLLS)
        await this.#tell(buildId, runs, 'its workflows do not run in this build');
      return;
    }
    if (this.#served.size >= SERVED_MAX) {
      await this.#tell(buildId, runs, `${SERVED_MAX} earlier builds are served already`);
      return;
    }
    const kept = await readKeptBundle(this.context.runtime.home, buildId, this.context.of);
    if ('problem' in kept) {
      await this.#tell(buildId, runs, kept.problem);
      return;
    }
    const worker = keepWorker(this.context, settingsOf(this.context, buildId, kept.code));
    const begun: Served = { worker, ready: false, looks: 0, emptyPolls: 0 };
    this.#served.set(buildId, begun);
    void worker.ready.then(() => {
      begun.ready = true;
    });
    this.#told.delete(buildId);
    this.context.log.info({ buildId, runs }, 'serves the open runs of an earlier build');
  }

  async #tell(buildId: string, runs: number, why: string): Promise<void> {
    if (this.#told.has(buildId)) return;
    await this.context.tell({ buildId, runs, why });
    this.#told.add(buildId);
  }
}

const CALL_MS = 10_000;
const NOT_FOUND = 5;
const RUNS_MAX = 1_000;

/**
 * New runs begin under this build from now on; one of its workers must have polled. False if it was current
 * already.
 */
export async function makeCurrent(
  temporal: TemporalAccess,
  { deploymentName, buildId }: WorkerDeploymentVersion,
): Promise<boolean> {
  const { namespace } = temporal;
  return temporal.within(CALL_MS, async ({ workflowService }) => {
    const known = await workflowService
      .describeWorkerDeployment({ namespace, deploymentName })
      .catch((error: { code?: number }) => {
        if (error.code === NOT_FOUND) return null;
        throw error;
      });
    const current = known?.workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId;
    if (current === buildId) return false;
    await workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId });
    return true;
  });
}

/** Number of open runs by the build that they are pinned to. Rejects if there are too many to read. */
export async function openRunsByBuild(
  temporal: TemporalAccess,
  taskQueue: string,
): Promise<ReadonlyMap<string, number>> {
  return temporal.within(CALL_MS, async (client) => {
    const found = new Map<string, number>();
    let looked = 0;
    for await (const { raw } of client.workflow.list({
      query: `ExecutionStatus = "Running" AND TaskQueue = "${taskQueue}" AND TemporalWorkflowVersioningBehavior = "Pinned"`,
    })) {
      looked += 1;
      if (looked > RUNS_MAX) throw new Error(`more than ${RUNS_MAX} runs are open`);
      const buildId = pinnedBuildOf(raw);
      if (buildId !== null) found.set(buildId, (found.get(buildId) ?? 0) + 1);
    }
    return found;
  });
}

/** Null: the run is not pinned and uses the current build. */
export function pinnedBuildOf({ searchAttributes }: WorkflowExecutionInfo['raw']): string | null {
  const fields = searchAttributes?.indexedFields;
  const read = (name: string): unknown => {
    const data = fields?.[name]?.data;
    return data ? JSON.parse(Buffer.from(data).toString()) : null;
  };
  const version = read('TemporalWorkerDeploymentVersion');
  if (read('TemporalWorkflowVersioningBehavior') !== 'Pinned' || typeof version !== 'string') return null;
  // "operations-desk:build", "packs-desk:build"; a build id contains neither colon nor dot.
  return version.split(/[:.]/).at(-1) ?? null;
}
