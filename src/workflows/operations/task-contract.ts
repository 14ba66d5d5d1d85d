/** To the workflow that waits for a task: it is done. It looks for itself what was said. */
export const TASK_MESSAGES = { done: 'taskDone' } as const;
