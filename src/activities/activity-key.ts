import { activityInfo, asyncLocalStorage } from '@temporalio/activity';
import type { Notice } from '../contracts/notice.js';

/** The same for every attempt of one activity. */
export function activityKey(): string {
  const { workflowExecution, activityId } = activityInfo();
  return `${workflowExecution?.runId ?? ''}:${activityId}`;
}

/** What a run tells people says where they read it. Outside of a run there is nothing to read. */
export function aboutThisRun(notice: Notice): Notice {
  const workflowId = asyncLocalStorage.getStore()?.info.workflowExecution?.workflowId;
  return workflowId === undefined ? notice : { workflowId, ...notice };
}
