import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Evidence, EvidenceInput } from '../../src/contracts/evidence.js';
import { readEvidence, recordEvidenceBatch, verifyEvidence } from '../../src/store/evidence-rows.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function record(input: EvidenceInput): Promise<Evidence> {
  const [recorded] = await recordEvidenceBatch(database.pool, [input]);
  return recorded!;
}

function evidence(desk: string, stepKey: string, more: Partial<EvidenceInput> = {}): EvidenceInput {
  return {
    desk,
    workflowId: `routine:${desk}:pre-market`,
    firstRunId: 'first',
    runId: 'run',
    routine: 'pre-market',
    stepKey,
    name: 'Venue reachable',
    kind: 'check',
    verdict: 'pass',
    observed: 'answers in 20 ms',
    expected: 'answers',
    startedMs: 1_700_000_000_123,
    finishedMs: 1_700_000_000_456,
    marketMs: null,
    person: null,
    reference: null,
    simulated: true,
    ...more,
  };
}

test('evidence that many write at once is one unbroken chain', async () => {
  const keys = Array.from({ length: 30 }, (_, index) => `step-${index}`);
  await Promise.all(keys.map((key) => record(evidence('busy', key))));
  expect(await verifyEvidence(database.pool, 'busy')).toMatchObject({ ok: true, count: 30 });
});

test('the same step again returns what was recorded first', async () => {
  const first = await record(evidence('retried', 'venue'));
  const again = await record(evidence('retried', 'venue', { verdict: 'fail', observed: 'no' }));
  expect(again).toEqual(first);
  const other = await record(evidence('retried', 'venue', { attemptGroup: 1, verdict: 'fail' }));
  expect(other.previousHash).toBe(first.hash);
  expect(await readEvidence(database.pool, { desk: 'retried' })).toEqual([other, first]);
});

test('many pieces at once are all of them in their order or none, and a retry adds nothing', async () => {
  const { pool } = database;
  const steps = ['c', 'a', 'b'].map((key) => evidence('batch', key));
  const first = await recordEvidenceBatch(pool, steps);
  const again = await recordEvidenceBatch(pool, [...steps, evidence('batch', 'd')]);
  expect(again.slice(0, 3)).toEqual(first);
  const broken = evidence('batch', 'f', { verdict: 'perhaps' as never });
  await expect(recordEvidenceBatch(pool, [evidence('batch', 'e'), broken])).rejects.toThrow();
  const keys = (await readEvidence(pool, { desk: 'batch' })).map(({ stepKey }) => stepKey);
  expect(keys.toReversed()).toEqual(['c', 'a', 'b', 'd']);
  expect(await verifyEvidence(pool, 'batch')).toMatchObject({ ok: true, count: 4 });
});

test('texts that Postgres can not hold, and very long ones, keep the chain whole', async () => {
  const observed = `bad \0 half \ud800 long ${'x'.repeat(40_000)}`;
  const recorded = await record(evidence('texts', 'odd', { observed, marketMs: 1.75 }));
  expect(recorded.observed).toHaveLength(16_384 - 1 + ' … (cut)'.length);
  expect(recorded.observed).toMatch(/^bad {2}half \ufffd long x+ … \(cut\)$/);
  expect(await verifyEvidence(database.pool, 'texts')).toMatchObject({ ok: true, count: 1 });
});

test('a changed and a removed piece of evidence are named', async () => {
  const { pool, ownerPool } = database;
  const recorded = [];
  for (const key of ['a', 'b', 'c', 'd']) recorded.push(await record(evidence('damaged', key)));
  await ownerPool.query('alter table evidence disable trigger evidence_append_only');
  await ownerPool.query("update evidence set observed = 'all well' where id = $1", [recorded[1]?.id]);
  expect(await verifyEvidence(pool, 'damaged')).toMatchObject({
    ok: false,
    brokenId: recorded[1]?.id,
    why: 'its content is not what was recorded',
  });
  await ownerPool.query('delete from evidence where id = $1', [recorded[1]?.id]);
  await ownerPool.query('alter table evidence enable trigger evidence_append_only');
  expect(await verifyEvidence(pool, 'damaged')).toMatchObject({ ok: false, brokenId: recorded[2]?.id });
  await expect(ownerPool.query("update evidence set verdict = 'pass'")).rejects.toThrow('append-only');
});

test('what a reset run says again is recorded beside what it said before, once', async () => {
  const first = await record(evidence('reset', 'venue', { runId: 'before-11111111' }));
  const anew = () => record(evidence('reset', 'venue', { runId: 'after-22222222', verdict: 'fail' }));
  const second = await anew();
  expect(second).toMatchObject({ stepKey: 'venue~22222222', verdict: 'fail', previousHash: first.hash });
  expect(await anew()).toEqual(second);
  expect(await verifyEvidence(database.pool, 'reset')).toMatchObject({ ok: true, count: 2 });
});
