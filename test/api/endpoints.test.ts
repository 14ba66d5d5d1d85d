/** Each endpoint of the runbook: who may, what comes, what is refused. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { WaitingEntryStatus } from '../../src/contracts/trader-status.js';
import { analyticsSchema } from '../../src/operations/results/read-analytics.js';
import { kpisSchema } from '../../src/operations/results/results.js';
import { scriptedStatus } from '../support/trader-status.js';
import { FilledWeb, START } from './filled-web.js';
import { DESK, startWebUnderTest } from './web-under-test.js';

let filled: FilledWeb;
beforeAll(async () => {
  filled = await FilledWeb.open();
});
afterAll(() => filled?.close());

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
    '/api/signals',
    '/api/setups',
    '/api/journal',
    '/api/errors',
    '/api/kpis',
  ],
];

describe('reading', () => {
  it.each(READING)('%s takes a signed-in person of any role', async (path) => {
    expect((await filled.call('GET', path, null)).status).toBe(401);
    expect((await filled.call('GET', path, 'vera')).status).toBe(200);
  });

  it('what the trader says is a 503 while it does not answer, with what is kept safe and what to do', async () => {
    const silent = await startWebUnderTest(null);
    onTestFinished(() => silent.stop());
    const token = (await silent.signIn('vera')).accessToken;
    await silent.trader.stop();
    for (const name of ['status', 'portfolio', 'positions', 'strategies', 'reconciliation', 'emergency']) {
      const answer = await silent.call('GET', `/api/${name}`, { token });
      expect([answer.status, await answer.json()], name).toMatchObject([
        503,
        {
          type: 'urn:fermata:problem:trader-unavailable',
          keptSafe: expect.stringContaining('Protective stops rest at the venue'),
          doThis: expect.stringMatching(
            /^Wait for it to come back .*fermata status` and the log if it stays down\.$/,
          ),
        },
      ]);
    }
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
  const CASH = ['POST', '/api/cash', { kind: 'withdrawal', amount: '-6000', reason: 'test' }] as const;
  const COINS = ['POST', '/api/coins', { symbol: 'BTC/USDT', owner: 'foreign', reason: 'test' }] as const;
  const SPLIT_OF = { symbol: 'AAPL/USD', reason: 'test' };
  const ACTIONS = '/api/corporate-actions';
  const SPLIT = ['POST', ACTIONS, { ...SPLIT_OF, kind: 'split', numerator: 4, denominator: 1 }] as const;
  const PAID = ['POST', ACTIONS, { ...SPLIT_OF, kind: 'dividend', perShare: '0.82' }] as const;
  const NO_SPLIT = ['POST', ACTIONS, { ...SPLIT_OF, kind: 'no-split' }] as const;
  const SIGNAL = [
    'POST',
    '/api/signals',
    { source: 'tv', id: '7', symbol: 'BTC/USDT', action: 'buy', stop: '60000', validSeconds: 60 },
  ] as const;
  const WITHDRAW = ['POST', '/api/signals/withdraw', { source: 'tv', id: '7' }] as const;
  const CLOSE_ONE = ['POST', '/api/positions/close', { symbol: 'BTC/USDT' }] as const;
  const CANCEL = ['POST', '/api/orders/cancel', { order: 'f1' }] as const;
  const SIZE = ['POST', '/api/size', { sizePct: 50 }] as const;
  const RUN = ['POST', '/api/routines/pre-market/run', undefined] as const;
  const NO_RUN = ['POST', '/api/routines/lunch/run', undefined] as const;
  const BACKUP = ['POST', '/api/backups', undefined] as const;
  const COPY = ['POST', '/api/backups', { verify: false }] as const;
  const NOTE = ['POST', '/api/journal/notes', { text: 'Clean day' }] as const;
  const LATER = ['POST', '/api/journal/notes', { text: 'never', date: '9999-01-01' }] as const;
  const VALIDATE = ['POST', '/api/validations', { hours: 48 }] as const;
  it('resuming is for approvers alone', async () => {
    await filled.call('POST', '/api/emergency/stop', 'otto', {});
    const [method, path, body] = RESUME;
    expect((await filled.call(method, path, 'otto', body)).status).toBe(403);
    expect((await filled.call(method, path, 'anna', body)).status).toBe(200);
    const armed = filled.web.trader.calls.findLast((call) => call.method === 'arm');
    expect(armed).toMatchObject({ params: { by: 'anna', reason: 'test' } });
  });

  it.each([
    [SIGNAL, { vera: 403, otto: 200, anna: 403 }],
    [WITHDRAW, { vera: 403, otto: 200, anna: 200 }],
    [CLOSE_ONE, { vera: 403, otto: 200, anna: 200 }],
    [CANCEL, { vera: 403, otto: 200, anna: 200 }],
    [SIZE, { vera: 403, otto: 200, anna: 200 }],
    [RUN, { vera: 403, otto: 200, anna: 403 }],
    [NO_RUN, { vera: 403, otto: 404, anna: 403 }],
    [BACKUP, { vera: 403, otto: 200, anna: 403 }],
    [COPY, { vera: 403, otto: 202, anna: 403 }],
    [VALIDATE, { vera: 403, otto: 202, anna: 403 }],
    [COINS, { vera: 403, otto: 403, anna: 200 }],
    [CASH, { vera: 403, otto: 200, anna: 200 }],
    [SPLIT, { vera: 403, otto: 200, anna: 200 }],
    [PAID, { vera: 403, otto: 200, anna: 200 }],
    [NO_SPLIT, { vera: 403, otto: 200, anna: 200 }],
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
    [DONE, { vera: 403, otto: 404, anna: 404 }],
    [NOTE, { vera: 403, otto: 200, anna: 200 }],
    [LATER, { vera: 403, otto: 409, anna: 409 }],
  ])('%j is for the roles that may', async ([method, path, body], expected) => {
    expect((await filled.call(method, path, null, body)).status).toBe(401);
    for (const [person, status] of Object.entries(expected)) {
      expect((await filled.call(method, path, person, body)).status, person).toBe(status);
    }
  });

  it('is refused with who could do it instead', async () => {
    const answer = await filled.call(...(STOP.slice(0, 2) as ['POST', string]), 'vera', {});
    expect(await answer.json()).toMatchObject({
      type: 'urn:fermata:problem:role-missing',
      detail: 'vera may not do this: it takes the role operator or approver.',
    });
    const audited = () =>
      filled.database.ownerPool
        .query(
          `select parameters, outcome from audit where action = 'notAllowed' and person = 'vera'
             and parameters->>'asked' = 'POST /api/emergency/stop' limit 1`,
        )
        .then(({ rows }) => rows);
    // Those of tests before may be written after it.
    await expect.poll(audited).toEqual([
      {
        parameters: { asked: 'POST /api/emergency/stop' },
        outcome: 'refused: it takes the role operator or approver',
      },
    ]);
  });
});

describe('going live', () => {
  it('is refused with everything that is missing, and takes a reason', async () => {
    const answer = await filled.call('POST', '/api/golive', 'otto', { reason: 'the validation was good' });
    expect(await answer.json()).toMatchObject({
      detail: 'Going live is not possible yet. · Stop-loss: 0 (expected: > 0)',
      obstacles: ['Stop-loss: 0 (expected: > 0)'],
      doThis: 'do what helps here',
    });
    expect((await filled.call('POST', '/api/golive', 'otto', {})).status).toBe(400);
  });

  it.each([
    ['no body', undefined],
    ['an empty one', {}],
    ['no reason in words', { reason: null }],
    ['one that is too long', { reason: 'x'.repeat(501) }],
    ['a form', 'reason=enough'],
    ['text that is no JSON', '{'],
    ['members that it does not know', { why: 'enough' }],
  ])('is taken back with %s: like a stop it waits for no reason', async (_what, body) => {
    const answer = await filled.call('POST', '/api/golive/revoke', 'otto', body);
    expect([answer.status, await answer.json()]).toMatchObject([200, { ok: true, proven: true }]);
  });
});

describe('status', () => {
  it('says running or stopped', async () => {
    const { status: before } = filled.web.trader;
    for (const [mode, status] of [
      ['ACTIVE', 'running'],
      ['REDUCING', 'running'],
      ['KILLED', 'stopped'],
      ['HALTED', 'stopped'],
    ] as const) {
      filled.web.trader.status = { ...before, mode };
      await expect.poll(() => filled.read('/api/status')).toMatchObject({ status, mode });
    }
    filled.web.trader.status = before;
    await filled.call('POST', '/api/emergency/stop', 'otto', { reason: 'test' });
    expect(await filled.read('/api/status')).toMatchObject({ status: 'stopped', mode: 'HALTED' });
  });
});

describe('health', () => {
  it('answers containers and monitoring without sign-in: healthy, degraded, unhealthy with 503', async () => {
    const components = { trader: 'up', marketData: 'up', database: 'up', temporal: 'up' };
    let isTemporalUp = true;
    const other = await startWebUnderTest(filled.database.pool, {
      temporalAnswers: async () => isTemporalUp,
    });
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
      isTemporalUp = true;
      const { status } = other.trader;
      other.trader.status = { ...status, marketData: { ...status.marketData, state: 'down' } };
      await expect
        .poll(health)
        .toEqual([200, { status: 'degraded', components: { ...components, marketData: 'down' } }]);
      other.trader.status = status;
      await other.trader.stop();
      await expect
        .poll(health)
        .toEqual([
          503,
          { status: 'unhealthy', components: { ...components, trader: 'down', marketData: 'down' } },
        ]);
    } finally {
      await other.stop();
    }
    const alone = await startWebUnderTest(null);
    onTestFinished(() => alone.stop());
    const healthAlone = async () => {
      alone.clock.aheadMs += 60_000;
      return (await alone.call('GET', '/health')).json();
    };
    await expect
      .poll(healthAlone)
      .toEqual({ status: 'degraded', components: { ...components, database: 'down' } });
  });

  it('is looked at anew where the machine’s clock is set back', async () => {
    const other = await startWebUnderTest(filled.database.pool);
    onTestFinished(() => other.stop());
    const health = async () => (await other.call('GET', '/health')).status;
    other.clock.aheadMs = 3_600_000;
    await expect.poll(health).toBe(200);
    other.clock.aheadMs = 0;
    await other.trader.stop();
    await expect.poll(health, { timeout: 30_000 }).toBe(503);
  });

  it('is answered though a part of the desk says nothing', async () => {
    const silent = await startWebUnderTest(filled.database.pool, {
      temporalAnswers: () => new Promise(() => undefined),
    });
    onTestFinished(() => silent.stop());
    const health = async () => {
      silent.clock.aheadMs += 60_000;
      const late = new Promise((resolve) => setTimeout(resolve, 60_000, 'no answer'));
      return Promise.race([silent.call('GET', '/health').then((answer) => answer.json()), late]);
    };
    await expect.poll(health).toMatchObject({
      status: 'degraded',
      components: { trader: 'up', marketData: 'up', temporal: 'down' },
    });
  });
});

describe('portfolio', () => {
  it('adds up exactly what is open and what was realised', async () => {
    const { status: before } = filled.web.trader;
    onTestFinished(() => {
      filled.web.trader.status = before;
    });
    const status = scriptedStatus();
    const positions = [
      ...status.positions,
      ...status.positions.map((one) => ({ ...one, symbol: 'ETH/USDT', unrealised: '-3.1' })),
    ];
    filled.web.trader.status = { ...status, positions };
    await expect
      .poll(() => filled.read('/api/portfolio'))
      .toEqual({
        ...{ trading: 'paper', currency: 'USDT', simulated: true },
        ...{ equity: '10042.18', cash: '9741.90', unrealised: '-2.61', realised: '41.69' },
        ...{ dayStartEquity: '10000.00', dayPnl: '42.18', drawdownPct: '0.21' },
        positions,
        marketMs: Date.UTC(2026, 0, 5, 14, 31, 20),
      });
    const marketData = { ...status.marketData, simulated: false };
    filled.web.trader.status = { ...status, trading: 'live', marketData, positions: [] };
    await expect
      .poll(() => filled.read('/api/portfolio'))
      .toMatchObject({ trading: 'live', simulated: false, positions: [] });
  });
});

describe('one position, one entry, the size', () => {
  it('reach the trader in the name of the person, with a reason or without', async () => {
    const sent = async (path: string, body: object) => {
      expect((await filled.call('POST', path, 'otto', body)).status, path).toBe(200);
      return filled.web.trader.calls.at(-1);
    };
    expect(await sent('/api/positions/close', { symbol: 'BTC/USDT' })).toMatchObject({
      method: 'closePosition',
      params: { symbol: 'BTC/USDT', by: 'otto', reason: 'no reason given' },
    });
    expect(await sent('/api/orders/cancel', { order: 'f1', reason: 'too far' })).toMatchObject({
      method: 'cancelEntry',
      params: { clientId: 'f1', by: 'otto', reason: 'too far' },
    });
    expect(await sent('/api/size', { sizePct: 50 })).toMatchObject({
      method: 'resize',
      params: { sizePct: 50 },
    });
  });

  it.each([
    ['/api/positions/close', {}],
    ['/api/orders/cancel', { order: 7 }],
    ['/api/size', { sizePct: 101 }],
    ['/api/size', { sizePct: 1.5 }],
    ['/api/validations', { hours: 0 }],
    ['/api/backups', { verify: 'yes' }],
  ])('%s refuses %j', async (path, body) => {
    expect((await filled.call('POST', path, 'otto', body)).status).toBe(400);
  });
});

describe('an entry that waits in the desk', () => {
  const WAITING: WaitingEntryStatus = {
    ...{ clientId: 'f9', symbol: 'BTC/USDT', side: 'buy', type: 'atOpen', strategy: 'dip' },
    ...{
      waits: 'buy, at the open, from Mon 09:30 New York on',
      stop: '42610.50',
      sinceMs: 1_767_600_000_000,
    },
  };

  it('is beside the orders and in the status, and is cancelled as an order is', async () => {
    filled.web.trader.status = scriptedStatus();
    const orders = await filled.read<{ orders: object[]; waitingEntries: object[] }>('/api/orders');
    expect(orders).toMatchObject({ orders: [{}, {}], waitingEntries: [] });
    expect(await filled.read('/api/status')).not.toHaveProperty('waitingEntries');
    const { status } = filled.web.trader;
    onTestFinished(() => {
      filled.web.trader.status = status;
    });
    filled.web.trader.status = { ...status, waitingEntries: [WAITING] };
    const shown = () => filled.read<{ waitingEntries: object[] }>('/api/orders');
    await expect.poll(shown).toEqual({ orders: orders.orders, waitingEntries: [WAITING] });
    expect(await filled.read('/api/status')).toMatchObject({ waitingEntries: [WAITING] });
    const cancelled = await filled.call('POST', '/api/orders/cancel', 'anna', { order: 'f9' });
    expect(cancelled.status).toBe(200);
    expect(filled.web.trader.calls.at(-1)).toMatchObject({
      ...{ method: 'cancelEntry', params: { clientId: 'f9', by: 'anna', reason: 'no reason given' } },
    });
  });
});

describe('a split or a dividend of a stock', () => {
  const SPLIT = { kind: 'split', symbol: 'AAPL/USD', numerator: 8, denominator: 2, reason: 'on Monday' };
  const PAID = { kind: 'dividend', symbol: 'AAPL/USD', perShare: '0.82', reason: 'ex-date' };
  const NONE = { kind: 'no-split', symbol: 'AAPL/USD', reason: 'bought by hand' };
  const post = (body: object) => filled.call('POST', '/api/corporate-actions', 'otto', body);

  it('reaches the trader in the name of the person, a split in its lowest terms', async () => {
    for (const [body, method, params] of [
      [
        SPLIT,
        'corporateAction',
        { action: { kind: 'split', symbol: 'AAPL/USD', numerator: 4, denominator: 1 } },
      ],
      [PAID, 'corporateAction', { action: { kind: 'dividend', symbol: 'AAPL/USD', perShare: '0.82' } }],
      [NONE, 'noSplit', { symbol: 'AAPL/USD' }],
    ] as const) {
      const answer = await post(body);
      expect([answer.status, await answer.json()]).toMatchObject([200, { ok: true, proven: true }]);
      expect(filled.web.trader.calls.at(-1)).toEqual({
        ...{ method, params: { ...params, commandId: 'none', by: 'otto', reason: body.reason } },
      });
    }
  });

  it.each([
    ['`kind`: expected one of split, dividend, no-split, found "merger"', { ...SPLIT, kind: 'merger' }],
    ['`kind`: expected one of split, dividend, no-split, found nothing', { ...NONE, kind: undefined }],
    ['symbol', { ...SPLIT, symbol: 'AAPL' }],
    ['symbol', { ...NONE, symbol: 7 }],
    ['numerator', { ...SPLIT, numerator: 0 }],
    ['numerator', { ...SPLIT, numerator: 1.5 }],
    ['numerator', { ...SPLIT, numerator: 3, denominator: 3 }],
    ['denominator', { ...SPLIT, denominator: 1_001 }],
    ['denominator', { kind: 'split', symbol: 'AAPL/USD', numerator: 4, reason: 'test' }],
    ['perShare', { ...PAID, perShare: '0.00' }],
    ['perShare', { ...PAID, perShare: '-1' }],
    ['perShare', { ...PAID, perShare: '0,82' }],
    ['perShare', { ...PAID, perShare: 0.82 }],
    ['reason', { ...SPLIT, reason: '' }],
    ['reason', { ...PAID, reason: undefined }],
    ['reason', { kind: 'no-split', symbol: 'AAPL/USD' }],
    ['lots', { ...PAID, lots: 3 }],
  ])(
    'that is not right in %s is refused with its name, and nothing is asked of the trader: %j',
    async (field, body) => {
      const before = filled.web.trader.calls.length;
      const answer = await post(body);
      const said = (await answer.json()) as { detail: string };
      expect([answer.status, said.detail]).toEqual([400, expect.stringContaining(field)]);
      expect(filled.web.trader.calls).toHaveLength(before);
    },
  );

  it('that the trader refuses is a 409 with its reason, and one without an answer a 202 that proves nothing', async () => {
    const ends = { ok: false, proven: false, haltId: null, workflowId: null, problems: [] };
    const refused = {
      ...ends,
      detail: 'Nothing was changed: AAPL/USD is no stock of this desk. To do: name one of: MSFT/USD',
    };
    const unknown = { ...ends, ok: true, detail: 'Whether it was taken in is not known.' };
    let outcome = refused;
    const said = async () => outcome;
    const other = await startWebUnderTest(
      filled.database.pool,
      {},
      { takeCorporateAction: said, sayNoSplit: said },
    );
    onTestFinished(() => other.stop());
    const token = (await other.signIn('otto')).accessToken;
    for (const body of [SPLIT, PAID, NONE]) {
      outcome = refused;
      const no = await other.call('POST', '/api/corporate-actions', { token, body });
      // What was kept safe has a member of its own, and is not said twice.
      const [detail, doThis] = ['AAPL/USD is no stock of this desk.', 'name one of: MSFT/USD'];
      expect([no.status, await no.json()]).toMatchObject([409, { detail, doThis }]);
      outcome = unknown;
      const open = await other.call('POST', '/api/corporate-actions', { token, body });
      expect([open.status, await open.json()]).toEqual([202, unknown]);
    }
  });
});

describe('strategies', () => {
  it('are one by one, with each of their instruments', async () => {
    const { strategies } = await filled.read<{ strategies: object[] }>('/api/strategies');
    const { status } = filled.web.trader;
    expect(strategies).toEqual([
      {
        ...{ name: 'ema-cross', enabled: true, trades: 8, wins: 5, winRatePct: 62.5, realised: '41.69' },
        symbols: status.strategies,
      },
    ]);
    onTestFinished(() => {
      filled.web.trader.status = status;
    });
    const off = status.strategies.map((slot) => ({ ...slot, enabled: false }));
    const other = { ...status.strategies[0]!, name: 'breakout', trades: 0, wins: 0, realised: '0' };
    filled.web.trader.status = { ...status, strategies: [...off, other] };
    await expect
      .poll(() => filled.read<{ strategies: object[] }>('/api/strategies'))
      .toMatchObject({
        strategies: [
          { name: 'ema-cross', enabled: false, trades: 8, symbols: off },
          {
            name: 'breakout',
            enabled: true,
            trades: 0,
            winRatePct: null,
            realised: '0.00',
            symbols: [other],
          },
        ],
      });
  });

  it('are switched by the trader, in the name of the person', async () => {
    for (const enabled of [false, true]) {
      const body = { enabled, reason: 'calm down' };
      await filled.call('POST', '/api/strategies/ema-cross/toggle', 'otto', body);
      expect(filled.web.trader.calls.at(-1)).toMatchObject({
        method: 'toggle',
        params: { strategy: 'ema-cross', enabled, by: 'otto', reason: 'calm down' },
      });
    }
    // The runbook's own command says neither: what is on is switched off.
    await filled.call('POST', '/api/strategies/ema-cross/toggle', 'otto', {});
    expect(filled.web.trader.calls.at(-1)).toMatchObject({
      method: 'toggle',
      params: { strategy: 'ema-cross', enabled: false, by: 'otto', reason: 'no reason given' },
    });
  });

  it('and cash is explained to it, with the sign of the balance', async () => {
    const explained = { kind: 'withdrawal', amount: '-6000', reason: 'taken out' };
    expect((await filled.call('POST', '/api/cash', 'otto', explained)).status).toBe(200);
    expect(filled.web.trader.calls.at(-1)).toMatchObject({
      method: 'explainCash',
      params: { ...explained, by: 'otto' },
    });
    const bad = { ...explained, amount: '6,000' };
    expect((await filled.call('POST', '/api/cash', 'otto', bad)).status).toBe(400);
    const unknown = { ...explained, kind: 'gift' };
    expect((await filled.call('POST', '/api/cash', 'otto', unknown)).status).toBe(400);
  });

  it('and signals reach it as they were sent; a bad one is refused with its field', async () => {
    const signal = {
      source: 'tv',
      id: '7',
      symbol: 'BTC/USDT',
      action: 'buy',
      stop: '60000',
      validSeconds: 60,
    };
    expect((await filled.call('POST', '/api/signals', 'otto', signal)).status).toBe(200);
    expect(filled.web.trader.calls.at(-1)).toMatchObject({
      method: 'signal',
      params: { signal, by: 'otto' },
    });
    for (const [field, bad] of [
      ['stop', { stop: '60,000' }],
      ['source', { source: 'T V' }],
      ['targets', { targets: ['1', '2', '3', '4', '5', '6'] }],
      ['issuedAt', { issuedAt: 'yesterday' }],
      ['text', { text: 'x'.repeat(281) }],
      ['lots', { lots: 3 }],
    ] as const) {
      const answer = await filled.call('POST', '/api/signals', 'otto', { ...signal, ...bad });
      expect(answer.status).toBe(400);
      expect(JSON.stringify(await answer.json())).toContain(field);
    }
    await filled.call('POST', '/api/signals/withdraw', 'otto', { source: 'tv', id: '7', reason: 'wrong' });
    expect(filled.web.trader.calls.at(-1)).toMatchObject({
      ...{ method: 'withdrawSignal' },
      params: { source: 'tv', id: '7', by: 'otto', reason: 'wrong' },
    });
  });

  it('and is told whose coins are, by an approver, with their cost as it was typed', async () => {
    const claim = { symbol: 'BTC/USDT', owner: 'desk', cost: '61250.00', reason: 'bought for the desk' };
    expect((await filled.call('POST', '/api/coins', 'anna', claim)).status).toBe(200);
    expect(filled.web.trader.calls.at(-1)).toMatchObject({
      method: 'claimCoins',
      params: { ...claim, by: 'anna' },
    });
    for (const bad of [
      { owner: 'mine' },
      { cost: '61,250' },
      { cost: '-1' },
      { reason: '' },
      { symbol: 7 },
    ]) {
      const answer = await filled.call('POST', '/api/coins', 'anna', { ...claim, ...bad });
      expect(answer.status, JSON.stringify(bad)).toBe(400);
    }
  });

  it('refuse a bad name or body, and name the method that an address takes', async () => {
    expect((await filled.call('POST', '/api/strategies/NO%20SUCH/toggle', 'otto', {})).status).toBe(400);
    expect((await filled.call('POST', '/api/strategies/nothing/toggle', 'otto', {})).status).toBe(404);
    const bad = { enabled: 'yes' };
    expect((await filled.call('POST', '/api/strategies/ema-cross/toggle', 'otto', bad)).status).toBe(400);
    expect((await filled.call('GET', '/api/strategies/ema-cross/toggle', 'otto')).status).toBe(405);
  });
});

describe('analytics', () => {
  it('count closed round trips after fees, and keep an open one out', async () => {
    const { ownerPool } = filled.database;
    // Before the span, in it, and of another desk.
    await ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       select desk, 'SOL/USDT', 'sol' || n, 'sol' || n, case when n % 2 = 0 then 'buy' else 'sell' end, 3, 100, 1, 'maker',
         'entry', 'breakout', realised, true, at, now(), 'abc', 100 + n
       from (values ($1, 0, 0, $2::timestamptz - interval '20 days'), ($1, 1, -100, $2::timestamptz - interval '19 days'),
         ($1, 2, 0, $2::timestamptz + interval '1 minute'), ($1, 3, -8, $2::timestamptz + interval '9 minutes'),
         ('another-desk', 4, 0, $2::timestamptz), ('another-desk', 5, 70, $2::timestamptz)) sol (desk, n, realised, at)`,
      [DESK, START],
    );
    onTestFinished(async () => {
      await ownerPool.query(`delete from fills where symbol = 'SOL/USDT'`);
    });
    const figures = analyticsSchema.parse(await filled.read('/api/analytics?days=10'));
    expect(figures).toMatchObject({
      trades: 3,
      wins: 1,
      winRatePct: 33.33,
      net: '1.00',
      fees: '7.00',
      averageWin: '17.00',
      averageLoss: '-8.00',
      profitFactor: 1.06,
      best: '17.00',
      worst: '-10.00',
      longestLosingStreak: 2,
      byStrategy: [
        { strategy: 'breakout', trades: 1, wins: 0, winRatePct: 0, net: '-10.00', profitFactor: 0 },
        { strategy: 'ema-cross', trades: 2, wins: 1, winRatePct: 50, net: '11.00', profitFactor: 2.83 },
      ],
    });
  });

  it('take return, fall and Sharpe from the first equity and the last one of each hour', async () => {
    const figures = analyticsSchema.parse(await filled.read('/api/analytics?days=3650'));
    // From the first one, 10000 → 10100 → 9898 → 10000: +1 %, −2 % and +1.0305 %.
    expect(figures).toMatchObject({ hours: 3, returnPct: 0, maxDrawdownPct: 2, sharpe: 0.55 });
  });

  it('refuse days that are none', async () => {
    for (const days of ['0', '-1', 'x', '4000'])
      expect((await filled.call('GET', `/api/analytics?days=${days}`, 'vera')).status, days).toBe(400);
  });
});

describe('KPIs', () => {
  it('are those of the desk file, each with its figure, and none where it has none', async () => {
    const read = async () => kpisSchema.parse(await filled.read('/api/kpis'));
    expect(await read()).toEqual({ machineTime: false, kpis: [] });
    onTestFinished(() => {
      for (const name of Object.keys(filled.web.kpis)) delete filled.web.kpis[name];
    });
    Object.assign(filled.web.kpis, {
      fees: { reading: 'fees', minimumSample: 5, days: 3650, aim: { atMost: 5.5 } },
      rate: { reading: 'winRate', minimumSample: 30, alarm: { below: 40 } },
    });
    expect((await read()).kpis).toEqual([
      {
        ...{
          name: 'fees',
          reading: 'fees',
          title: 'fees',
          kind: 'aim',
          state: 'missed',
          value: 6,
          unit: 'USDT',
        },
        ...{ bound: 'at most 5.5 USDT', sample: 6, minimumSample: 5, days: 3650 },
        says: '6.00 USDT over 6 fills in 3650 days',
      },
      {
        ...{
          name: 'rate',
          reading: 'winRate',
          title: 'win rate',
          kind: 'alarm',
          state: 'tooFew',
          value: null,
        },
        ...{ unit: '%', bound: 'below 40 %', sample: 0, minimumSample: 30, days: 30 },
        says: 'too few (0 of 30 trades in 30 days)',
      },
    ]);
  });

  it('say that the database is down', async () => {
    const web = await startWebUnderTest(null);
    onTestFinished(() => web.stop());
    web.kpis.rate = { reading: 'winRate', alarm: { below: 40 } };
    const { accessToken } = await web.signIn('vera');
    expect((await web.call('GET', '/api/kpis', { token: accessToken })).status).toBe(503);
  });
});
