/**
 * The end-to-end heartbeat. The trader is told that operations live only when Temporal answers, the operations worker
 * runs workflow code (a query reaches it), and the pulse workflow's clock still moves (timers fire and history is
 * written). A query is not recorded, so that asking often costs nothing.
 */
import type { Desk } from '../desk/schema.js';
import type { TemporalAccess } from '../operations/temporal/open-temporal.js';
import type { TraderClient } from '../trader/client.js';
import { PULSE_MESSAGES } from '../workflows/operations/pulse/contract.js';
import { pulseId } from '../workflows/queues.js';
import { PULSE_EVERY_MS } from './keep-pulse.js';
import { type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';

/** Or a third of what the trader waits for, whichever is less. */
const SEND_EVERY_MS_MAX = 5_000;
const ANSWER_MS = 4_000;
/** One beat late is a busy machine; more is a Temporal that does not write. */
const BEAT_AGE_MS_MAX = 2.5 * PULSE_EVERY_MS;

export function sendHeartbeats(
  temporal: TemporalAccess,
  desk: Desk,
  trader: TraderClient,
  log: Logger,
): Repeating {
  const everyMs = Math.min(SEND_EVERY_MS_MAX, (desk.deadMan.operationsSilentSeconds * 1_000) / 3);
  return repeat('operations heartbeat', everyMs, log, async () => {
    const lastBeatMs = await temporal.within(ANSWER_MS, (client) =>
      client.workflow.getHandle(pulseId(desk.desk)).query<number>(PULSE_MESSAGES.lastBeat),
    );
    if (Date.now() - lastBeatMs > BEAT_AGE_MS_MAX) throw new Error('the pulse workflow stands still');
    await trader.call('heartbeat', { from: 'operations' }, { timeoutMs: ANSWER_MS });
  });
}
