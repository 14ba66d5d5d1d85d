/** The contract of tasks: what people are asked to do by hand. */
import type { Task } from './published.js';

/**
 * Signals the waiting workflow, with the task's id, that the task is done. The workflow then reads the task itself; without
 * an id, all of its tasks.
 */
export const TASK_MESSAGES = { done: 'taskDone' } as const;

export type { Task };
export type TaskState = Task['state'];
export type TaskOrigin = NonNullable<Task['origin']>;

export type NewTask = Pick<Task, 'desk' | 'source' | 'title' | 'detail' | 'items' | 'dueMs' | 'origin'>;

export interface TaskActivities {
  /** The same source again is the same task. */
  openTask(task: NewTask): Promise<Task>;
  readTask(desk: string, id: number): Promise<Task>;
}
