/** Asks a person for something that only a person can do, and waits for it. */
import { type ActivityInterfaceFor, sleep } from '@temporalio/workflow';
import type { OperationsActivities } from '../../activities/operations/create-operations-activities.js';

type TaskActivities = Pick<OperationsActivities, 'openTask' | 'readTask'>;
type Task = Awaited<ReturnType<TaskActivities['openTask']>>;

/** As it is when it is done or withdrawn, or at `untilMs`. */
export async function awaitTask(
  calls: ActivityInterfaceFor<TaskActivities>,
  request: Parameters<TaskActivities['openTask']>[0],
  { untilMs, everyMs }: { readonly untilMs: number; readonly everyMs: number },
): Promise<Task> {
  let task = await calls.openTask(request);
  while (task.state === 'open' && Date.now() < untilMs) {
    await sleep(Math.min(everyMs, untilMs - Date.now()));
    task = await calls.readTask(request.desk, task.id);
  }
  return task;
}
