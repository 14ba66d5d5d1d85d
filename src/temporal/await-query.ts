import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporalAccess } from './open-temporal.js';

const QUERY_MS = 3_000;
const POLL_MS = 200;
/** A wait for a person or a backup needs no frequent polling. */
const POLL_MS_MAX = 5_000;

/**
 * Polls a query until its answer is not null, which may be long before the run's evidence is written. Null if there is
 * none after `patienceMs`; the run goes on.
 */
export async function awaitQuery<T>(
  temporal: TemporalAccess,
  workflowId: string,
  ask: { readonly query: string; readonly known: (answer: T) => boolean },
  patienceMs: number,
): Promise<T | null> {
  const untilMs = performance.now() + patienceMs;
  for (let pauseMs = POLL_MS; performance.now() < untilMs; pauseMs = Math.min(pauseMs * 1.25, POLL_MS_MAX)) {
    const answer = await temporal
      .within(QUERY_MS, (client) => client.workflow.getHandle(workflowId).query<T>(ask.query))
      .catch(() => null);
    if (answer !== null && ask.known(answer)) return answer;
    await sleep(pauseMs);
  }
  return null;
}
