/** The playbooks of what comes from outside: the exchange is down, prices fell. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readApprovals } from '../../src/store/approval-rows.js';
import { until } from '../support/eventually.js';
import { openApproval, vote } from '../workflows/support/decisions.js';
import type { Bench, BenchDesk } from '../workflows/support/desk-bench.js';
import { openIncident, position, strategy, timelineOf, toldOf } from './incident-bench.js';
import { calm, openPlaybookBench, type PlaybookBench, stepOf } from './playbook-bench.js';

let bench: Bench;
let desk: BenchDesk;
let playbooks: PlaybookBench;
beforeAll(async () => {
  playbooks = await openPlaybookBench();
  ({ bench, desk } = playbooks);
});
afterAll(() => playbooks?.close());
beforeEach(() => calm(desk));

describe('the exchange is down', () => {
  it('S2-065 S2-068 S2-069 halts where the trader has not, and looks that every stop is at the exchange', async () => {
    desk.trader.venueBreaker = 'open';
    // One strategy's trade beside another's, too small for any stop.
    const trade = { id: 't1', openedMs: 0, fees: '0', result: '0', risk: null, r: null };
    const side = { ...trade, side: 'long', averagePrice: '100' } as const;
    const parts = [
      { ...side, strategy: 'up', quantity: '0.5', stopPrice: '85', protection: 'confirmed' as const },
      { ...side, strategy: 'rest', quantity: '0.1', stopPrice: null, protection: 'dust' as const },
    ];
    desk.trader.held = [
      position('BTC/USDT'),
      position('ETH/USDT', { protection: 'missing', stopPrice: null }),
      position('SOL/USDT', { quantity: '0.6', parts }),
      // Of two strategies on spot, where all are long: the second has lost its stop.
      position('ADA/USDT', {
        quantity: '0.9',
        protection: 'missing',
        parts: [
          { ...trade, strategy: 'up', quantity: '0.5', stopPrice: '85', protection: 'confirmed' },
          { ...trade, strategy: 'rest', quantity: '0.4', stopPrice: null, protection: 'missing' },
        ],
      }),
    ];
    const incident = await openIncident(bench, desk, { kind: 'exchange-down' });
    expect(await stepOf(bench, incident, 'Calls are tried again, later each time')).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/^prices up; \S/),
      expected: 'exponential backoff, by the adapter itself',
    });
    expect(await stepOf(bench, incident, 'API breaker pauses calls')).toMatchObject({
      verdict: 'pass',
      observed: 'API breaker open',
    });
    expect(await stepOf(bench, incident, 'No new trades')).toMatchObject({ verdict: 'pass' });
    expect(desk.trader.sent('halt')).toMatchObject([{ cause: 'venue', resume: 'auto' }]);
    const stops = await stepOf(bench, incident, 'Stops stay at the exchange');
    expect(stops.verdict).toBe('fail');
    expect(stops.observed).toContain('BTC/USDT 0.5, stop 85 confirmed');
    expect(stops.observed).toContain('ADA/USDT 0.5, stop 85 confirmed; ADA/USDT 0.4, stop none missing');
    const told = await until('people are told', async () =>
      (await toldOf(bench, incident)).find(({ body }) =>
        body.includes('no confirmed stop at the exchange for ETH/USDT, ADA/USDT'),
      ),
    );
    expect(told.body).not.toContain('SOL/USDT');
    expect(await stepOf(bench, incident, 'Status page of the exchange')).toMatchObject({
      verdict: 'not_run',
    });
    await incident.end();
  });

  it('S2-070 S2-071 reads the status page, and is over when the desk trades again by itself', async () => {
    let says = 'Partial outage';
    const page = createServer((_request, response) => {
      response.end(JSON.stringify({ status: { indicator: 'major', description: says } }));
    });
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const statusPage = `http://127.0.0.1:${(page.address() as AddressInfo).port}/status.json`;
    desk.trader.halt('venue', 'auto');
    desk.trader.venueBreaker = 'open';
    const incident = await openIncident(bench, desk, { kind: 'exchange-down', settings: { statusPage } });
    await until('the first reading', async () =>
      (await timelineOf(bench, incident)).some(({ observed }) => observed === '200: major, Partial outage'),
    );
    says = 'All systems operational';
    await until('the second reading', async () =>
      (await timelineOf(bench, incident)).some(({ observed }) => observed.includes('operational')),
    );
    const [first] = (await timelineOf(bench, incident)).filter(({ name }) => name.startsWith('Status page'));
    expect(first).toMatchObject({ verdict: 'pass', reference: statusPage });
    desk.trader.venueBreaker = 'closed';
    expect((await incident.progress()).outcome).toBeNull();
    desk.trader.readAtWallMs = Date.now();
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect((await incident.result()).outcome).toContain('the exchange is back');
    const pages = (await timelineOf(bench, incident)).filter(({ name }) => name.startsWith('Status page'));
    expect(pages).toHaveLength(2);
    page.close();
  });

  it('S2-070 warns of a status page that does not answer, with why', async () => {
    const page = createServer((_request, response) => response.writeHead(503).end());
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const statusPage = `http://127.0.0.1:${(page.address() as AddressInfo).port}/status.json`;
    desk.trader.halt('venue', 'auto');
    const incident = await openIncident(bench, desk, { kind: 'exchange-down', settings: { statusPage } });
    expect(await stepOf(bench, incident, 'Status page of the exchange')).toMatchObject({
      verdict: 'warn',
      observed: expect.stringContaining('503'),
      reference: statusPage,
    });
    page.close();
    await incident.end();
  });

  it('S2-068 says of entries that still work at the exchange that they do, and halts nothing twice', async () => {
    desk.trader.halt('venue', 'auto');
    desk.trader.entriesWorking = 2;
    onTestFinished(() => {
      desk.trader.entriesWorking = 0;
    });
    const incident = await openIncident(bench, desk, { kind: 'exchange-down' });
    expect(await stepOf(bench, incident, 'No new trades')).toMatchObject({
      ...{ verdict: 'warn', observed: 'HALTED, 2 entry orders work' },
    });
    expect(desk.trader.sent('halt')).toEqual([]);
    await incident.end();
  });

  it("S2-071 is over with the desk still stopped where a person's stop stands", async () => {
    desk.trader.halt('venue', 'auto');
    desk.trader.halt('person', 'person', 'anna');
    desk.trader.venueBreaker = 'open';
    const incident = await openIncident(bench, desk, { kind: 'exchange-down' });
    await stepOf(bench, incident, 'Stops stay at the exchange');
    desk.trader.venueBreaker = 'closed';
    desk.trader.readAtWallMs = Date.now();
    expect((await incident.result()).outcome).toContain('not resumed: person by anna');
    expect(desk.trader.mode).toBe('HALTED');
    expect(desk.trader.sent('arm')).toEqual([]);
  });

  it('S2-071 lasts while the exchange bans the desk, and until the books agree anew: those of before said nothing', async () => {
    desk.trader.readAtWallMs = Date.now();
    desk.trader.halt('venue', 'person');
    desk.trader.venueIsUp = false;
    const incident = await openIncident(bench, desk, { kind: 'exchange-down' });
    await stepOf(bench, incident, 'Stops stay at the exchange');
    /** Three more looks, each with what the trader says now. */
    const staysOpen = async () => {
      const asked = desk.trader.sent('status').length;
      await until('it looks again', () => desk.trader.sent('status').length >= asked + 3);
      expect((await incident.progress()).outcome).toBeNull();
    };
    await staysOpen();
    desk.trader.venueIsUp = true;
    await staysOpen();
    desk.trader.venueIsUp = false;
    desk.trader.readAtWallMs = Date.now();
    await staysOpen();
    desk.trader.venueIsUp = true;
    expect((await incident.result()).outcome).toBe(
      'the exchange is back and the books agree; not resumed: venue by test',
    );
  });
});

describe('a large drawdown', () => {
  const NEAR = [
    { limit: 'daily-loss', value: '3 %', now: '2.70 %' },
    { limit: 'drawdown', value: '15 %', now: '4.00 %' },
  ];
  const CALM = [{ limit: 'daily-loss', value: '3 %', now: '0.10 %' }];

  async function storeMinutes(
    symbol: string,
    lastHourMove: number,
    source = 'simulated-303-seed-7',
  ): Promise<void> {
    const endMs = desk.trader.marketMs;
    const minutes = 12 * 60;
    const rows = Array.from({ length: minutes }, (_, index) => {
      const fromEnd = minutes - index;
      // One wild hour of the day before makes no other normal.
      const usual = fromEnd > 300 && fromEnd <= 360 ? 0.01 : 0.0002;
      const move = fromEnd <= 60 ? lastHourMove : usual;
      return { at: new Date(endMs - fromEnd * 60_000), close: 100 * (1 + (index % 2) * move) };
    });
    await bench.database.pool.query(
      `insert into bars (desk, source, symbol, open_time, span_seconds, open, high, low, close, volume, simulated)
       select $1, $5, $2, at, 60, close, close, close, close, 1, true from unnest($3::timestamptz[], $4::numeric[]) as t(at, close)`,
      [desk.name, symbol, rows.map(({ at }) => at), rows.map(({ close }) => close), source],
    );
  }

  it('S2-072 S2-073 keeps whether the market moves much more than it usually does', async () => {
    await storeMinutes('WILD/USDT', 0.00042);
    await storeMinutes('CALM/USDT', 0.00038);
    // Of prices that the desk traded on at another start.
    await storeMinutes('CALM/USDT', 0.004, 'live-binance');
    await storeMinutes('NEW/USDT', 0.004, 'live-binance');
    desk.trader.market = {
      lastPrices: ['WILD/USDT', 'CALM/USDT', 'NEW/USDT'].map((symbol) => ({
        symbol,
        bid: '100',
        ask: '100',
      })),
    };
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    const { verdict, observed } = await stepOf(bench, incident, 'Market conditions');
    expect(verdict).toBe('warn');
    expect(observed).toMatch(/WILD\/USDT: .* 2\.1 times normal/);
    expect(observed).toMatch(/CALM\/USDT: .* 1\.9 times normal/);
    expect(observed).toContain('NEW/USDT: too few minutes are stored');
    desk.trader.risk = CALM;
    await incident.result();
    desk.trader.market = { lastPrices: [{ symbol: 'CALM/USDT', bid: '100', ask: '100' }] };
    desk.trader.risk = NEAR;
    const calmer = await openIncident(bench, desk, { kind: 'large-drawdown' });
    expect((await stepOf(bench, calmer, 'Market conditions')).verdict).toBe('pass');
    desk.trader.risk = CALM;
    await calmer.result();
    desk.trader.market = { lastPrices: [{ symbol: 'WILD/USDT', bid: '100', ask: '100' }] };
    desk.trader.risk = NEAR;
    const settings = { volatilityTimesNormal: 3 };
    const bolder = await openIncident(bench, desk, { kind: 'large-drawdown', settings });
    expect(await stepOf(bench, bolder, 'Market conditions')).toMatchObject({
      ...{ verdict: 'pass', expected: 'volatility of the last hour below 3 times its own normal' },
    });
    desk.trader.risk = CALM;
    await bolder.result();
  });

  it.each([
    ['S2-075', 'daily-loss', 'next-day', 'Daily loss limit reached: halted for the day'],
    ['S2-076', 'drawdown', 'person', 'Maximum drawdown reached: halted until a person decides'],
  ] as const)(
    '%s says how near both limits are, and what halted the desk: %s',
    async (_id, cause, rule, name) => {
      desk.trader.risk = NEAR;
      desk.trader.halt(cause, rule);
      const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
      expect(await stepOf(bench, incident, 'How near to the loss limits')).toMatchObject({
        verdict: 'warn',
        observed: expect.stringMatching(
          /^equity \S+, today \S+, \S+ % below its peak; daily-loss at 90 % of its limit, drawdown at 27 % of its limit$/,
        ),
      });
      expect(await stepOf(bench, incident, name)).toMatchObject({
        ...{
          verdict: 'warn',
          observed: expect.stringContaining(cause),
          expected: `lifted by the rule ${rule}`,
        },
      });
      desk.trader.halts = [];
      desk.trader.mode = 'ACTIVE';
      desk.trader.risk = CALM;
      await incident.result();
    },
  );

  it('S2-074 breaks the losses of the day down by strategy, an exit counted to the strategy that entered', async () => {
    const insert = (id: string, fields: readonly unknown[], symbol = 'BTC/USDT', of = desk.name) =>
      bench.database.pool.query(
        `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
           realised, simulated, market, wall, incarnation, sequence)
         values ($1, $8, $2, $2, 'buy', 1, 100, 1, 'taker', $3, $4, $5, true, $6, $6, 'inc', $7)`,
        [of, id, ...fields, symbol],
      );
    const at = (minutes: number) => new Date(desk.trader.marketMs - minutes * 60_000);
    await insert('entry', ['entry', 'ema-cross', 0, at(30), 1]);
    await insert('other entry', ['entry', 'breakout', 0, at(25), 2], 'ETH/USDT');
    await insert('stop', ['protective', 'fermata', -50, at(20), 3]);
    await insert('other exit', ['exit', 'breakout', 12, at(10), 4], 'ETH/USDT');
    await insert('yesterday', ['entry', 'old', -900, at(60 * 24), 5]);
    await insert('elsewhere', ['entry', 'ema-cross', -900, at(5), 6], 'BTC/USDT', 'another-desk');
    desk.trader.risk = NEAR;
    desk.trader.held = [position('SOL/USDT', { strategy: 'slow', unrealised: '-7.00' })];
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    expect(await stepOf(bench, incident, 'Losses by strategy')).toMatchObject({
      verdict: 'warn',
      observed:
        'ema-cross: -52.00 today in 2 fills; breakout: 10.00 today in 2 fills; slow holds SOL/USDT at -7.00',
    });
    desk.trader.held = [];
    desk.trader.risk = CALM;
    await incident.result();
  });

  it('tells losses of an account in coins with every place of the coin', async () => {
    const inCoins = await bench.desk({ serve: ['operations', 'engine'], currency: 'BTC' });
    await bench.database.pool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       values ($1, 'BTC/USD', 'exit', 'exit', 'sell', 1, 100, 0.00002, 'taker', 'exit', 'ema-cross', -0.0005, true, $2, $2, 'inc', 1)`,
      [inCoins.name, new Date(inCoins.trader.marketMs - 60_000)],
    );
    inCoins.trader.risk = NEAR;
    const incident = await openIncident(bench, inCoins, { kind: 'large-drawdown' });
    expect((await stepOf(bench, incident, 'Losses by strategy')).observed).toBe(
      'ema-cross: -0.00052000 today in 1 fill',
    );
    inCoins.trader.risk = CALM;
    await incident.result();
  });

  it('S2-077 offers smaller positions, and makes them smaller when a person agrees', async () => {
    desk.trader.risk = NEAR;
    desk.trader.sizePct = 80;
    onTestFinished(() => {
      desk.trader.sizePct = 100;
    });
    const settings = { offerSizePct: 25 };
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', settings });
    await vote(bench, desk.name, { idEnds: ':smaller-size' });
    await stepOf(bench, incident, 'Trade with smaller positions');
    expect(desk.trader.sent('resize')).toMatchObject([{ sizePct: 20, by: 'anna', decisions: [] }]);
    desk.trader.risk = CALM;
    await incident.result();
    expect(await stepOf(bench, incident, 'Trade with smaller positions')).toMatchObject({
      verdict: 'pass',
      person: 'anna',
    });
  });

  it('makes them smaller once the trader is back, where it was away as a person agreed', async () => {
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    const { id } = await openApproval(bench, desk.name, ':smaller-size');
    desk.trader.gone = true;
    await vote(bench, desk.name, { idEnds: id });
    await until('it to be tried for the fourth time', async () => {
      const { raw } = await bench.client.workflow.getHandle(incident.workflowId).describe();
      return raw.pendingActivities?.some(
        ({ activityType, attempt }) => activityType?.name === 'resize' && (attempt ?? 0) > 3,
      );
    });
    desk.trader.gone = false;
    expect(await stepOf(bench, incident, 'Trade with smaller positions')).toMatchObject({ verdict: 'pass' });
    expect(desk.trader.sent('resize')).toMatchObject([{ sizePct: 50, by: 'anna' }]);
    desk.trader.risk = CALM;
    await incident.result();
  });

  it('leaves a size alone that a person made smaller than what is agreed to, and alarms nobody', async () => {
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    const { id } = await openApproval(bench, desk.name, ':smaller-size');
    expect((await stepOf(bench, incident, 'Offered: Trade with smaller positions')).observed).toMatch(
      /^positionSizePct: 50, nowPct: 100; open until \d{4}-\d\d-\d\d \d\d:\d\d UTC$/,
    );
    desk.trader.sizePct = 20;
    onTestFinished(() => {
      desk.trader.sizePct = 100;
    });
    await vote(bench, desk.name, { idEnds: id });
    expect(await stepOf(bench, incident, 'Trade with smaller positions')).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/^approved: .*; already smaller: 20 %$/),
    });
    expect([desk.trader.sizePct, ...desk.trader.sent('resize')]).toEqual([20]);
    desk.trader.risk = CALM;
    await incident.result();
    const told = await toldOf(bench, incident);
    expect(told.filter(({ body }) => body.includes('could not be carried out'))).toEqual([]);
  });

  it('tells people where the trader refuses what a person agreed to', async () => {
    desk.trader.risk = NEAR;
    desk.trader.refuses = 'resize';
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    await vote(bench, desk.name, { idEnds: ':smaller-size' });
    expect(await stepOf(bench, incident, 'Trade with smaller positions')).toMatchObject({ verdict: 'fail' });
    await until('people are told', async () =>
      (await toldOf(bench, incident)).find(({ body }) => body.includes('agreed to by anna, could not be')),
    );
    desk.trader.refuses = null;
    desk.trader.risk = CALM;
    await incident.result();
  });

  it('S2-078 offers the losing strategies off, by name, and switches them off when a person agrees', async () => {
    desk.trader.risk = NEAR;
    desk.trader.strategies = [
      strategy('breakout', { realised: '-10.00' }),
      strategy('ema-cross', { realised: '12.00' }),
      strategy('grid', { realised: '-0.01' }),
      strategy('off', { realised: '-30.00', enabled: false }),
    ];
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    await vote(bench, desk.name, { idEnds: ':strategies-off' });
    await stepOf(bench, incident, 'Switch the losing strategies off');
    expect(desk.trader.sent('toggle')).toMatchObject([
      { strategy: 'breakout', enabled: false, by: 'anna' },
      { strategy: 'grid', enabled: false, by: 'anna' },
    ]);
    desk.trader.risk = CALM;
    await incident.result();
  });

  it('offers as many strategies off as a desk may have, by names of any length', async () => {
    desk.trader.risk = NEAR;
    const names = Array.from(
      { length: 100 },
      (_, at) => `mean-reversion-of-hours-${String(at).padStart(3, '0')}`,
    );
    desk.trader.strategies = names.map((name) => strategy(name, { realised: '-1.00' }));
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    const offered = await until('the offer', async () =>
      (await readApprovals(bench.database.pool, desk.name)).find(
        ({ id, state }) => state === 'open' && id.endsWith(':strategies-off'),
      ),
    );
    expect(offered.parameters).toEqual({ strategies: names.join(', ') });
    desk.trader.risk = CALM;
    await incident.result();
  });

  it('changes nothing unasked, lasts while a loss halts, and takes its offers back when it is over', async () => {
    desk.trader.risk = NEAR;
    desk.trader.halt('drawdown', 'person');
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    const offered = await until('the offer', async () =>
      (await readApprovals(bench.database.pool, desk.name)).find(({ state }) => state === 'open'),
    );
    desk.trader.risk = CALM;
    expect((await incident.progress()).outcome).toBeNull();
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect((await incident.result()).state).toBe('resolved');
    const after = (await readApprovals(bench.database.pool, desk.name)).find(({ id }) => id === offered.id);
    expect(after?.state).toBe('withdrawn');
    expect([...desk.trader.sent('resize'), ...desk.trader.sent('toggle')]).toEqual([]);
  });
});
