/** What reached a run and means nothing to it: people are told, and it is kept. */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { EvidenceActivities } from '../contracts/evidence.js';
import type { Alarm } from '../contracts/notice.js';
import { isUnsealed } from '../domain/unsealed.js';
import { runIdentity } from './evidence-trail.js';

interface Telling extends EvidenceActivities {
  raiseAlarm(alarm: Alarm): Promise<void>;
}

interface Strange {
  /** As its evidence is named: `Unknown signal`. */
  readonly name: string;
  readonly stepKey: string;
  readonly observed: string;
  readonly expected: string;
  readonly text: string;
}

const TELL_MS = 600_000;

/** The queue says it: what was sent may not. */
export const deskOfQueue = (): string => workflowInfo().taskQueue.replace(/^[a-z]+:/, '');

/** What was sent, in words for people; what came without our seal arrives wrapped. */
export const saidIn = (payload: unknown): string =>
  JSON.stringify(isUnsealed(payload) ? payload.unsealed : payload) ?? 'nothing';

/** Resolves also where neither could be done in time. */
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
