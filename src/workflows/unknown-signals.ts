/**
 * A signal that a workflow does not know "succeeds" all the same: whoever sent it learns here that nothing was done, and
 * what was sent is kept. Of every type of workflow (`interceptors.ts`); the emergency ones take spelling variants first.
 */
import { patched, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { EvidenceActivities } from '../contracts/evidence.js';
import type { Alarm } from '../contracts/notice.js';
import { plainText } from '../domain/plain-text.js';
import { isUnsealed } from '../domain/unsealed.js';
import { runIdentity } from './evidence-trail.js';
import { showDetails } from './show.js';

interface Telling extends EvidenceActivities {
  raiseAlarm(alarm: Alarm): Promise<void>;
}

/** Runs that had one before this was there took no notice of it. */
const TOLD = 'unknown-signals-are-told';
const TOLD_MAX = 20;
const TEXT_MAX = 200;
const TELL_MS = 600_000;

/** True where it took the signal. */
let takeVariant: (name: string, payload: unknown) => boolean = () => false;
/** Known to a workflow only while it waits for them; coming later they change nothing. */
const LATE: ReadonlySet<string> = new Set(['taskDone', 'lookAgain']);
let told = 0;

export function takeSignalVariants(take: typeof takeVariant): void {
  takeVariant = take;
}

export async function onUnknownSignal(name: string, payload: unknown): Promise<void> {
  if (!patched(TOLD) || takeVariant(name, payload) || LATE.has(name)) return;
  told += 1;
  if (told > TOLD_MAX) return;
  const { workflowId, taskQueue } = workflowInfo();
  const desk = taskQueue.replace(/^[a-z]+:/, '');
  const said = isUnsealed(payload) ? payload.unsealed : payload;
  // Cut first: it may cut a pair of surrogates in half.
  const sent = plainText(`signal "${name}" with ${JSON.stringify(said) ?? 'nothing'}`.slice(0, TEXT_MAX));
  const observed = `${workflowId} does not know the ${sent}: nothing was done`;
  showDetails('A signal that is not known here', [observed]);
  const calls = proxyActivities<Telling>({
    taskQueue,
    startToCloseTimeout: '10 seconds',
    scheduleToCloseTimeout: TELL_MS,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  });
  const nowMs = Date.now();
  const evidence = {
    routine: 'unknown-signal',
    stepKey: `${workflowInfo().runId}:${told}`,
    attemptGroup: 0,
    name: 'Unknown signal',
    kind: 'report',
    verdict: 'warn',
    observed,
    expected: 'a signal that this workflow knows',
    startedMs: nowMs,
    finishedMs: nowMs,
    marketMs: null,
    person: null,
    reference: workflowId,
    simulated: false,
  } as const;
  const text = `${observed}. To stop the desk send the signal "stop" to desk-owner:${desk}, or run fermata stop.`;
  await Promise.allSettled([
    calls.raiseAlarm.executeWithOptions({ summary: 'Tell people of an unknown signal' }, [{ desk, text }]),
    calls.recordEvidenceBatch.executeWithOptions({ summary: 'Keep an unknown signal' }, [
      runIdentity(desk),
      [evidence],
    ]),
  ]);
}
