/**
 * The end-to-end heartbeat. The trader is told that operations are alive only when Temporal answers, the operations
 * worker runs workflow code (a query reaches it), and the pulse workflow's clock still moves (timers fire and history
 * is written). Queries leave no trace in the history. If there is no pulse, this starts one: nobody else does.
 */
import { QueryRejectedError, WorkflowNotFoundError } from '@temporalio/client';
import { PULSE_MESSAGES, type PulseInput } from '../contracts/pulse.js';
import { operationsQueue, pulseId } from '../contracts/queues.js';
import { runLabel } from '../contracts/run-label.js';
import type { Desk } from '../desk/schema.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import { askRunning } from '../temporal/runs.js';
import type { TraderClient } from '../trader/client.js';
import { LOOKS_MS } from './looks.js';
import { type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';

/** Pause after a failure, or a twelfth of the trader's patience if that is less. */
const AGAIN_MS_MAX = 5_000;
const ANSWER_MS = 4_000;
/** One late beat is a busy machine; more means that Temporal doesn't write. */
const BEAT_AGE_MS_MAX = 2.5 * LOOKS_MS.pulse;

export function sendHeartbeats(
  temporal: TemporalAccess,
  desk: Desk,
  trader: TraderClient,
  log: Logger,
): Repeating {
  const silentMs = desk.deadMan.operationsSilentSeconds * 1_000;
  // So that two failures in a row can be made up for before the trader acts.
  const everyMs = Math.min(LOOKS_MS.heartbeat, silentMs / 3);
  const againMs = Math.min(AGAIN_MS_MAX, silentMs / 12);
  let sentMs = Number.NEGATIVE_INFINITY;
  return repeat('operations heartbeat', againMs, log, async () => {
    if (performance.now() - sentMs < everyMs - againMs / 2) return;
    const lastBeatMs = await lastBeat(temporal, desk);
    if (Date.now() - lastBeatMs > BEAT_AGE_MS_MAX) throw new Error('the pulse workflow stands still');
    await trader.call('heartbeat', { from: 'operations' }, { timeoutMs: ANSWER_MS });
    sentMs = performance.now();
  });
}

export async function lastBeat(temporal: TemporalAccess, { desk }: Desk): Promise<number> {
  const ask = () => askRunning<number>(temporal, ANSWER_MS, pulseId(desk), PULSE_MESSAGES.lastBeat);
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof QueryRejectedError || error instanceof WorkflowNotFoundError)) throw error;
    await startPulse(temporal, desk);
    return ask();
  }
}

/** Workflow id `pulse:<desk>`. */
async function startPulse(temporal: TemporalAccess, desk: string): Promise<void> {
  const input: PulseInput = { desk, everyMs: LOOKS_MS.pulse };
  await temporal.within(ANSWER_MS, (client) =>
    client.workflow.start('pulse', {
      workflowId: pulseId(desk),
      taskQueue: operationsQueue(desk),
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [input],
      ...runLabel({
        desk,
        routine: 'pulse',
        summary: `Operations of ${desk} are alive`,
        details:
          'Beats as long as timers fire, history is written and the operations worker runs. Where it stops, the trader does what the desk file names (`deadMan`).',
      }),
    }),
  );
}
