import {
  EMERGENCY_TASK_MS,
  EMERGENCY_TIMING,
  type EmergencyKind,
  type EmergencySignal,
  emergencyStopLabel,
} from '../contracts/emergency.js';
import { emergencyQueue, emergencyStopId } from '../contracts/queues.js';
import type { Desk } from '../desk/schema.js';
import type { TemporalAccess } from './open-temporal.js';

const WORKFLOW_MS = 3_000;

/** Starts or signals the workflow that sends and proves the command. Rejects if Temporal doesn't answer. */
export async function startEmergency(
  { temporal, desk }: { readonly temporal: TemporalAccess; readonly desk: Pick<Desk, 'desk' | 'closeAll'> },
  kind: EmergencyKind,
  order: EmergencySignal,
): Promise<string> {
  const workflowId = emergencyStopId(desk.desk);
  const timing = { ...EMERGENCY_TIMING, closeAllDeadlineMs: desk.closeAll.deadlineSeconds * 1_000 };
  await temporal.within(WORKFLOW_MS, (client) =>
    client.workflow.signalWithStart('emergencyStop', {
      workflowId,
      workflowTaskTimeout: EMERGENCY_TASK_MS,
      taskQueue: emergencyQueue(desk.desk),
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ desk: desk.desk, incarnations: null, orders: [], timing }],
      signal: kind,
      signalArgs: [order],
      ...emergencyStopLabel(desk.desk),
    }),
  );
  return workflowId;
}
