/**
 * If somebody starts a procedure by hand with an arbitrary input, its task would fail forever, or it would wait for the
 * workers of a desk that doesn't exist. It ends instead, people are told and it is recorded. Emergency workflows are
 * exempt: whoever starts one wants the desk stopped.
 */
import { ApplicationFailure, patched, workflowInfo } from '@temporalio/workflow';
import { operationsQueue } from '../contracts/queues.js';
import { plainText } from '../domain/plain-text.js';
import { saidIn, tellAndKeep } from './strange-requests.js';

/** Runs that were started like this before the patch go on as they did. */
const REFUSED = 'unreadable-starts-are-refused';
const TEXT_MAX = 200;

/**
 * Each of our procedures gets an input that names its desk, after which its queue is named; the canary gets no input.
 */
export function isUnreadableStart([input]: readonly unknown[]): boolean {
  const { taskQueue, workflowType, unsafe } = workflowInfo();
  // When only a history is replayed, the queue is a different one; the history itself then says what was done.
  if (!taskQueue.startsWith(operationsQueue(''))) return unsafe.isReplaying && patched(REFUSED);
  if (workflowType === 'canary') return false;
  const desk = typeof input === 'object' && input !== null && 'desk' in input ? input.desk : null;
  return (typeof desk !== 'string' || operationsQueue(desk) !== taskQueue) && patched(REFUSED);
}

export async function refuseStart([input]: readonly unknown[]): Promise<never> {
  const { workflowId, workflowType, runId } = workflowInfo();
  // Sliced first, because the slice may split a surrogate pair, which `plainText` mends.
  const given = plainText(saidIn(input).slice(0, TEXT_MAX));
  const observed = `${workflowId} was started with ${given}, which is no ${workflowType}: nothing was done`;
  await tellAndKeep({
    name: 'Unreadable start',
    // Recorded under this key, so that the search for runs that ended abnormally counts it as told.
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
  // The place in the code says nothing about what was sent.
  failure.stack = '';
  throw failure;
}
