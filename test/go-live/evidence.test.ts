/** What is seen and decided together is kept together: few writes, and each entry once, in its order, whatever is lost. */
import { type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEvidenceActivities } from '../../src/activities/create-emergency-activities.js';
import type { EvidenceActivities } from '../../src/contracts/evidence.js';
import type { GoLiveInput, GoLiveProgress } from '../../src/contracts/go-live.js';
import { copiedHome, goLiveId } from '../../src/domain/go-live-terms.js';
import { verifyEvidence } from '../../src/store/evidence-rows.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import {
  ANNA,
  type Attempted,
  BERT,
  beginAttempt,
  CHECK_KEYS,
  liveBenchDesk,
  review,
  startAttempt,
  vote,
  WAIT_MS,
} from './support/attempt.js';

type Given = Parameters<EvidenceActivities['recordEvidenceBatch']>;

const DIES_AFTER_COMMIT = fileURLToPath(new URL('./support/dies-after-commit.mjs', import.meta.url));

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const keysOf = async ({ desk }: Attempted): Promise<string[]> =>
  (await desk.evidence('go-live')).map(({ step_key: key }) => key);

async function approve(attempted: Attempted): Promise<void> {
  await review(attempted);
  await vote(attempted, ANNA);
  await vote(attempted, BERT);
}

/** As a reader finds it: in the order of the procedure. */
async function expectWhole(attempted: Attempted): Promise<void> {
  const keys = await keysOf(attempted);
  expect(keys.filter((key) => !key.startsWith('checklist.'))).toEqual([
    ...CHECK_KEYS.map((key) => `pre-flight.${key}`),
    'review',
    'approval.0',
    ...CHECK_KEYS.map((key) => `again.${key}`),
    'first-period.fills',
    'first-period.state',
    'first-period.paper',
    'end',
  ]);
  const checklist = keys.filter((key) => key.startsWith('checklist.'));
  expect(new Set(checklist).size).toBe(8);
  expect(keys.indexOf('first-period.fills') - keys.indexOf(checklist[0] ?? '')).toBe(8);
  const proof = await verifyEvidence(bench.database.pool, attempted.desk.name);
  expect(proof).toMatchObject({ ok: true, count: keys.length });
}

/** A process that is killed once it has committed, as often as it is asked to. */
async function killedAfterCommit(...[run, steps]: Given) {
  const { host, port, database, appUser: user, appPassword: password } = bench.database;
  const options = { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] } satisfies ForkOptions;
  const child = endChildWithThisProcess(fork(DIES_AFTER_COMMIT, options));
  await once(child, 'message');
  const ended = once(child, 'exit');
  child.send({ connection: { host, port, database, user, password }, run, steps });
  expect(await ended).toEqual([null, 'SIGKILL']);
}

const startWriting = (record: EvidenceActivities['recordEvidenceBatch'], changes?: Partial<GoLiveInput>) =>
  startAttempt(bench, { ramp: [], ...changes }, {}, { recordEvidenceBatch: record });

const recordHere = (...given: Given) =>
  createEvidenceActivities(bench.database.pool).recordEvidenceBatch(...given);

const namesOf = ([, steps]: Given): string => steps.map(({ stepKey }) => stepKey).join();

describe.concurrent('the evidence of going live', () => {
  it.each([
    ['by the record of its halt', { copiedFrom: '/srv/fermata on alpha', reason: 'stopped by anna' }],
    [
      'by the words of an earlier build',
      { reason: `${copiedHome('/srv/fermata on alpha')}. Look at orders` },
    ],
  ])('has who reviewed what became of the home that this one was copied from, %s', async (_by, known) => {
    const desk = await liveBenchDesk(bench);
    desk.trader.halts = desk.trader.halts.map((halt) => ({ ...halt, ...known }));
    const attempted = { ...(await beginAttempt(bench, desk, { ramp: [] })), verdicts: {} };
    const [task] = await until('the review', async () => {
      const found = await attempted.operations.listTasks();
      return found.length > 0 && found;
    });
    expect(task?.detail).toMatch(/from \/srv\/fermata on alpha.*Write what you did about the desk there/);
    await approve(attempted);
    expect(await attempted.ended).toMatchObject({ state: 'completed' });
    const evidence = await desk.evidence('go-live');
    expect(evidence.find(({ step_key: key }) => key === 'checklist.other-home')).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/^reviewed by bert: this home was copied/),
    });
  });

  it('takes few writes, and is whole though the answer of each is lost once', async () => {
    const lost = new Set<string>();
    const attempted = await startWriting(async (...given) => {
      await recordHere(...given);
      if (lost.has(namesOf(given))) return;
      lost.add(namesOf(given));
      throw new Error('the answer was lost');
    });
    await approve(attempted);
    expect(await attempted.ended).toMatchObject({ state: 'completed' });
    await expectWhole(attempted);
    // Pre-flight, approval, everything again, the first period in two, the end.
    expect(lost.size).toBeLessThanOrEqual(6);
  });

  it('is whole where the process that wrote it is killed between commit and answer', async () => {
    const killed = new Set<string>();
    const attempted = await startWriting(async (...given) => {
      if (killed.has(namesOf(given))) return recordHere(...given);
      await killedAfterCommit(...given);
      killed.add(namesOf(given));
      throw new Error('killed');
    });
    await approve(attempted);
    expect(await attempted.ended).toMatchObject({ state: 'completed' });
    expect(killed.size).toBeGreaterThanOrEqual(5);
    await expectWhole(attempted);
  });

  it('is there before the trader is asked to trade real money', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isHeld = false;
    const attempted = await startWriting(async (...given) => {
      isHeld = namesOf(given).includes('again.');
      if (isHeld) await held;
      return recordHere(...given);
    });
    await approve(attempted);
    await until('everything looked at again', () => isHeld, WAIT_MS);
    await sleep(500);
    expect(attempted.desk.trader.sent('goLive')).toEqual([]);
    release();
    expect(await attempted.ended).toMatchObject({ state: 'completed' });
    expect(attempted.desk.trader.sent('goLive')).toHaveLength(1);
  });

  it.each([
    ['is refused for good', 60_000, ApplicationFailure.nonRetryable('not like this')],
    ['is not written in time', 500, new Error('Postgres is away')],
  ])('ends the attempt where it %s: nobody is asked, nothing is armed', async (_, recordMs, failure) => {
    let isAway = true;
    const attempted = await startWriting(
      (...given) => (isAway ? Promise.reject(failure) : recordHere(...given)),
      { recordMs },
    );
    const { operations, desk, input } = attempted;
    const progress = (): Promise<GoLiveProgress> =>
      bench.client.workflow.getHandle(goLiveId(input.desk, input.release, 1)).query('progress');
    await until('refused', async () => (await progress()).phase === 'refused', WAIT_MS);
    isAway = false;
    expect(await attempted.ended).toMatchObject({
      state: 'refused',
      detail: expect.stringMatching(/could not be kept as evidence/),
    });
    expect(await operations.listTasks()).toEqual([]);
    expect(desk.trader.sent('goLive')).toEqual([]);
  });
});
