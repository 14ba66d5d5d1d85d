/** A request that means nothing to its run: people are told, and it is recorded. */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { EvidenceActivities } from '../contracts/evidence.js';
import type { Alarm } from '../contracts/notice.js';
import { isUnsealed } from '../domain/unsealed.js';
import { runIdentity } from './evidence-trail.js';

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
export const deskOfQueue = (): string => workflowInfo().taskQueue.replace(/^[a-z]+:/, '');

/** The payload in words for people; a payload without our seal arrives wrapped. */
export const saidIn = (payload: unknown): string =>
  JSON.stringify(isUnsealed(payload) ? payload.unsealed : payload) ?? 'nothing';

/** Also resolves if telling or recording could not be done in time. */
export async function tellAndKeep({ name, stepKey, observed, expected, text }: Strange): Promise<void> {
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
