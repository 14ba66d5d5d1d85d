/** The worker builds that Temporal knows: docs/design/upgrades.md. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { TemporalAccess } from './open-temporal.js';

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
