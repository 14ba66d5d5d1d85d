import { operationsQueue, resumptionId } from '../contracts/queues.js';
import { RESUMPTION_TIMING, type ResumptionInput } from '../contracts/resumption.js';
import { runLabel } from '../contracts/run-label.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { isCheck } from '../desk/own-steps.js';
import type { Desk, DeskRoutine } from '../desk/schema.js';

/**
 * The routine whose checks must be clean before the desk trades: the one that also runs at each start. Null if there is
 * none.
 */
export function startRoutineOf(desk: Desk): DeskRoutine | null {
  return desk.routines.find(({ onStart }) => onStart) ?? null;
}

/** The start options of the resumption of one halt, whoever starts it: the trader's watcher, or a person's decision. */
export function resumptionStart(
  desk: Desk,
  haltId: string,
  status: Pick<TraderStatus, 'incarnation' | 'trading' | 'reason'>,
) {
  const input: ResumptionInput = {
    desk: desk.desk,
    haltId,
    incarnation: status.incarnation,
    // Only checks: daily actions and tasks are no reason to stay halted.
    steps: (startRoutineOf(desk)?.steps ?? []).filter(isCheck),
    simulated: status.trading === 'paper',
    timing: RESUMPTION_TIMING,
    decisions: [],
    cycle: 0,
  };
  return {
    workflowId: resumptionId(desk.desk, haltId),
    taskQueue: operationsQueue(desk.desk),
    args: [input] as [ResumptionInput],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    ...runLabel({
      desk: desk.desk,
      routine: 'resumption',
      summary: `Resumption of ${desk.desk}: ${status.reason}`,
      listed: `Resumption of ${desk.desk}`,
      details: [
        'Why it stopped, the checks again, our book against the venue, then a decision by the desk file’s rule or by a',
        'person, then arming by quoting the halt id. Never lifts a person’s stop by itself.',
      ].join(' '),
    }),
  };
}
