/**
 * A signal that a workflow doesn't know "succeeds" all the same: this tells people that nothing was done, and records
 * what was sent. Installed in every workflow type (`interceptors.ts`); the emergency types accept spelling variants
 * first.
 */

import { patched, workflowInfo } from '@temporalio/workflow';
import { PLAYBOOK_MESSAGES } from '../contracts/playbook.js';
import { plainText } from '../domain/plain-text.js';
import { showDetails } from './show.js';
import { deskOfQueue, saidIn, tellAndKeep } from './strange-requests.js';

/** Runs that received one before this patch ignored it. */
const TOLD = 'unknown-signals-are-told';
const TOLD_MAX = 20;
const TEXT_MAX = 200;

/** Returns true if it accepted the signal. */
let takeVariant: (name: string, payload: unknown) => boolean = () => false;
/** Signals that a workflow knows only while it waits for them; arriving later they change nothing. */
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
  // Sliced first, because the slice may split a surrogate pair, which `plainText` mends.
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
