/**
 * A signal that a workflow does not know "succeeds" all the same: whoever sent it learns here that nothing was done, and
 * what was sent is kept. Of every type of workflow (`interceptors.ts`); the emergency ones take spelling variants first.
 */

import { patched, workflowInfo } from '@temporalio/workflow';
import { PLAYBOOK_MESSAGES } from '../contracts/playbook.js';
import { plainText } from '../domain/plain-text.js';
import { showDetails } from './show.js';
import { deskOfQueue, saidIn, tellAndKeep } from './strange-requests.js';

/** Runs that had one before this was there took no notice of it. */
const TOLD = 'unknown-signals-are-told';
const TOLD_MAX = 20;
const TEXT_MAX = 200;

/** True where it took the signal. */
let takeVariant: (name: string, payload: unknown) => boolean = () => false;
/** Known to a workflow only while it waits for them; coming later they change nothing. */
const LATE: ReadonlySet<string> = new Set(['taskDone', 'lookAgain', PLAYBOOK_MESSAGES.ask]);
let told = 0;

export function takeSignalVariants(take: typeof takeVariant): void {
  takeVariant = take;
}

export async function onUnknownSignal(name: string, payload: unknown): Promise<void> {
  if (!patched(TOLD) || takeVariant(name, payload) || LATE.has(name)) return;
  told += 1;
  if (told > TOLD_MAX) return;
  const { workflowId, runId } = workflowInfo();
  // Cut first: it may cut a pair of surrogates in half.
  const sent = plainText(`signal "${name}" with ${saidIn(payload)}`.slice(0, TEXT_MAX));
  const observed = `${workflowId} does not know the ${sent}: nothing was done`;
  showDetails('A signal that is not known here', [observed]);
  const desk = deskOfQueue();
  await tellAndKeep({
    name: 'Unknown signal',
    stepKey: `${runId}:${told}`,
    observed,
    expected: 'a signal that this workflow knows',
    text: `${observed}. To stop the desk send the signal "stop" to desk-owner:${desk}, or run fermata stop.`,
  });
}
