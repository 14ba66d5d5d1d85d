/** Growing with real money: only from results that are as expected, for as long as that takes. */

import { ApplicationFailure } from '@temporalio/activity';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Expectation, GoLiveInput, GoLiveProgress, LiveFills } from '../../src/contracts/go-live.js';
import { goLiveId } from '../../src/domain/go-live-terms.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import {
  type ShortHistoryServer,
  startShortHistoryServer,
} from '../workflows/support/short-history-server.js';
import { ANNA, type Attempted, BERT, review, startAttempt, vote, WAIT_MS } from './support/attempt.js';

const EVENTS = 60;
const AS_ORDERED: LiveFills = { fills: 3, trades: 1, wins: 1, netProfit: '1.00', problems: [] };
const AS_ON_PAPER: Expectation = { verdict: 'pass', observed: 'win rate 60 %', expected: 'as on paper' };

let server: ShortHistoryServer;
let bench: Bench;
beforeAll(async () => {
  server = await startShortHistoryServer(EVENTS);
  bench = await openBench(null, server.address);
});
afterAll(async () => {
  await bench?.close();
  await server?.stop();
});

interface Results {
  fills: LiveFills;
  paper: Expectation;
}

/** Live, with results that the test sets. */
async function live(results: Results, changes: Partial<GoLiveInput> = {}): Promise<Attempted> {
  const attempted = await startAttempt(
    bench,
    changes,
    {},
    {
      readLiveFills: async () => results.fills,
      compareWithPaper: async () => results.paper,
    },
  );
  await review(attempted);
  await vote(attempted, ANNA);
  await vote(attempted, BERT);
  await until('live', () => attempted.desk.trader.granted, WAIT_MS);
  return attempted;
}

const handleOf = ({ input }: Attempted) =>
  bench.client.workflow.getHandle(goLiveId(input.desk, input.release, 1));

async function toldOf({ desk }: Attempted): Promise<readonly string[]> {
  const found = await bench.database.pool.query<{ title: string; body: string }>(
    'select title, body from notice where desk = $1 order by id',
    [desk.name],
  );
  return found.rows.map(({ title, body }) => `${title}\n${body}`);
}

async function watchesOf({ desk }: Attempted): Promise<number> {
  const evidence = await desk.evidence('go-live');
  return evidence.filter(({ step_key: key }) => /^ramp\..*\.state$/.test(key)).length;
}

const openQuestions = async ({ operations }: Attempted) =>
  (await operations.listApprovals()).filter(({ state }) => state === 'open').length;

it('tells of a fill that is not as ordered while it watches, and asks for no larger size until it is clean', async () => {
  const wrong = { ...AS_ORDERED, problems: ['BTC/USDT fill 7: on the other side than ordered'] };
  const results: Results = { fills: wrong, paper: AS_ON_PAPER };
  const attempted = await live(results, { watchMs: 5_000 });
  await until(
    'the alert',
    async () => (await toldOf(attempted)).some((text) => /fill 7/.test(text)),
    WAIT_MS,
  );
  const evidence = await attempted.desk.evidence('go-live');
  expect(evidence.some(({ step_key: key }) => key === 'first-period.fills')).toBe(false);
  await until(
    'a second clean period that is not clean',
    async () => (await watchesOf(attempted)) >= 2,
    WAIT_MS,
  );
  expect(await openQuestions(attempted)).toBe(0);
  results.fills = AS_ORDERED;
  await vote(attempted, ANNA);
  await vote(attempted, BERT);
  expect(await attempted.ended).toEqual({ state: 'completed', detail: 'every step was taken: 1 size steps' });
  expect(attempted.desk.trader.sent('goLive')).toHaveLength(2);
  expect(
    (await attempted.desk.evidence('go-live')).find(({ step_key: key }) => key === 'first-period.fills'),
  ).toMatchObject({ verdict: 'fail', observed: wrong.problems[0] });
});

it('asks for no larger size after a halt that was lifted before anybody looked', async () => {
  const halted = { ...AS_ORDERED, halts: ['halted 2026-01-05T10:01:00.000Z: the trader started'] };
  const results: Results = { fills: halted, paper: AS_ON_PAPER };
  const attempted = await live(results);
  await until('a second period with a halt', async () => (await watchesOf(attempted)) >= 2, WAIT_MS);
  expect(await openQuestions(attempted)).toBe(0);
  expect((await toldOf(attempted)).join()).toMatch(
    /watched, and not all as expected[\s\S]*halted 2026-01-05T10:01:00.000Z: the trader started/,
  );
  results.fills = AS_ORDERED;
  await until('the question', async () => (await openQuestions(attempted)) === 1, WAIT_MS);
  await handleOf(attempted).terminate();
});

it('asks for no larger size after clean hours in which nothing was traded, until there are enough trades in them', async () => {
  const none: LiveFills = { ...AS_ORDERED, fills: 0, trades: 0, wins: 0, netProfit: '0' };
  const results: Results = { fills: none, paper: { ...AS_ON_PAPER, verdict: 'not_run' } };
  const ramp = [{ afterMs: 3_000, minTrades: 2, maxPositionSizePct: 6, maxConcurrentPositions: 5 }];
  const attempted = await live(results, { ramp });
  const handle = handleOf(attempted);
  const next = async () => (await handle.query<GoLiveProgress>('progress')).next;
  const begun = await until('the hours begin', next, WAIT_MS);
  const told = await until(
    'people are told',
    async () => (await toldOf(attempted)).find((text) => text.includes('too few trades')),
    WAIT_MS,
  );
  expect(told).toMatch(/0 of 2 closed trades since [\s\S]*size step 1 is asked for once there are enough/);
  results.fills = AS_ORDERED;
  const seen = await until(
    'the trade is seen',
    async () => ((await next())?.trades === 1 ? next() : null),
    WAIT_MS,
  );
  expect(seen).toMatchObject({ step: 1, size: { maxPositionSizePct: 6 }, cleanMs: 3_000, minTrades: 2 });
  expect(await openQuestions(attempted)).toBe(0);
  // Of the same hours: a trade that was closed in them counts on, whatever came between.
  expect(seen?.cleanSinceMs).toBe(begun?.cleanSinceMs);
  expect((await next())?.cleanSinceMs).toBe(seen?.cleanSinceMs);
  results.fills = { ...AS_ORDERED, trades: 2 };
  await until('the question', async () => (await openQuestions(attempted)) === 1, WAIT_MS);
  await keepHistory(bench, 'go-live-lacks-trades', handle.workflowId);
  await handle.terminate();
});

it('tells of every problem, however many there were before', async () => {
  const problems = Array.from({ length: 21 }, (_, at) => `BTC/USDT fill ${at}: on the other side`);
  const results: Results = { fills: { ...AS_ORDERED, problems }, paper: AS_ON_PAPER };
  const attempted = await live(results, { watchMs: WAIT_MS });
  const isTold = (fill: number) =>
    until(
      `fill ${fill} to be told`,
      async () => (await toldOf(attempted)).some((text) => text.includes(`fill ${fill}:`)),
      WAIT_MS,
    );
  await isTold(20);
  results.fills = { ...AS_ORDERED, problems: [...problems, 'BTC/USDT fill 21: on the other side'] };
  await isTold(21);
  const about = (await toldOf(attempted)).filter((text) => text.includes('fill 20:'));
  expect(about).toHaveLength(1);
  await handleOf(attempted).terminate();
});

it('is watched while people are asked for a larger size: what is wrong is told, and its end ends the question', async () => {
  const results: Results = { fills: AS_ORDERED, paper: AS_ON_PAPER };
  const attempted = await live(results);
  await until('the question', async () => (await openQuestions(attempted)) === 1, WAIT_MS);
  results.fills = { ...AS_ORDERED, problems: ['BTC/USDT fill 9: on the other side than ordered'] };
  await until(
    'the alert',
    async () => (await toldOf(attempted)).some((text) => /fill 9/.test(text)),
    WAIT_MS,
  );
  await attempted.operations.revokeGoLive(ANNA, { reason: 'odd fills' });
  expect(await attempted.ended).toMatchObject({
    state: 'ended',
    detail: expect.stringContaining('no longer in force'),
  });
  expect(await openQuestions(attempted)).toBe(0);
  await keepHistory(bench, 'go-live-watched-while-asked', handleOf(attempted).workflowId);
});

it('grows only from results that are as on paper, over as many runs as the waiting takes', async () => {
  const worse: Expectation = { verdict: 'warn', observed: 'win rate 20 %', expected: 'win rate 55 %' };
  const results: Results = { fills: AS_ORDERED, paper: worse };
  const attempted = await live(results);
  const handle = handleOf(attempted);
  const { runId: first } = await handle.describe();
  const runs = new Set([first]);
  await until('a third run', async () => runs.add((await handle.describe()).runId).size >= 3, WAIT_MS);
  expect(await handle.query<GoLiveProgress>('progress')).toMatchObject({
    phase: 'ramp',
    size: { maxPositionSizePct: 3, maxConcurrentPositions: 3 },
  });
  expect(await openQuestions(attempted)).toBe(0);
  const told = await until('people are told', async () => {
    const all = (await toldOf(attempted)).join();
    return all.includes('watched, and not all as expected') && all;
  });
  expect(told).toContain('warn: win rate 20 %');
  // Of the first period neither: every watch so far was worse than paper.
  expect(told).not.toContain('watched, and all as expected');
  results.paper = AS_ON_PAPER;
  await vote(attempted, ANNA);
  await vote(attempted, BERT);
  expect(await attempted.ended).toMatchObject({ state: 'completed' });
  expect(attempted.desk.trader.sent('goLive')).toMatchObject([
    { proposal: { step: 0 } },
    { proposal: { step: 1, size: { maxPositionSizePct: 6 } } },
  ]);
  const evidence = await attempted.desk.evidence('go-live');
  expect(evidence.find(({ step_key: key }) => key === 'first-period.paper')).toMatchObject({
    verdict: 'warn',
    observed: 'win rate 20 %',
  });
  const keys = evidence.map(({ step_key: key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  for (const once of ['approval.0', 'first-period.paper', 'approval.1', 'end']) expect(keys).toContain(once);
  // What a run may have behind it: one that moved, and one that goes on with what it had carried over.
  await keepHistory(bench, 'go-live-ramp-moved', handle.workflowId, first);
  await keepHistory(bench, 'go-live-ramp-carried-over', handle.workflowId);
});

it('says so where the results can’t be verified, stays live, and goes on watching', async () => {
  let isBroken = true;
  const attempted = await startAttempt(
    bench,
    {},
    {},
    {
      readLiveFills: async () => AS_ORDERED,
      compareWithPaper: async () => {
        if (isBroken) throw ApplicationFailure.nonRetryable('the disk is gone');
        return AS_ON_PAPER;
      },
    },
  );
  await review(attempted);
  await vote(attempted, ANNA);
  await vote(attempted, BERT);
  const isTold = async () =>
    (await toldOf(attempted)).some((text) => /not verified: the disk is gone/.test(text));
  await until('the alert', isTold, WAIT_MS);
  isBroken = false;
  await vote(attempted, ANNA);
  await vote(attempted, BERT);
  expect(await attempted.ended).toMatchObject({ state: 'completed' });
});
