/** The contract of tasks that people do by hand. */

/** Tells the workflow that waits for a task that it is done. The workflow then reads the task itself. */
export const TASK_MESSAGES = { done: 'taskDone' } as const;

export type TaskState = 'open' | 'done' | 'withdrawn';

/** The run whose evidence includes the end of a task. */
export interface TaskOrigin {
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly routine: string;
  readonly stepKey: string;
  readonly simulated: boolean;
}

export interface NewTask {
  readonly desk: string;
  /** Who asks and about what, for example `incident:<fingerprint>:review`; the same source again is the same task. */
  readonly source: string;
  readonly title: string;
  /** What to do, in words. */
  readonly detail: string;
  /** Items to tick, all of them; absent: only the note is required. */
  readonly items?: readonly string[];
  /** Wall milliseconds. */
  readonly dueMs: number;
  readonly origin?: TaskOrigin;
}

export interface Task extends NewTask {
  readonly id: number;
  readonly createdMs: number;
  readonly state: TaskState;
  readonly finishedMs: number | null;
  readonly doneBy: string | null;
  readonly note: string | null;
}

export interface TaskActivities {
  /** The same source again is the same task. */
  openTask(task: NewTask): Promise<Task>;
  readTask(desk: string, id: number): Promise<Task>;
}
