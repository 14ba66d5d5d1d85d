/**
 * Checks that this build's workflows can continue the runs that are open now. Each run's history is fetched from the
 * server and replayed; nothing is sent and nothing changes.
 */
import type { DataConverter, PayloadCodec } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { emergencyQueue, operationsQueue, packsQueue } from '../contracts/queues.js';
import { causeOf } from '../domain/message-of.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import { dataConverterOf } from '../temporal/payload-codec.js';
import { describeRun } from '../temporal/runs.js';
import { UNHEARD } from './reconcile/ended-runs.js';
import { pinnedBuildOf } from './serve-builds.js';
import { buildIdOf, readKeptBundle, typesOf } from './workflow-bundles.js';

interface ReplayedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  /** Null: it would continue. */
  readonly problem: string | null;
}

/** Source of a bundle, by the queue prefix of its worker. */
export type Bundles = Readonly<Record<'emergency' | 'operations', string>>;

const LIST_MS = 20_000;
const FETCH_MS = 20_000;
const RUNS_MAX = 1_000;
const PROBLEM_MAX = 500;
/** From the protocol's VersioningBehavior. */
const PINNED = 1;

/** Every open run of the desk. Rejects while Temporal doesn't answer, or if there are too many to replay. */
export async function replayOpenRuns(
  temporal: TemporalAccess,
  desk: string,
  bundles: Bundles,
  home: string | null,
): Promise<readonly ReplayedRun[]> {
  const open = await openRuns(temporal, desk);
  const replayed: ReplayedRun[] = [];
  for (const { taskQueue, buildId, ...run } of open) {
    const code = taskQueue.startsWith('emergency:')
      ? { code: bundles.emergency }
      : await keptCode(bundles.operations, home, taskQueue, buildId ?? (await buildNow(temporal, run)));
    if (code === null) {
      replayed.push({ ...run, problem: null });
      continue;
    }
    const problem =
      'problem' in code
        ? code.problem
        : ((await unknownType(temporal, run, code.code)) ??
          (await problemOf(temporal, run, code.code, home)));
    replayed.push({ ...run, problem });
  }
  return replayed;
}

/** If none of its tasks was ever carried out, no build began it; otherwise some build can continue it. */
async function unknownType(
  temporal: TemporalAccess,
  { workflowId, runId, type }: Omit<ReplayedRun, 'problem'>,
  code: string,
): Promise<string | null> {
  if (typesOf(code)?.has(type) !== false) return null;
  const lacks = `this build has no workflow of the type ${type}`;
  const began = await temporal
    .within(FETCH_MS, ({ workflow }) => workflow.getHandle(workflowId, runId).fetchHistory())
    .then(({ events }) => events?.some((event) => event.workflowTaskCompletedEventAttributes) ?? true)
    .catch(() => true);
  return began
    ? `${lacks}: keep the build that began it until it has ended`
    : `${lacks}, and nothing of it was ever carried out: it was started by hand, or by another program; terminate it`;
}

/**
 * A run pinned to a build continues under that build, whose code must be kept. Null: it has not begun under
 * any build.
 */
async function keptCode(
  code: string,
  home: string | null,
  taskQueue: string,
  buildId: string | null,
): Promise<Awaited<ReturnType<typeof readKeptBundle>> | null> {
  // Every change to the desk's playbooks makes another build, so only the kept one can match the run.
  if (taskQueue.startsWith(packsQueue('')))
    return home === null || buildId === null ? null : readKeptBundle(home, buildId, 'packs');
  const isThis = home === null || buildId === null || buildId === buildIdOf(code);
  return isThis ? { code } : readKeptBundle(home, buildId);
}

/** The list lags by a moment: for a run that has just begun it doesn't show the pinned build yet. */
async function buildNow(
  temporal: TemporalAccess,
  { workflowId, runId }: Omit<ReplayedRun, 'problem'>,
): Promise<string | null> {
  // If the run is gone, fetching its history reports that.
  const described = await describeRun(temporal, FETCH_MS, workflowId, runId);
  const versioning = described?.raw.workflowExecutionInfo?.versioningInfo;
  return versioning?.behavior === PINNED ? (versioning.deploymentVersion?.buildId ?? null) : null;
}

interface OpenRun extends Omit<ReplayedRun, 'problem'> {
  readonly taskQueue: string;
  readonly buildId: string | null;
}

async function openRuns(temporal: TemporalAccess, desk: string): Promise<readonly OpenRun[]> {
  const queues = [emergencyQueue(desk), operationsQueue(desk), packsQueue(desk)]
    .map((queue) => `TaskQueue = "${queue}"`)
    .join(' OR ');
  return temporal.within(LIST_MS, async (client) => {
    const runs: OpenRun[] = [];
    for await (const { workflowId, runId, type, taskQueue, raw } of client.workflow.list({
      query: `ExecutionStatus = "Running" AND (${queues})`,
    })) {
      if (type === 'canary') continue;
      runs.push({ workflowId, runId, type, taskQueue, buildId: pinnedBuildOf(raw) });
      if (runs.length > RUNS_MAX)
        throw new Error(`more than ${RUNS_MAX} runs are open: end some of them first`);
    }
    return runs;
  });
}

async function problemOf(
  temporal: TemporalAccess,
  { workflowId, runId }: Omit<ReplayedRun, 'problem'>,
  code: string,
  home: string | null,
): Promise<string | null> {
  try {
    const { history, namespace } = await temporal.within(FETCH_MS, async ({ options, workflow }) => ({
      history: await workflow.getHandle(workflowId, runId).fetchHistory(),
      namespace: options.namespace,
    }));
    const dataConverter = home === null ? {} : { dataConverter: asIn(namespace, dataConverterOf(home)) };
    const options = { workflowBundle: { code }, sinks: UNHEARD, ...dataConverter };
    await Worker.runReplayHistory(options, history, workflowId);
    return null;
  } catch (error) {
    return causeOf(error).slice(0, PROBLEM_MAX);
  }
}

/**
 * A replay runs in a namespace made up by the library, but a sealed payload is valid only in its own. Failures of the
 * replay itself stay unsealed: they only go to a person's screen.
 */
function asIn(namespace: string, converter: DataConverter): DataConverter {
  const payloadCodecs = (converter.payloadCodecs ?? []).map(
    (codec): PayloadCodec => ({
      encode: (payloads, context) => codec.encode(payloads, context && { ...context, namespace }),
      decode: (payloads, context) => codec.decode(payloads, context && { ...context, namespace }),
    }),
  );
  return { payloadCodecs };
}
