/** "Reset" on going live: what is live by then is no refused attempt. Nothing trades real money unwatched. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { goLiveId } from '../../src/domain/go-live-terms.js';
import { readAttempts } from '../../src/store/go-live-attempts.js';
import { until } from '../support/eventually.js';
import { reset } from '../support/kill-matrix/buttons.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import { ANNA, BERT, openApproval, review, startAttempt, vote, WAIT_MS } from './support/attempt.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

it('reset while it is live, it is watched on, people are told, and nothing larger is asked for', async () => {
  const attempted = await startAttempt(bench, { watchMs: 60_000, lookMs: 50 });
  const { pool } = bench.database;
  const { desk, input } = attempted;
  const workflowId = goLiveId(input.desk, input.release, 1);
  const attempt = async () => (await readAttempts(pool, desk.name))[0];
  await review(attempted);
  await vote(attempted, ANNA);
  await vote(attempted, BERT);
  await until('live', async () => (await attempt())?.state === 'live', WAIT_MS);
  await reset(bench, workflowId);
  const [notice] = await until(
    'the notice',
    async () => {
      const found = await pool.query(
        "select severity, title, body from notice where desk = $1 and fingerprint like 'live-before:%'",
        [desk.name],
      );
      return found.rowCount ? found.rows : null;
    },
    WAIT_MS,
  );
  expect(notice).toMatchObject({ severity: 'critical', body: expect.stringMatching(/go-live --revoke/) });
  expect(await attempt()).toMatchObject({ state: 'live' });
  const looks = () => desk.trader.sent('status').length;
  const before = looks();
  await until('more looks', () => looks() > before + 4);
  desk.trader.granted = null;
  const handle = bench.client.workflow.getHandle(workflowId);
  expect(await handle.result()).toMatchObject({ state: 'ended' });
  expect(await attempt()).toMatchObject({ state: 'ended' });
  expect(desk.trader.sent('goLive')).toHaveLength(1);
  expect((await attempted.operations.listApprovals()).map(({ state }) => state)).toEqual(['approved']);
  await keepHistory(bench, 'go-live-reset-while-live', workflowId);
});

it.each(['for the first time', 'again'])(
  'reset while a larger size is asked for %s, it withdraws that question and watches on',
  async (when) => {
    const attempted = await startAttempt(bench, { lookMs: 50 });
    const { desk, input, operations } = attempted;
    const workflowId = goLiveId(input.desk, input.release, 1);
    await review(attempted);
    await vote(attempted, ANNA);
    await vote(attempted, BERT);
    const title = `Size step 1 on ${desk.name}`;
    const larger = async () => {
      const asked = await openApproval(attempted);
      return asked.title === title && (when === 'again') === asked.id.includes(':again-') ? asked : null;
    };
    if (when === 'again') {
      const first = () => operations.listApprovals().then((all) => all.some((one) => one.title === title));
      await until('the first question', first, WAIT_MS);
      await vote(attempted, ANNA, 'reject');
    }
    const { id, parametersHash } = await until('the larger size', larger, WAIT_MS);
    await reset(bench, workflowId);
    const question = async () => (await operations.listApprovals()).find((one) => one.id === id);
    await until('its end', async () => (await question())?.state !== 'open', WAIT_MS);
    expect(await question()).toMatchObject({
      state: 'withdrawn',
      outcome: expect.stringMatching(/begun anew/),
    });
    const handle = bench.client.workflow.getHandle(workflowId);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    const late = { approval: id, choice: 'approve', parametersHash, reason: 'r' } as const;
    expect(await operations.castVote(BERT, late)).toMatchObject({ ok: false });
    desk.trader.granted = null;
    expect(await handle.result()).toMatchObject({ state: 'ended' });
    expect(desk.trader.sent('goLive')).toHaveLength(1);
    await keepHistory(bench, 'go-live-reset-while-asked', workflowId);
  },
);
