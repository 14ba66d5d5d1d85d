/** A signal has nobody who could be asked on the spot: the evidence of its order leads to the task. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createEmergencyActivities } from '../../src/activities/create-emergency-activities.js';
import {
  askedWords,
  type EmergencyKind,
  type EmergencyOrder,
  ORDER_NAMES,
  orderStepKey,
} from '../../src/contracts/emergency.js';
import type { StepEvidence } from '../../src/contracts/evidence.js';
import { NO_REASON } from '../../src/domain/plain-text.js';
import { readTasks } from '../../src/store/task-rows.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let desk: string;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(() => {
  desk = `desk-${randomUUID().slice(0, 8)}`;
});

const FINISHED_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** As the workflow writes it. */
function ordered(kind: EmergencyKind, order: Pick<EmergencyOrder, 'by' | 'via' | 'reason'>): StepEvidence {
  return {
    routine: 'emergency-stop',
    stepKey: orderStepKey(`${kind}-${order.by}`),
    attemptGroup: 0,
    name: ORDER_NAMES[kind],
    kind: 'human',
    verdict: 'pass',
    observed: askedWords(order),
    expected: 'a person asks; nothing is needed to stop',
    startedMs: FINISHED_MS,
    finishedMs: FINISHED_MS,
    marketMs: null,
    person: order.by,
    reference: null,
    simulated: true,
  };
}

async function record(...steps: readonly StepEvidence[]): Promise<readonly string[]> {
  const { recordEvidenceBatch } = createEmergencyActivities({
    pool: database.pool,
    home: null,
    log: { error: () => undefined },
    knownIncarnations: async () => [],
    goneTraders: async () => [],
  });
  const run = { desk, workflowId: `estop:${desk}`, firstRunId: randomUUID(), runId: randomUUID() };
  await recordEvidenceBatch(run, steps);
  // As Temporal does after an answer that was lost.
  await recordEvidenceBatch(run, steps);
  return (await readTasks(database.pool, desk)).map(({ title }) => title).sort();
}

it('an order without a reason is asked for once, wherever it came from', async () => {
  const titles = await record(
    ordered('stop', { by: 'Temporal', via: 'temporal', reason: NO_REASON }),
    ordered('closeAll', { by: 'anna', via: 'cli', reason: NO_REASON }),
  );
  expect(titles).toEqual(['Say why anna closed all positions', 'Say why somebody stopped trading']);
  const told = await database.pool.query('select title from notice where desk = $1', [desk]);
  expect(told.rows).toHaveLength(2);
});

it('an order with a reason, and what is no order, ask nobody', async () => {
  const given = ordered('stop', { by: 'Temporal', via: 'temporal', reason: 'prices look wrong' });
  const proof = { ...given, stepKey: 'proof:1', name: 'Stopped, read back', observed: NO_REASON };
  expect(await record(given, proof)).toEqual([]);
});
