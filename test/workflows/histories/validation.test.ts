/** Validations that end in GO and in NO-GO, the trading in a process of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createValidationActivities } from '../../../src/activities/create-go-live-activities.js';
import { awaitValidation, startValidation } from '../../../src/operations/validations.js';
import { placeAt, readRequest, type ValidationRequest } from '../../../src/validation/request.js';
import {
  HOUR_MS,
  PROGRAM,
  prepare,
  recorded,
  SIMULATED,
  temporaryFolder,
  waves,
  writeMinutes,
} from '../../validation/support/validations.js';
import { type Bench, DECISION_KEY, openBench } from '../support/desk-bench.js';
import { keepHistory } from '../support/keep-history.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

describe('histories', () => {
  it.each([
    ['validation-go', 'GO'],
    ['validation-no-go', 'NO-GO'],
  ] as const)('%s', async (name, recommendation) => {
    const home = temporaryFolder();
    const isGo = recommendation === 'GO';
    const market = isGo ? recorded(writeMinutes(home, waves(25 * 60))) : SIMULATED;
    const desk = await bench.desk({
      serve: ['operations'],
      activities: () =>
        createValidationActivities({
          home,
          pool: bench.database.pool,
          decisionKey: () => DECISION_KEY,
          program: PROGRAM,
        }),
    });
    const directory = prepare(home, { market, durationMs: (isGo ? 24 : 4) * HOUR_MS });
    const request: ValidationRequest = { ...readRequest(placeAt(directory)), desk: desk.name };
    const workflowId = await startValidation(bench.temporal, request);
    expect(await awaitValidation(bench.temporal, workflowId)).toMatchObject({ recommendation });
    await keepHistory(bench, name, workflowId);
  });
});
