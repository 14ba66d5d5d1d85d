/** Asks a person to do something that only a person can do, and waits for it. */

import {
  type ActivityInterfaceFor,
  condition,
  defineSignal,
  isCancellation,
  patched,
  setHandler,
} from '@temporalio/workflow';
import { type OperationsActivities, TASK_MESSAGES } from '../../contracts/operations-activities.js';
import { backoffMs } from '../../domain/backoff.js';
import { isCancelRequested } from '../cancellation.js';
import { paced } from '../paced.js';

type TaskActivities = Pick<OperationsActivities, 'openTask' | 'readTask'>;
type Task = Awaited<ReturnType<TaskActivities['openTask']>>;

const doneSignal = defineSignal<[unknown?]>(TASK_MESSAGES.done);
/**
 * A signal tells the workflow at once. These polls cover a lost signal and back off, so that days of waiting don't fill
 * the history.
 */
const LOOK = { firstMs: 1_000, mostMs: 10 * 60_000 };

/** Waits that began before this patch end at the first failed poll. */
const OUTLASTS_FAILED_LOOKS = 'a-wait-outlasts-failed-looks';

/**
 * Number of signals so far, by the task that they name; null: they name none. A workflow may wait for several tasks at
 * once; each wait checks its own task.
 */
const told = new Map<number | null, number>();

const toldOf = (id: number | null): number => told.get(id) ?? 0;

/**
 * Resolves with the task once it is done or withdrawn, at `untilMs` (wall milliseconds), or when the
 * procedure is cancelled or over. A database outage doesn't end the wait.
 */
export async function awaitTask(
  calls: ActivityInterfaceFor<TaskActivities>,
  request: Parameters<TaskActivities['openTask']>[0],
  untilMs: number,
  isOver: () => boolean = isCancelRequested,
): Promise<Task> {
  setHandler(doneSignal, (named) => {
    const id = typeof named === 'number' ? named : null;
    told.set(id, toldOf(id) + 1);
  });
  let seen = toldOf(null);
  let task = await calls.openTask(request);
  const { id } = task;
  const toldSoFar = () => toldOf(id) + toldOf(null);
  for (let looks = 1; isWaitedFor(task, untilMs) && !isOver(); looks += 1) {
    const pauseMs = Math.min(paced(backoffMs(looks, LOOK)), untilMs - Date.now());
    await condition(() => toldSoFar() > seen || isOver(), pauseMs);
    const isTold = toldSoFar() > seen;
    seen = toldSoFar();
    try {
      task = await calls.readTask(request.desk, task.id);
    } catch (error) {
      if (isCancellation(error) || !patched(OUTLASTS_FAILED_LOOKS)) throw error;
      // The task may be done: poll again soon.
      if (isTold) looks = 0;
    }
  }
  return task;
}

function isWaitedFor({ state }: Task, untilMs: number): boolean {
  return state === 'open' && Date.now() < untilMs;
}
