import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NO_REASON } from '../../src/domain/plain-text.js';
import type { Caller } from '../../src/operations/operation.js';
import type { ResumeRequest } from '../../src/operations/resume-trading.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { HALT_ID } from '../support/scripted-trader.js';
import { scriptedStatus } from '../support/trader-status.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

let database: TestDatabase;
let web: WebUnderTest;
let token: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.ownerPool.query('truncate idempotency');
  await begin(database.pool);
});
afterEach(() => web.stop());

async function begin(pool: TestDatabase['pool'] | null): Promise<void> {
  web = await startWebUnderTest(pool);
  token = (await web.signIn()).accessToken;
}

const press = (button: string, body: unknown, key?: string): Promise<Response> =>
  web.call('POST', `/api/emergency/${button}`, {
    token,
    body,
    headers: key === undefined ? {} : { 'idempotency-key': key },
  });
const received = (method: string) => web.trader.calls.filter((call) => call.method === method);

describe('the stop button', () => {
  it('stops, and says what was proven', async () => {
    const answer = await press('stop', { reason: 'test' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ ok: true, proven: true, haltId: HALT_ID });
    expect(received('stop')).toMatchObject([{ params: { by: 'operator', reason: 'test' } }]);
  });

  it('needs neither a reason nor a body', async () => {
    expect((await web.call('POST', '/api/emergency/stop', { token })).status).toBe(200);
    expect((await press('stop', {})).status).toBe(200);
    expect(received('stop')).toHaveLength(2);
  });

  const LONG = 'x'.repeat(10_000);
  it.each([
    ['a reason of 10 KB', 'application/json', JSON.stringify({ reason: LONG }), LONG.slice(0, 500)],
    ['a reason of another kind', 'application/json', '{"reason":7}', NO_REASON],
    ['members that nobody knows', 'application/json', '{"reason":"odd","why":1}', 'odd'],
    ['a list', 'application/json', '[]', NO_REASON],
    ['what is no JSON', 'application/json', '{"reason":', '{"reason":'],
    ['a form', 'application/x-www-form-urlencoded', 'reason=odd+prices', 'odd prices'],
    ['an empty form', 'application/x-www-form-urlencoded', '', NO_REASON],
    ['words', 'text/plain', ' odd prices ', 'odd prices'],
    ['a type that is none', 'much/too/much', 'odd prices', 'odd prices'],
    ['a body larger than any other may be', 'text/plain', 'y'.repeat(200_000), 'y'.repeat(500)],
  ])('is carried out with %s', async (_what, type, body, reason) => {
    const answer = await web.call('POST', '/api/emergency/stop', {
      token,
      body,
      headers: { 'content-type': type, 'idempotency-key': `much too long${'x'.repeat(300)}` },
    });
    expect([answer.status, await answer.json()]).toMatchObject([200, { proven: true }]);
    expect(received('stop')).toMatchObject([{ params: { reason } }]);
  });

  it('is carried out every time, with a key too; the answer to the same request stays the same', async () => {
    const first = await press('stop', { reason: 'test' }, 'key-1');
    const second = await press('stop', { reason: 'test' }, 'key-1');
    expect(await second.json()).toEqual(await first.json());
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(received('stop')).toHaveLength(2);
    const ids = received('stop').map(({ params }) => params.commandId);
    expect(new Set(ids).size).toBe(2);
  });

  it('is carried out under a key that stands for another request, and the conflict is told', async () => {
    await press('stop', { reason: 'one' }, 'key-1');
    const conflict = await press('stop', { reason: 'two' }, 'key-1');
    expect(conflict.status).toBe(409);
    expect(await conflict.json()).toMatchObject({ keptSafe: expect.stringContaining('WAS carried out') });
    expect(received('stop')).toHaveLength(2);
  });

  it('works while the database is down', async () => {
    await web.stop();
    await begin(null);
    expect((await press('stop', { reason: 'test' }, 'key-1')).status).toBe(200);
    expect((await press('stop', { reason: 'test' }, 'key-1')).status).toBe(200);
    expect(received('stop')).toHaveLength(2);
  });

  it('tells what is kept safe and what to do where the trader does not answer', async () => {
    await web.trader.stop();
    const answer = await press('stop', { reason: 'test' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({
      title: 'The stop was not carried out',
      keptSafe: expect.any(String),
      doThis: expect.stringContaining('fermata stop'),
    });
  });
});

describe('close all and resume', () => {
  it('carry the same keyed request out once', async () => {
    const [first, second] = await Promise.all([
      press('close-all', { reason: 'test' }, 'key-2'),
      press('close-all', { reason: 'test' }, 'key-2'),
    ]);
    const third = await press('close-all', { reason: 'test' }, 'key-2');
    const answers = await Promise.all([first, second, third].map((answer) => answer.json()));
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ ok: true, proven: true });
    expect(received('closeAll')).toMatchObject([{ params: { by: 'operator', reason: 'test' } }]);
    expect(received('kill')).toEqual([]);
    // Another person's request is another one, whatever key it has.
    const { accessToken } = await web.signIn('anna');
    const headers = { 'idempotency-key': 'key-2' };
    const body = { reason: 'test' };
    await web.call('POST', '/api/emergency/close-all', { token: accessToken, body, headers });
    const [own, others] = received('closeAll').map(({ params }) => params);
    expect(others).toMatchObject({ by: 'anna', reason: 'test' });
    expect(others?.commandId).not.toBe(own?.commandId);
  });

  it('kill the desk where the close-all says so: a key stands for the one or the other', async () => {
    const answer = await press('close-all', { reason: 'test', kill: true }, 'key-7');
    expect(await answer.json()).toMatchObject({ ok: true, proven: true });
    expect((await press('close-all', { reason: 'test' }, 'key-7')).status).toBe(409);
    expect(received('kill')).toHaveLength(1);
    expect(received('closeAll')).toHaveLength(0);
    expect((await press('close-all', { kill: 'yes' })).status).toBe(400);
  });

  it('refuse the key with another body, and do nothing', async () => {
    await press('close-all', { reason: 'one' }, 'key-3');
    expect((await press('close-all', { reason: 'two' }, 'key-3')).status).toBe(409);
    expect((await press('resume', { reason: 'one' }, 'key-3')).status).toBe(409);
    expect(received('closeAll')).toHaveLength(1);
    expect(received('arm')).toHaveLength(0);
  });

  it('remember a key across a restart of the web server', async () => {
    const before = await (await press('close-all', { reason: 'test' }, 'key-4')).json();
    await expect
      .poll(async () => (await database.pool.query('select 1 from idempotency where status = 200')).rowCount)
      .toBe(1);
    await web.stop();
    await begin(database.pool);
    expect(await (await press('close-all', { reason: 'test' }, 'key-4')).json()).toEqual(before);
    expect(received('closeAll')).toHaveLength(0);
  });

  it('are carried out again under a key of days ago', async () => {
    await press('close-all', { reason: 'the weekend' }, 'friday');
    web.clock.aheadMs = 7 * 86_400_000;
    token = (await web.signIn()).accessToken;
    await expect
      .poll(async () => (await database.pool.query('select 1 from idempotency where status = 200')).rowCount)
      .toBe(1);
    await database.pool.query("update idempotency set created = now() - interval '7 days'");
    const again = await press('close-all', { reason: 'the weekend' }, 'friday');
    expect(again.headers.get('idempotency-replayed')).toBeNull();
    expect(received('closeAll')).toHaveLength(2);
  });

  it('let a refused request be tried again with its key', async () => {
    const refused = await press('resume', { reason: 'test' }, 'key-5');
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({
      title: 'Trading was not resumed',
      detail: expect.stringContaining('not halted'),
      doThis: 'Clear what is named, then resume again.',
    });
    web.trader.status = scriptedStatus({ mode: 'HALTED', haltId: HALT_ID });
    expect((await press('resume', { reason: 'test' }, 'key-5')).status).toBe(200);
    expect(received('arm')).toMatchObject([{ params: { haltId: HALT_ID } }]);
  });

  it.each(['close-all', 'resume'])(
    '%s waits for no reason, and cuts one that is too long',
    async (button) => {
      const halted = scriptedStatus({ mode: 'HALTED', haltId: HALT_ID });
      const method = button === 'resume' ? 'arm' : 'closeAll';
      const given = [{ reason: null }, { reason: '' }, { reason: 7 }, { reason: 'x'.repeat(501) }];
      for (const body of given) {
        web.trader.status = halted;
        expect((await press(button, body)).status).toBe(200);
      }
      web.trader.status = halted;
      const empty = { 'content-type': 'application/x-www-form-urlencoded' };
      const form = await web.call('POST', `/api/emergency/${button}`, { token, body: '', headers: empty });
      expect(form.status).toBe(200);
      const reasons = received(method).map(({ params }) => params.reason);
      expect(reasons).toEqual([NO_REASON, NO_REASON, NO_REASON, 'x'.repeat(500), NO_REASON]);
    },
  );

  it('resume without a body, as the runbook’s own command does, and keep that no reason was given', async () => {
    web.trader.status = scriptedStatus({ mode: 'HALTED', haltId: HALT_ID });
    expect((await web.call('POST', '/api/emergency/resume', { token })).status).toBe(200);
    expect(received('arm')).toMatchObject([{ params: { haltId: HALT_ID, reason: 'no reason given' } }]);
  });
});

describe('the size to go on with', () => {
  const asked: ResumeRequest[] = [];
  beforeEach(async () => {
    await web.stop();
    asked.length = 0;
    const resumeTrading = async (_caller: Caller, request: ResumeRequest) => {
      asked.push(request);
      return { ok: true, proven: true, detail: 'armed', haltId: null, workflowId: null, problems: [] };
    };
    web = await startWebUnderTest(database.pool, {}, { resumeTrading });
    token = (await web.signIn()).accessToken;
  });

  it('is what the request says; left out, it stays as it is', async () => {
    expect((await press('resume', { reason: 'calmer', sizePct: 50 })).status).toBe(200);
    expect((await press('resume', { sizePct: 100 })).status).toBe(200);
    expect((await press('resume', { reason: 'calm' })).status).toBe(200);
    expect(asked).toMatchObject([
      { reason: 'calmer', sizePct: 50 },
      { reason: null, sizePct: 100 },
      { reason: 'calm', sizePct: undefined },
    ]);
  });

  it('comes with the halt that was shown; left out, it is the one in force', async () => {
    // With real money the signature of the person goes with it.
    await press('resume', { haltId: HALT_ID, signature: 'of operator' });
    await press('resume', {});
    expect(asked).toMatchObject([
      { halt: HALT_ID, signature: 'of operator' },
      { halt: undefined, signature: undefined },
    ]);
    expect((await press('resume', { haltId: '' })).status).toBe(400);
  });

  it.each([0, 101, 12.5, '50', null])('is refused as %j, by name', async (sizePct) => {
    const answer = await press('resume', { sizePct });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('`sizePct`: expected') });
    expect(asked).toEqual([]);
  });

  it('is accepted, and not said to be in force, where it waits for another person', async () => {
    await web.stop();
    const waits = { ok: true, proven: false, detail: 'waits for 1 more', haltId: HALT_ID };
    const resumeTrading = async () => ({ ...waits, workflowId: null, problems: [] });
    web = await startWebUnderTest(database.pool, {}, { resumeTrading });
    token = (await web.signIn()).accessToken;
    const answer = await press('resume', {});
    expect([answer.status, await answer.json()]).toMatchObject([202, waits]);
  });

  it('belongs to what a key stands for, and is no part of closing', async () => {
    await press('resume', { sizePct: 50 }, 'key-6');
    expect((await press('resume', { sizePct: 60 }, 'key-6')).status).toBe(409);
    expect(asked).toHaveLength(1);
    expect((await press('close-all', { sizePct: 50 })).status).toBe(400);
  });
});

describe('the state of an emergency', () => {
  it('shows mode, halts and what is still open', async () => {
    const halt = {
      haltId: HALT_ID,
      mode: 'HALTED',
      cause: 'person',
      by: 'anna',
      reason: 'stopped by anna: news',
      resume: 'person',
      scope: { kind: 'desk' },
      atMarketMs: Date.UTC(2026, 0, 5, 14, 31),
      atWallMs: Date.UTC(2026, 0, 5, 9, 31),
    } as never;
    web.trader.status = scriptedStatus({
      ...{ mode: 'HALTED', reason: 'stopped by anna: news', haltId: HALT_ID, halts: [halt] },
      ...{ entriesWorking: 1, openPositions: 3, openOrders: 4, closeAll: 'running' },
    });
    const state = async () => (await web.call('GET', '/api/emergency', { token })).json();
    await expect.poll(state).toMatchObject({
      ...{ tradingHalted: true, mode: 'HALTED', haltId: HALT_ID, reason: 'stopped by anna: news' },
      halts: [{ haltId: HALT_ID, by: 'anna', reason: 'stopped by anna: news', resume: 'person' }],
      ...{ entriesWorking: 1, openPositions: 3, openOrders: 4, closeAll: 'running' },
    });
    web.trader.status = scriptedStatus({ mode: 'KILLED' });
    await expect.poll(state).toMatchObject({ tradingHalted: true, mode: 'KILLED' });
    web.trader.status = scriptedStatus();
    await expect
      .poll(state)
      .toMatchObject({ tradingHalted: false, mode: 'ACTIVE', halts: [], entriesWorking: 1 });
  });
});
