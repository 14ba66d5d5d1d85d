/** A request that means nothing to its run: people are told, and it is recorded. */
import { ApplicationFailure, patched, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { EvidenceActivities } from '../contracts/evidence.js';
import type { Alarm } from '../contracts/notice.js';
import { PLAYBOOK_MESSAGES } from '../contracts/playbook.js';
import { operationsQueue } from '../contracts/queues.js';
import { plainText } from '../domain/plain-text.js';
import { isUnsealed } from '../domain/unsealed.js';
import { runIdentity } from './evidence-trail.js';
import { showDetails } from './show.js';

interface Telling extends EvidenceActivities {
  raiseAlarm(alarm: Alarm): Promise<void>;
}

interface Strange {
  /** Name of its evidence, for example `Unknown signal`. */
  readonly name: string;
  readonly stepKey: string;
  readonly observed: string;
  readonly expected: string;
  readonly text: string;
}

const TELL_MS = 600_000;

/** Taken from the queue, because the request may not name the desk. */
const deskOfQueue = (): string => workflowInfo().taskQueue.replace(/^[a-z]+:/, '');

/** The payload in words for people; a payload without our seal arrives wrapped. */
const saidIn = (payload: unknown): string =>
  JSON.stringify(isUnsealed(payload) ? payload.unsealed : payload) ?? 'nothing';

/** Resolves even if people could not be told, or nothing recorded, in time. */
async function tellAndKeep({ name, stepKey, observed, expected, text }: Strange): Promise<void> {
  const { workflowId, taskQueue } = workflowInfo();
  const desk = deskOfQueue();
  const calls = proxyActivities<Telling>({
    taskQueue,
    startToCloseTimeout: '10 seconds',
    scheduleToCloseTimeout: TELL_MS,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  });
  const nowMs = Date.now();
  const evidence = {
    routine: name.toLowerCase().replaceAll(' ', '-'),
    stepKey,
    attemptGroup: 0,
    name,
    kind: 'report',
    verdict: 'warn',
    observed,
    expected,
    startedMs: nowMs,
    finishedMs: nowMs,
    marketMs: null,
    person: null,
    reference: workflowId,
    simulated: false,
  } as const;
  const what = name.toLowerCase();
  await Promise.allSettled([
    calls.raiseAlarm.executeWithOptions({ summary: `Tell people of an ${what}` }, [{ desk, text }]),
    calls.recordEvidenceBatch.executeWithOptions({ summary: `Keep an ${what}` }, [
      runIdentity(desk),
      [evidence],
    ]),
  ]);
}

/** Runs that received an unknown signal before this patch ignored it. */
const TOLD = 'unknown-signals-are-told';
const TOLD_MAX = 20;
const TEXT_MAX = 200;

/** Returns true if it accepted the signal. */
let takeVariant: (name: string, payload: unknown) => boolean = () => false;
/** Signals that a workflow knows only while it waits for them; arriving later they change nothing. */
const LATE: ReadonlySet<string> = new Set(['taskDone', 'lookAgain', PLAYBOOK_MESSAGES.ask]);
let told = 0;

/** Lets a workflow accept variants of its signals first, as the emergency types do with spellings. */
export function takeSignalVariants(take: typeof takeVariant): void {
  takeVariant = take;
}

/**
 * A signal that a workflow doesn't know "succeeds" all the same: this tells people that nothing was done, and
 * records what was sent. Installed in every workflow type (`interceptors.ts`).
 */
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

/** Runs that were started like this before the patch continue as they did. */
const REFUSED = 'unreadable-starts-are-refused';

/**
 * If somebody starts a procedure by hand with an arbitrary input, its task would fail forever, or it would
 * wait for the workers of a desk that doesn't exist. It ends instead, people are told and it is recorded.
 * Emergency workflows are exempt: whoever starts one wants the desk stopped. Each of our procedures gets an
 * input that names its desk, and runs on a queue named after it; the canary gets no input.
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
  // A stack trace says nothing about what was sent.
  failure.stack = '';
  throw failure;
}
