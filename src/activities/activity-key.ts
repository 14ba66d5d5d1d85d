import { activityInfo } from '@temporalio/activity';

/** The same for every attempt of one activity. */
export function activityKey(): string {
  const { workflowExecution, activityId } = activityInfo();
  return `${workflowExecution?.runId ?? ''}:${activityId}`;
}
