/** Each endpoint of the runbook: who may, what comes, what is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyticsSchema } from '../../src/api/schemas/analytics.js';
import { auditSchema } from '../../src/api/schemas/records.js';
import { settingsSchema } from '../../src/api/schemas/settings.js';
import type { SettingsRequest, SettingsResult } from '../../src/operations/settings/change-settings.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { scriptedPeople } from './scripted-people.js';
import { DESK, startWebUnderTest, type WebUnderTest } from './web-under-test.js';

const START = '2026-01-05T10:00:00Z';
let database: TestDatabase;
let web: WebUnderTest;
const tokens: Record<string, string> = {};
const asked: SettingsRequest[] = [];
let answers: Partial<SettingsResult> = {};

const RESULT: SettingsResult = {
  state: 'applied',
  detail: 'settings version 1',
  changes: [],
  loosening: [],
  version: 1,
  configHash: 'c0ffee',
  approvalId: null,
  workflowId: null,
  problems: [],
};

const { readSettings = () => Promise.reject(new Error('not scripted')) } = scriptedPeople({
  changed: asked,
  votes: [],
});

beforeAll(async () => {
  database = await createTestDatabase();
  await fill(database);
  web = await startWebUnderTest(
    database.pool,
    {},
    {
      readSettings,
      changeSettings: async (_caller, request) => {
        asked.push(request);
        return { ...RESULT, ...answers };
      },
    },
  );
  for (const person of ['operator', 'vera', 'otto', 'anna'])
    tokens[person] = (await web.signIn(person)).accessToken;
});
afterAll(async () => {
  await web.stop();
  await database.drop();
});

async function fill({ ownerPool }: TestDatabase): Promise<void> {
  const fills: readonly (readonly [string, number, string, string, number, number])[] = [
    ['BTC/USDT', 1, 'buy', '2', 0, 1],
    ['BTC/USDT', 2, 'sell', '1', 10, 1],
    ['BTC/USDT', 3, 'sell', '1', 10, 1],
    ['ETH/USDT', 4, 'buy', '5', 0, 1],
    ['ETH/USDT', 5, 'sell', '5', -4, 1],
    ['ETH/USDT', 6, 'buy', '5', 0, 1],
  ];
  for (const [symbol, n, side, quantity, realised, fee] of fills) {
    await ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       values ($1, $2, $3::text, 'f' || $3, $4, $5, 100, $6, 'maker', 'entry', 'ema-cross', $7, true,
         $8::timestamptz + $3::int * interval '1 minute', now(), 'abc', $3::int)`,
      [DESK, symbol, n, side, quantity, fee, realised, START],
    );
  }
  await ownerPool.query(
    `insert into equity select $1, $2::timestamptz + n * interval '30 minutes', e, 10100, 9000, 0, true
     from (values (0, 10000), (1, 10100), (2, 9999), (3, 9898), (4, 10000)) points (n, e)`,
    [DESK, START],
  );
  await ownerPool.query(
    `insert into audit (desk, person, via, action, parameters, outcome, wall)
     select $1, case when n % 2 = 0 then 'otto' else 'anna' end, case when n % 3 = 0 then 'telegram' else 'web' end,
       case when n % 4 = 0 then 'stop' else 'resume' end, '{"reason":"r"}', 'proven',
       $2::timestamptz + n * interval '1 hour' + interval '0.4 milliseconds'
     from generate_series(1, 24) n`,
    [DESK, START],
  );
}

const call = (method: string, path: string, person: string | null, body?: unknown) =>
  web.call(method, path, {
    ...(person === null ? {} : { token: tokens[person] as string }),
    ...(body === undefined ? {} : { body }),
  });

async function read<T>(path: string, person = 'vera'): Promise<T> {
  const answer = await call('GET', path, person);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

const READING = [
  ...['/api/status', '/api/trades', '/api/portfolio', '/api/positions', '/api/strategies', '/api/analytics'],
  ...[
    '/api/audit',
    '/api/emergency',
    '/api/reconciliation',
    '/api/approvals',
    '/api/tasks',
    '/api/validations',
    '/api/incidents',
    '/api/preflight',
    '/api/golive',
  ],
];

describe('reading', () => {
  it.each(READING)('%s takes a signed-in person of any role', async (path) => {
    expect((await call('GET', path, null)).status).toBe(401);
    expect((await call('GET', path, 'vera')).status).toBe(200);
  });
});

describe('changing something', () => {
  const STOP = ['POST', '/api/emergency/stop', {}] as const;
  const CLOSE = ['POST', '/api/emergency/close-all', {}] as const;
  const RESUME = ['POST', '/api/emergency/resume', { reason: 'test' }] as const;
  const TOGGLE = ['POST', '/api/strategies/ema-cross/toggle', { enabled: false, reason: 'test' }] as const;
  const SETTINGS = ['PUT', '/api/settings', { values: { 'risk.stopLossPct': 4 }, reason: 'test' }] as const;
  const OPEN = ['POST', '/api/incidents', { title: 'odd fills' }] as const;
  const HAVE = ['POST', '/api/incidents/venue-down/acknowledge', { note: 'looking' }] as const;
  const OVER = ['POST', '/api/incidents/venue-down/resolve', { note: 'was nothing' }] as const;
  const GO_LIVE = ['POST', '/api/golive', { reason: 'test' }] as const;
  const REVOKE = ['POST', '/api/golive/revoke', { reason: 'test' }] as const;
  const DONE = ['POST', '/api/tasks/7/done', { note: 'test' }] as const;
  it.each([
    [STOP, { vera: 403, otto: 200, anna: 200 }],
    [CLOSE, { vera: 403, otto: 200, anna: 200 }],
    [RESUME, { vera: 403, otto: 403, anna: 200 }],
    [TOGGLE, { vera: 403, otto: 200, anna: 403 }],
    [SETTINGS, { vera: 403, otto: 200, anna: 403 }],
    [OPEN, { vera: 403, otto: 200, anna: 200 }],
    [HAVE, { vera: 403, otto: 200, anna: 200 }],
    [OVER, { vera: 403, otto: 200, anna: 200 }],
    [GO_LIVE, { vera: 403, otto: 409, anna: 403 }],
    [REVOKE, { vera: 403, otto: 200, anna: 200 }],
    [DONE, { vera: 403, otto: 404, anna: 403 }],
  ])('%j is for the roles that may', async ([method, path, body], expected) => {
    expect((await call(method, path, null, body)).status).toBe(401);
    for (const [person, status] of Object.entries(expected)) {
      expect((await call(method, path, person, body)).status, person).toBe(status);
    }
  });

  it('is refused with who could do it instead', async () => {
    const answer = await call(...(STOP.slice(0, 2) as ['POST', string]), 'vera', {});
    expect(await answer.json()).toMatchObject({
      type: 'urn:fermata:problem:role-missing',
      detail: 'vera may not do this: it takes the role operator or approver.',
    });
  });
});

describe('going live', () => {
  it('is refused with everything that is missing, and takes a reason', async () => {
    const answer = await call('POST', '/api/golive', 'otto', { reason: 'the validation was good' });
    expect(await answer.json()).toMatchObject({
      detail: 'Going live is not possible yet. · Stop-loss: 0 (expected: > 0)',
      obstacles: ['Stop-loss: 0 (expected: > 0)'],
    });
    expect((await call('POST', '/api/golive', 'otto', {})).status).toBe(400);
  });
});

describe('status', () => {
  it('says running or stopped', async () => {
    const running = await read<{ status: string; mode: string }>('/api/status');
    expect(running.status).toBe(running.mode === 'ACTIVE' ? 'running' : 'stopped');
    await call('POST', '/api/emergency/stop', 'otto', { reason: 'test' });
    expect(await read('/api/status')).toMatchObject({ status: 'stopped', mode: 'HALTED' });
  });
});

describe('health', () => {
  it('answers containers and monitoring without sign-in: healthy, degraded, unhealthy with 503', async () => {
    const components = { trader: 'up', marketData: 'up', database: 'up', temporal: 'up' };
    let isTemporalUp = true;
    const other = await startWebUnderTest(database.pool, { temporalAnswers: async () => isTemporalUp });
    const health = async () => {
      other.clock.aheadMs += 60_000;
      const answer = await other.call('GET', '/health');
      return [answer.status, await answer.json()];
    };
    try {
      await expect.poll(health).toEqual([200, { status: 'healthy', components }]);
      isTemporalUp = false;
      expect(await health()).toEqual([
        200,
        { status: 'degraded', components: { ...components, temporal: 'down' } },
      ]);
      await other.trader.stop();
      await expect.poll(health).toMatchObject([503, { status: 'unhealthy' }]);
    } finally {
      await other.stop();
    }
  });
});

describe('portfolio', () => {
  it('adds up exactly what is open and what was realised', async () => {
    expect(await read('/api/portfolio')).toMatchObject({
      currency: 'USDT',
      equity: '10042.18',
      realised: '41.69',
      simulated: true,
    });
  });
});

describe('strategies', () => {
  it('are one by one, with each of their instruments', async () => {
    const { strategies } = await read<{ strategies: object[] }>('/api/strategies');
    expect(strategies).toMatchObject([
      { name: 'ema-cross', trades: 8, wins: 5, winRatePct: 62.5, realised: '41.69' },
    ]);
  });

  it('are switched by the trader, in the name of the person', async () => {
    await call('POST', '/api/strategies/ema-cross/toggle', 'otto', { enabled: false, reason: 'calm down' });
    expect(web.trader.calls.at(-1)).toMatchObject({
      method: 'toggle',
      params: { strategy: 'ema-cross', enabled: false, by: 'otto', reason: 'calm down' },
    });
  });

  it('refuse a bad name or body, and name the method that an address takes', async () => {
    expect((await call('POST', '/api/strategies/NO%20SUCH/toggle', 'otto', {})).status).toBe(400);
    expect((await call('POST', '/api/strategies/nothing/toggle', 'otto', {})).status).toBe(404);
    const bad = { enabled: 'yes' };
    expect((await call('POST', '/api/strategies/ema-cross/toggle', 'otto', bad)).status).toBe(400);
    expect((await call('GET', '/api/strategies/ema-cross/toggle', 'otto')).status).toBe(405);
  });
});

describe('analytics', () => {
  it('count closed round trips after fees, and keep an open one out', async () => {
    const figures = analyticsSchema.parse(await read('/api/analytics?days=3650'));
    expect(figures).toMatchObject({
      trades: 2,
      wins: 1,
      winRatePct: 50,
      net: '11.00',
      fees: '5.00',
      averageWin: '17.00',
      averageLoss: '-6.00',
      profitFactor: 2.83,
      longestLosingStreak: 1,
      byStrategy: [{ strategy: 'ema-cross', trades: 2 }],
    });
  });

  it('take return, fall and Sharpe from the last equity of each hour', async () => {
    const figures = analyticsSchema.parse(await read('/api/analytics?days=3650'));
    // 10100 → 9898 → 10000: −2 % and +1.0305 %.
    expect(figures).toMatchObject({ hours: 3, returnPct: -0.99, maxDrawdownPct: 2, sharpe: -21.17 });
  });

  it('refuse days that are none', async () => {
    for (const days of ['0', '-1', 'x', '4000'])
      expect((await call('GET', `/api/analytics?days=${days}`, 'vera')).status, days).toBe(400);
  });
});

describe('settings', () => {
  it('are read by anybody signed in: what is in force, as in the desk file, and what needs a restart', async () => {
    expect((await call('GET', '/api/settings', null)).status).toBe(401);
    const shown = settingsSchema.parse(await read('/api/settings'));
    expect(shown).toMatchObject({ version: 0, configHash: 'c0ffee', problems: [] });
    const size = shown.settings.find(({ key }) => key === 'risk.maxPositionSizePct');
    expect(size).toMatchObject({ value: 3, fileValue: 3, tighter: 'lower' });
    expect(shown.restartOnly).toMatchObject({ desk: DESK, mode: 'paper' });
  });

  it('that are in force answer 200, those that wait 202, those refused 409', async () => {
    const body = { values: { 'risk.stopLossPct': 4 }, reason: ' calmer ' };
    expect((await call('PUT', '/api/settings', 'otto', body)).status).toBe(200);
    expect(asked.at(-1)).toMatchObject({ values: body.values, reason: 'calmer' });
    answers = { state: 'waiting', approvalId: 'settings:desk:1:abc' };
    expect((await call('PUT', '/api/settings', 'otto', body)).status).toBe(202);
    answers = { state: 'refused', detail: 'venue.name can’t change while the desk runs.' };
    const refused = await call('PUT', '/api/settings', 'otto', body);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ detail: answers.detail, result: { state: 'refused' } });
    answers = {};
  });

  it('need a reason and numbers', async () => {
    for (const body of [
      {},
      { values: { 'risk.stopLossPct': 4 } },
      { values: { 'risk.stopLossPct': 4 }, reason: '' },
      { values: { 'risk.stopLossPct': '4' }, reason: 'x' },
      { values: [4], reason: 'x' },
      { values: {}, reason: 'x', more: 1 },
    ])
      expect((await call('PUT', '/api/settings', 'otto', body)).status, JSON.stringify(body)).toBe(400);
  });
});

describe('approvals', () => {
  it('take a vote with its reason in the name of the person', async () => {
    const vote = { choice: 'approve', parametersHash: 'deadbeef', reason: 'looked at it' };
    const answer = await call('POST', '/api/approvals/settings:desk:1:abc/vote', 'anna', vote);
    expect(await answer.json()).toMatchObject({ ok: true, detail: 'anna voted' });
    for (const bad of [{ ...vote, choice: 'maybe' }, { ...vote, reason: '' }, { choice: 'approve' }])
      expect((await call('POST', '/api/approvals/x/vote', 'anna', bad)).status).toBe(400);
  });
});

describe('incidents', () => {
  it('that nobody knows are 404, and an answer needs a note', async () => {
    expect((await call('GET', '/api/incidents/nothing', 'vera')).status).toBe(404);
    expect((await call('POST', '/api/incidents/x/acknowledge', 'otto', {})).status).toBe(400);
    expect((await call('POST', '/api/incidents', 'otto', { title: '' })).status).toBe(400);
    expect((await call('GET', '/api/incidents?state=odd', 'vera')).status).toBe(400);
  });
});

describe('the pre-flight checks', () => {
  it('are made once for everybody who asks at the same time, and anew later', async () => {
    let made = 0;
    const preflight = async () => {
      made += 1;
      if (made === 3) throw new Error('the exchange is away');
      return { desk: DESK, configHash: '', endpoint: '', verdict: 'pass' as const, results: [], atMs: 0 };
    };
    const other = await startWebUnderTest(database.pool, {}, { preflight });
    try {
      const token = (await other.signIn('vera')).accessToken;
      const look = () => other.call('GET', '/api/preflight', { token });
      await Promise.all([look(), look(), look()]);
      expect(made).toBe(1);
      other.clock.aheadMs = 16_000;
      expect((await look()).status).toBe(200);
      expect(made).toBe(2);
      other.clock.aheadMs = 32_000;
      expect((await look()).status).toBe(503);
      expect((await look()).status).toBe(200);
    } finally {
      await other.stop();
    }
  });
});

describe('the audit trail', () => {
  interface Page {
    readonly entries: readonly { readonly id: number; readonly person: string; readonly wallMs: number }[];
    readonly nextCursor: string | null;
  }

  it('comes in pages, newest first, each entry once', async () => {
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await read(`/api/audit?limit=10${cursor === null ? '' : `&before=${cursor}`}`);
      auditSchema.parse(page);
      seen.push(...page.entries.map(({ id }) => id));
      expect(page.entries.every(({ wallMs }) => Number.isInteger(wallMs))).toBe(true);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen.length).toBe(24);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a));
  });

  it.each([
    ['person=otto', 12],
    ['action=stop', 6],
    ['via=telegram', 8],
    ['person=otto&action=stop&via=telegram', 2],
    [`from=${START.replace('10:', '20:')}`, 15],
    [`to=${START.replace('10:', '20:')}`, 9],
    [`from=${Date.parse(START) + 2 * 3_600_000}&to=${Date.parse(START) + 4 * 3_600_000}`, 2],
    ['person=nobody', 0],
  ])('is filtered by %s', async (query, count) => {
    expect((await read<Page>(`/api/audit?${query}`)).entries).toHaveLength(count);
  });

  it.each(['from=yesterday', 'via=mail', 'limit=0', 'before=x', 'nothing=1'])('refuses %s', async (query) => {
    expect((await call('GET', `/api/audit?${query}`, 'vera')).status).toBe(400);
  });
});

describe('a person whom the desk file no longer names', () => {
  it('is signed out', async () => {
    const roles: Record<string, readonly ['viewer'] | readonly []> = { vera: ['viewer'] };
    const other = await startWebUnderTest(database.pool, { rolesOf: (person) => roles[person] ?? [] });
    try {
      const token = (await other.signIn('vera')).accessToken;
      expect((await other.call('GET', '/api/status', { token })).status).toBe(200);
      roles.vera = [];
      expect((await other.call('GET', '/api/status', { token })).status).toBe(401);
    } finally {
      await other.stop();
    }
  });
});
