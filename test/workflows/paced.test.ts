/**
 * The longest loops that a desk file or a playbook in code may ask for: by arithmetic, because they take days, and in
 * runs whose history is long.
 */
import { Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pauseWhileAsked } from '../../src/contracts/go-live.js';
import { INCIDENT_MESSAGES } from '../../src/contracts/incident.js';
import { TASK_MESSAGES } from '../../src/contracts/operations-activities.js';
import { ASKS_MAX } from '../../src/contracts/playbook.js';
import { goLiveSchema } from '../../src/desk/go-live-schema.js';
import { ownIncidentSchema } from '../../src/desk/incident-schema.js';
import { routineSchema, stepSchema } from '../../src/desk/routine-schema.js';
import { backoffMs } from '../../src/domain/backoff.js';
import { goLiveInput } from '../../src/operations/go-live/start-go-live.js';
import { slowdown } from '../../src/workflows/paced.js';
import { openIncident } from '../incidents/incident-bench.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from './support/desk-bench.js';
import { startRoutine } from './support/routines.js';

/** The server ends a run there. */
const EVENTS_MAX = 51_200;
/** Asked for, begun, recorded and answered: what one step adds beside its attempts, as in `temporal/histories`. */
const STEP_EVENTS = 22;
/** A timer and an activity, each with the workflow task that follows. */
const ATTEMPT_EVENTS = 11;
/** A timer and two activities side by side. */
const LIVE_LOOK_EVENTS = 17;
/** In one period of the watch. */
const LIVE_LOOKS = 1_000;
const MINUTE_MS = 60_000;

interface Maximum {
  readonly maximum: number;
  readonly maxItems: number;
}

type Described = z.core.JSONSchema.JSONSchema & { readonly properties: Record<string, Maximum> };

const described = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' }) as Described;
const stepsOf = (schema: z.ZodType): number => described(schema).properties.steps?.maxItems ?? Number.NaN;
const ownSteps = (described(ownIncidentSchema).properties.steps as { items?: Described }).items;

const CHECKS = { firstMs: 2_000, mostMs: 30_000 };
const BACKUPS = { firstMs: 1_000, mostMs: MINUTE_MS };
const LOOKS = { firstMs: 1_000, mostMs: 10 * MINUTE_MS };
const WITHIN_MINUTES = ownSteps?.properties.withinMinutes?.maximum ?? Number.NaN;
const WAIT_MINUTES = described(stepSchema).properties.waitMinutes?.maximum ?? Number.NaN;

interface Loop {
  readonly untilMs: number;
  nextMs: number;
  attempts: number;
}

/** Steps whose attempts never pass, so many of them at a time: the events of the run that they all stay in. */
function eventsOf(steps: number, atOnce: number, minutes: number, backoff: typeof CHECKS): number {
  let events = 0;
  let begun = 0;
  const begin = (nowMs: number): Loop => {
    begun += 1;
    events += STEP_EVENTS;
    return { untilMs: nowMs + minutes * MINUTE_MS, nextMs: nowMs, attempts: 0 };
  };
  const loops = Array.from({ length: Math.min(steps, atOnce) }, () => begin(0));
  while (loops.length > 0) {
    const loop = loops.reduce((soonest, one) => (one.nextMs < soonest.nextMs ? one : soonest));
    const nowMs = loop.nextMs;
    events += ATTEMPT_EVENTS;
    loop.attempts += 1;
    if (nowMs < loop.untilMs) {
      const pauseMs = backoffMs(loop.attempts, backoff) * slowdown(events);
      loop.nextMs = Math.min(loop.untilMs, nowMs + pauseMs);
      continue;
    }
    loops.splice(loops.indexOf(loop), 1);
    if (begun < steps) loops.push(begin(nowMs));
  }
  return events;
}

describe('a run that stays one however long it lasts', () => {
  it.each([
    ['checks of an own playbook', stepsOf(ownIncidentSchema), 1, WITHIN_MINUTES, CHECKS],
    ['waits of an own playbook for people', stepsOf(ownIncidentSchema), 1, WAIT_MINUTES, LOOKS],
    ['waits of a routine for people, side by side', stepsOf(routineSchema), ASKS_MAX, WAIT_MINUTES, LOOKS],
    ['waits of a routine for people, one by one', stepsOf(routineSchema), 1, WAIT_MINUTES, LOOKS],
    ['checks of a playbook in code, side by side', ASKS_MAX, ASKS_MAX, 1_440, CHECKS],
    ['checks of a playbook in code, one by one', ASKS_MAX, 1, 1_440, CHECKS],
    ['waits of a playbook in code, side by side', ASKS_MAX, ASKS_MAX, 10_080, LOOKS],
    ['waits of a playbook in code, one by one', ASKS_MAX, 1, 10_080, LOOKS],
    ['backups of a routine, while another one runs', stepsOf(routineSchema), ASKS_MAX, 120, BACKUPS],
  ] as const)('is not ended by the server: %s', (_, steps, atOnce, minutes, backoff) => {
    expect(minutes).toBeGreaterThan(0);
    const events = eventsOf(steps, atOnce, minutes, backoff);
    expect(events).toBeGreaterThan(0);
    expect(events).toBeLessThan(EVENTS_MAX);
  });

  it('is not ended by the server: a watch over real money, while one person is asked and has second thoughts', () => {
    const desk = cryptoDesk();
    const coolingOffHours = described(goLiveSchema).properties.coolingOffHours?.maximum ?? Number.NaN;
    const goLive = { ...desk.goLive, needed: 1, coolingOffHours };
    const asked = { release: 'r', attempt: 1, incarnation: 'abc123', person: 'anna', reason: 'it is time' };
    const input = goLiveInput({ ...desk, goLive }, asked);
    const looks = (input.approvalMs + input.coolingOffMs) / pauseWhileAsked(input);
    // The clean period before the question is watched in the same run.
    expect((LIVE_LOOKS + looks) * LIVE_LOOK_EVENTS).toBeLessThan(EVENTS_MAX);
  });

  it('is not slowed down by one check of a few hours', () => {
    expect(slowdown(eventsOf(1, 1, 6 * 60, CHECKS))).toBe(1);
  });
});

describe('a run whose history is long', () => {
  let bench: Bench;
  let connection: Connection;
  beforeAll(async () => {
    bench = await openBench();
    const { address } = bench.address;
    const channelArgs = { 'grpc.max_receive_message_length': 64 * 1_024 * 1_024 };
    connection = await Connection.connect({ address, channelArgs });
  });
  afterAll(async () => {
    await connection?.close();
    await bench?.close();
  });

  const common = { onFail: 'warn', timeoutSeconds: 10, with: {} } as const;

  /** To as many bytes as a history of 20,000 events has. */
  async function lengthen(run: WorkflowHandle, signal: string): Promise<void> {
    const filler = 'x'.repeat(100_000);
    for (let sent = 0; sent < 200; sent += 20)
      await Promise.all(Array.from({ length: 20 }, () => run.signal(signal, { filler })));
  }

  /** Seconds of the timer that it started last. */
  async function newestPause({ workflowId }: WorkflowHandle): Promise<number> {
    const { history } = await connection.workflowService.getWorkflowExecutionHistoryReverse({
      namespace: bench.address.namespace,
      execution: { workflowId },
    });
    const timers = (history?.events ?? []).flatMap(({ timerStartedEventAttributes: timer }) => timer ?? []);
    return Number(timers[0]?.startToFireTimeout?.seconds ?? 0);
  }

  it('repeats a check less often, where it cannot go on in a new run', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const desk = await bench.desk({
      serve: ['operations', 'engine'],
      // Its evidence is not written yet.
      afterActivity: (name) => (name === 'recordEvidenceBatch' ? released : undefined),
    });
    desk.checks.set('venue-reachable', () => ({ verdict: 'fail', observed: 'away', expected: 'there' }));
    const check = { key: 'back', title: 'Connected', check: 'venue-reachable', withinMinutes: 1_440 };
    const playbook = {
      steps: [{ ...check, ...common }],
      over: 'passed',
      haltRule: 'person',
      backupsKept: 14,
    };
    const timing = { respondMs: 3_600_000 };
    const incident = await openIncident(bench, desk, { kind: 'away', timing, playbook } as never);
    const run = bench.client.workflow.getHandle(incident.workflowId);
    await lengthen(run, INCIDENT_MESSAGES.lookAgain);
    await until('a long pause', async () => {
      const seconds = await newestPause(run);
      return seconds > 30 && seconds !== timing.respondMs / 1_000;
    });
    expect((await run.describe()).runId).toBe(incident.firstRunId);
    release();
    await incident.end();
  });

  it('looks less often whether a person has done something', async () => {
    const desk = await bench.desk({ serve: ['operations'] });
    const step = { key: 'look', title: 'Look', human: 'Look.', waitMinutes: 1_440, ...common };
    const { workflowId } = await startRoutine(bench, desk, [step]);
    const run = bench.client.workflow.getHandle(workflowId);
    await lengthen(run, TASK_MESSAGES.done);
    // However few looks the signals of above came to: one more makes the next pause twice as long, up to that.
    await until('a long pause', async () => {
      await run.signal(TASK_MESSAGES.done);
      return (await newestPause(run)) > 10 * 60;
    });
    await run.terminate();
  });
});
