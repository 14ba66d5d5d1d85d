/**
 * A procedure that somebody starts by hand with anything would fail its task for ever, or wait for workers of no desk. It
 * ends instead, is told and kept. Emergency workflows never come here: whoever starts one wants the desk stopped.
 */
import { ApplicationFailure, patched, workflowInfo } from '@temporalio/workflow';
import { operationsQueue } from '../contracts/queues.js';
import { plainText } from '../domain/plain-text.js';
import { saidIn, tellAndKeep } from './strange-requests.js';

/** Runs that were started so before this was there go on as they did. */
const REFUSED = 'unreadable-starts-are-refused';
const TEXT_MAX = 200;

/** Each of our own names its desk, which its queue is named after; the canary is given nothing. */
export function isUnreadableStart([input]: readonly unknown[]): boolean {
  const { taskQueue, workflowType, unsafe } = workflowInfo();
  // Where a history alone is replayed the queue is another: then it says itself what was done.
  if (!taskQueue.startsWith(operationsQueue(''))) return unsafe.isReplaying && patched(REFUSED);
  if (workflowType === 'canary') return false;
  const desk = typeof input === 'object' && input !== null && 'desk' in input ? input.desk : null;
  return (typeof desk !== 'string' || operationsQueue(desk) !== taskQueue) && patched(REFUSED);
}

export async function refuseStart([input]: readonly unknown[]): Promise<never> {
  const { workflowId, workflowType, runId } = workflowInfo();
  // Cut first: it may cut a pair of surrogates in half.
  const given = plainText(saidIn(input).slice(0, TEXT_MAX));
  const observed = `${workflowId} was started with ${given}, which is no ${workflowType}: nothing was done`;
  await tellAndKeep({
    name: 'Unreadable start',
    // Told here: whoever looks for runs that did not end by themselves takes it for told.
    stepKey: `abandoned:start:${runId}`,
    observed,
    expected: `what a ${workflowType} of this desk is given`,
    text: `${observed}. The page and the command line start it as it is meant; to stop the desk: fermata stop.`,
  });
  const failure = ApplicationFailure.create({
    message: observed,
    type: 'UnreadableStart',
    nonRetryable: true,
  });
  // Where in the code it was found says nothing of what was sent.
  failure.stack = '';
  throw failure;
}
