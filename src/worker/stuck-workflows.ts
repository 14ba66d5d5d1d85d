/**
 * A run whose code no longer fits its history stays "running" and says nothing: its pending workflow task is tried
 * again and again. Two looks in a row make an alarm.
 */
import type { Desk } from '../desk/schema.js';
import type { TemporalAccess } from '../operations/temporal/open-temporal.js';
import { type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';

const LOOK_EVERY_MS = 30_000;
const LOOK_MS = 20_000;
const RUNS_MAX = 200;
/** The first attempt may fall to a worker that is just going down. */
const ATTEMPTS_SUSPICIOUS = 2;

export function watchStuckWorkflows(temporal: TemporalAccess, { desk }: Desk, log: Logger): Repeating {
  let suspected = new Set<string>();
  const alarmed = new Set<string>();
  return repeat('watch over stuck workflows', LOOK_EVERY_MS, log, async () => {
    const stuck = await stuckRuns(temporal, desk);
    for (const { key, workflowId, attempt } of stuck) {
      if (!suspected.has(key) || alarmed.has(key)) continue;
      alarmed.add(key);
      log.error(
        { alarm: true, desk, workflowId, attempt },
        `the workflow ${workflowId} is stuck: look at its history`,
      );
    }
    suspected = new Set(stuck.map(({ key }) => key));
    for (const key of alarmed) if (!suspected.has(key)) alarmed.delete(key);
  });
}

interface StuckRun {
  readonly key: string;
  readonly workflowId: string;
  readonly attempt: number;
}

export async function stuckRuns(temporal: TemporalAccess, desk: string): Promise<StuckRun[]> {
  return temporal.within(LOOK_MS, async (client) => {
    const stuck: StuckRun[] = [];
    let looked = 0;
    const query = `ExecutionStatus = "Running" AND FermataDesk = "${desk}"`;
    for await (const { workflowId, runId } of client.workflow.list({ query })) {
      looked += 1;
      if (looked > RUNS_MAX) break;
      const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
      const attempt = raw.pendingWorkflowTask?.attempt ?? 0;
      if (attempt >= ATTEMPTS_SUSPICIOUS) stuck.push({ key: `${workflowId}:${runId}`, workflowId, attempt });
    }
    return stuck;
  });
}
