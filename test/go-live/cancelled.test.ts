/** "Cancel" on going live: before it nothing is armed; after it people are told at once, and it is watched on. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEvidenceActivities } from '../../src/activities/create-emergency-activities.js';
import type { EvidenceActivities } from '../../src/contracts/evidence.js';
import type { GoLiveProgress } from '../../src/contracts/go-live.js';
import { goLiveId } from '../../src/domain/go-live-terms.js';
import { readAttempts } from '../../src/store/go-live-attempts.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import { holdActivity } from '../workflows/support/held.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import {
  ANNA,
  type Attempted,
  BERT,
  openApproval,
  review,
  startAttempt,
  vote,
  WAIT_MS,
} from './support/attempt.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const handleOf = ({ input }: Attempted) =>
  bench.client.workflow.getHandle(goLiveId(input.desk, input.release, 1));

async function told({ desk }: Attempted): Promise<{ title: string; severity: string; body: string }[]> {
  const found = await bench.database.pool.query(
    "select title, severity, body from notice where desk = $1 and fingerprint like 'cancelled:%' order by id",
    [desk.name],
  );
  return found.rows;
}

async function goLive(attempted: Attempted): Promise<void> {
  await review(attempted);
  await vote(attempted, ANNA);
  await vote(attempted, BERT);
  const { pool } = bench.database;
  await until(
    'live',
    async () => (await readAttempts(pool, attempted.desk.name))[0]?.state === 'live',
    WAIT_MS,
  );
}

/** An attempt whose evidence with this step is only on record once it is released. */
async function whileKept(step: string) {
  const kept = holdActivity('recordEvidenceBatch');
  const activities = {
    recordEvidenceBatch: async (...given: Parameters<EvidenceActivities['recordEvidenceBatch']>) => {
      if (given[1].some(({ stepKey }) => stepKey.startsWith(step))) await kept.after('recordEvidenceBatch');
      return createEvidenceActivities(bench.database.pool).recordEvidenceBatch(...given);
    },
  };
  return { attempted: await startAttempt(bench, { lookMs: 50 }, {}, activities), kept };
}

describe.concurrent('going live, cancelled', () => {
  it('while a person reviews: it is refused, and nothing is armed', async () => {
    const attempted = await startAttempt(bench);
    const { pool } = bench.database;
    await until('the review', async () => (await attempted.operations.listTasks()).length > 0, WAIT_MS);
    await handleOf(attempted).cancel();
    expect(await attempted.ended).toMatchObject({
      state: 'refused',
      detail: expect.stringMatching(/^cancelled/),
    });
    expect((await readAttempts(pool, attempted.desk.name))[0]).toMatchObject({ state: 'refused' });
    // Who did it all the same would wonder why the next attempt goes on waiting.
    expect(await attempted.operations.listTasks()).toMatchObject([
      {
        title: `Review the validation report before real money (${attempted.input.release}, attempt 1)`,
        ...{
          state: 'withdrawn',
          doneBy: 'fermata',
          note: expect.stringMatching(/^the attempt is over: cancelled/),
        },
      },
    ]);
    expect(await told(attempted)).toMatchObject([{ severity: 'warning' }]);
    expect(attempted.desk.trader.sent('goLive')).toEqual([]);
    await keepHistory(
      bench,
      'go-live-cancelled-in-review',
      goLiveId(attempted.input.desk, attempted.input.release, 1),
    );
  });

  it('while people are asked: the question is withdrawn, and nothing is armed', async () => {
    const attempted = await startAttempt(bench);
    await review(attempted);
    await openApproval(attempted);
    await handleOf(attempted).cancel();
    expect(await attempted.ended).toMatchObject({ state: 'refused' });
    expect((await attempted.operations.listApprovals()).map(({ state }) => state)).toEqual(['withdrawn']);
    expect(attempted.desk.trader.sent('goLive')).toEqual([]);
  });

  it('while it is live: people are told at once, it is watched on, and nothing larger is asked for', async () => {
    const attempted = await startAttempt(bench, { watchMs: 60_000, lookMs: 50 });
    await goLive(attempted);
    await handleOf(attempted).cancel();
    const [notice] = await until('the notice', async () => {
      const found = await told(attempted);
      return found.length > 0 ? found : null;
    });
    expect(notice).toMatchObject({ severity: 'critical', body: expect.stringMatching(/go-live --revoke/) });
    const looks = () => attempted.desk.trader.sent('status').length;
    const before = looks();
    await until('more looks', () => looks() > before + 2);
    expect((await readAttempts(bench.database.pool, attempted.desk.name))[0]).toMatchObject({
      state: 'live',
    });
    attempted.desk.trader.granted = null;
    expect(await attempted.ended).toMatchObject({ state: 'ended' });
    expect((await readAttempts(bench.database.pool, attempted.desk.name))[0]).toMatchObject({
      state: 'ended',
    });
    expect(attempted.desk.trader.sent('goLive')).toHaveLength(1);
    await keepHistory(
      bench,
      'go-live-cancelled-while-live',
      goLiveId(attempted.input.desk, attempted.input.release, 1),
    );
  });

  it('while a larger size is asked for: the question is withdrawn, and it is watched on', async () => {
    const attempted = await startAttempt(bench, { lookMs: 50 });
    await goLive(attempted);
    await openApproval(attempted);
    await handleOf(attempted).cancel();
    await until('the question to be withdrawn', async () =>
      (await attempted.operations.listApprovals()).some(({ state }) => state === 'withdrawn'),
    );
    const looks = () => attempted.desk.trader.sent('status').length;
    const before = looks();
    await until('more looks', () => looks() > before + 8);
    // Nothing is said of hours after which a larger size could be asked for.
    await until('no hours to be counted', async () => {
      const { phase, next, nextAtMs } = await handleOf(attempted).query<GoLiveProgress>('progress');
      return phase === 'ramp' && next === null && nextAtMs === null;
    });
    attempted.desk.trader.granted = null;
    expect(await attempted.ended).toMatchObject({ state: 'ended' });
    expect(attempted.desk.trader.sent('goLive')).toHaveLength(1);
  });

  it('after the approval of the start, before the trader is asked: nothing is armed', async () => {
    const { attempted, kept } = await whileKept('again.');
    await review(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    await kept.reached;
    await handleOf(attempted).cancel();
    await until('the notice', async () => (await told(attempted)).length > 0);
    kept.release();
    expect(await attempted.ended).toMatchObject({
      state: 'refused',
      detail: expect.stringMatching(/^cancelled/),
    });
    expect(await told(attempted)).toMatchObject([{ severity: 'warning' }]);
    expect(attempted.desk.trader.sent('goLive')).toEqual([]);
  });

  it('after the approval of a larger size, before the trader is asked: the size stays, and it is watched on', async () => {
    const { attempted, kept } = await whileKept('approval.1');
    await goLive(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    await kept.reached;
    await handleOf(attempted).cancel();
    await until('the notice', async () => (await told(attempted)).length > 0);
    kept.release();
    const looks = () => attempted.desk.trader.sent('status').length;
    const before = looks();
    await until('more looks', () => looks() > before + 8);
    attempted.desk.trader.granted = null;
    expect(await attempted.ended).toMatchObject({ state: 'ended' });
    expect(attempted.desk.trader.sent('goLive')).toHaveLength(1);
  });

  it('while the trader takes the approval: it is not said that nothing was armed, and it is watched', async () => {
    const held = holdActivity('moveGoLive');
    const attempted = await startAttempt(bench, { watchMs: 60_000, lookMs: 50 });
    await review(attempted);
    const { trader } = attempted.desk;
    const answer = trader.answer.bind(trader);
    trader.answer = async (method, params) => {
      const result = await answer(method, params);
      if (method === 'goLive') await held.after('moveGoLive');
      return result;
    };
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    await held.reached;
    await handleOf(attempted).cancel();
    await until('the notice', async () => (await told(attempted)).length > 0);
    held.release();
    expect(await told(attempted)).toMatchObject([{ severity: 'critical' }]);
    await until(
      'live',
      async () => (await readAttempts(bench.database.pool, attempted.desk.name))[0]?.state === 'live',
    );
    trader.granted = null;
    expect(await attempted.ended).toMatchObject({ state: 'ended' });
  });
});
