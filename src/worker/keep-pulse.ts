import type { Desk } from '../desk/schema.js';
import type { TemporalAccess } from '../operations/temporal/open-temporal.js';
import type { PulseInput } from '../workflows/operations/pulse/contract.js';
import { operationsQueue, pulseId } from '../workflows/queues.js';
import { runLabel } from '../workflows/run-label.js';
import { type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';

export const PULSE_EVERY_MS = 60_000;
/** A Temporal that started afresh has no pulse; it has to beat again before the trader misses it. */
const LOOK_EVERY_MS = 10_000;
const START_MS = 5_000;

/** Keeps `pulse:<desk>` running. */
export function keepPulse(temporal: TemporalAccess, { desk }: Desk, log: Logger): Repeating {
  const input: PulseInput = { desk, everyMs: PULSE_EVERY_MS };
  return repeat('pulse', LOOK_EVERY_MS, log, async () => {
    await temporal.within(START_MS, (client) =>
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
  });
}
