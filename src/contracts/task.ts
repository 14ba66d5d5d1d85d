/** The language of what people are asked to do by hand. */

/** To the workflow that waits for a task: it is done. It looks for itself what was said. */
export const TASK_MESSAGES = { done: 'taskDone' } as const;

export type TaskState = 'open' | 'done' | 'withdrawn';

/** Whose evidence the end of a task belongs to. */
export interface TaskOrigin {
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly routine: string;
  readonly stepKey: string;
  readonly simulated: boolean;
}

export interface NewTask {
  readonly desk: string;
  /** Who asks and what about, for example `incident:<fingerprint>:review`; the same source again is the same task. */
  readonly source: string;
  readonly title: string;
  /** What is to be done, in words. */
  readonly detail: string;
  /** What has to be ticked, each of them; absent: the note alone is asked for. */
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
