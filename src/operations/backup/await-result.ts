import { setTimeout as sleep } from 'node:timers/promises';
import { BACKUP_MESSAGES, type BackupResult } from '../../workflows/operations/backup/contract.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';

const QUERY_MS = 3_000;
const POLL_MS = 250;

/** Null when it is not known after `patienceMs`; the workflow goes on. */
export async function awaitResult(
  temporal: TemporalAccess,
  workflowId: string,
  patienceMs: number,
): Promise<BackupResult | null> {
  const untilMs = performance.now() + patienceMs;
  while (performance.now() < untilMs) {
    const result = await temporal
      .within(QUERY_MS, (client) =>
        client.workflow.getHandle(workflowId).query<BackupResult | null>(BACKUP_MESSAGES.result),
      )
      .catch(() => null);
    if (result) return result;
    await sleep(POLL_MS);
  }
  return null;
}
