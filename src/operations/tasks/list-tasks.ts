import type { Task, TaskState } from '../../contracts/task.js';
import { readTasks } from '../../store/tasks.js';
import type { OperationContext } from '../operation.js';

export interface TaskQuery {
  readonly state?: TaskState;
  readonly limit?: number;
}

/** Open ones first, most urgent first. Rejects while Postgres is down. */
export function listTasks({ pool, desk }: OperationContext, query: TaskQuery = {}): Promise<readonly Task[]> {
  return readTasks(pool, desk.desk, query);
}
