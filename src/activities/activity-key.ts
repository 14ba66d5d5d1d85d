import { activityInfo } from '@temporalio/activity';
import type { Notice } from '../notify/notice.js';

/** The same for every attempt of one activity. */
export function activityKey(): string {
  const { workflowExecution, activityId } = activityInfo();
  return `${workflowExecution?.runId ?? ''}:${activityId}`;
}

/** What a run tells people says where they read it. */
export function aboutThisRun(notice: Notice): Notice {
  const workflowId = activityInfo().workflowExecution?.workflowId;
  return workflowId === undefined ? notice : { workflowId, ...notice };
}
