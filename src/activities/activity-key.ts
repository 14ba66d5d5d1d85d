import { activityInfo, asyncLocalStorage } from '@temporalio/activity';
import type { Notice } from '../contracts/notice.js';

/** The same for every attempt of one activity. */
export function activityKey(): string {
  const { workflowExecution, activityId } = activityInfo();
  return `${workflowExecution?.runId ?? ''}:${activityId}`;
}

/** Links a notice to the run that sent it. Outside of a run there is nothing to link to. */
export function aboutThisRun(notice: Notice): Notice {
  const workflowId = asyncLocalStorage.getStore()?.info.workflowExecution?.workflowId;
  return workflowId === undefined ? notice : { workflowId, ...notice };
}
