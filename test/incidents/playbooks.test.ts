import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { readApprovals } from '../../src/store/approvals.js';
import { readIncidentFiles } from '../../src/store/incident-files.js';
import { vote } from '../workflows/support/decisions.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { until } from '../workflows/support/until.js';
import {
  openIncident,
  position,
  type RunningIncident,
  strategy,
  timelineOf,
  toldOf,
} from './incident-bench.js';

const home = mkdtempSync(join(tmpdir(), 'incidents-'));
let bench: Bench;
let desk: BenchDesk;
beforeAll(async () => {
  mkdirSync(homePaths(home).logs, { recursive: true });
  bench = await openBench();
  desk = await bench.desk({ serve: ['operations', 'engine'], logsHome: home });
});
afterAll(async () => {
  await bench?.close();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  const { trader, processes } = desk;
  trader.halts = [];
  trader.mode = 'ACTIVE';
  trader.gone = false;
  trader.venueBreaker = 'closed';
  trader.market = {};
  trader.reconciliation = 'clean';
  trader.sizePct = 100;
  trader.strategies = [];
  trader.held = [];
  trader.risk = [];
  trader.received.length = 0;
  processes.clear();
});

async function stepOf(incident: RunningIncident, name: string) {
  return until(`the step "${name}"`, async () =>
    (await timelineOf(bench, incident)).find((step) => step.name === name),
  );
}

describe('the exchange is down', () => {
  it('S2-065 S2-068 S2-069 halts where the trader has not, and looks that every stop is at the exchange', async () => {
    desk.trader.venueBreaker = 'open';
    desk.trader.held = [
      position('BTC/USDT'),
      position('ETH/USDT', { protection: 'missing', stopPrice: null }),
    ];
    const incident = await openIncident(bench, desk, { kind: 'exchange-down' });
    expect(await stepOf(incident, 'Calls are tried again, later each time')).toMatchObject({
      verdict: 'pass',
    });
    expect(await stepOf(incident, 'API breaker pauses calls')).toMatchObject({
      verdict: 'pass',
      observed: 'API breaker open',
    });
    expect(await stepOf(incident, 'No new trades')).toMatchObject({ verdict: 'pass' });
    expect(desk.trader.sent('halt')).toMatchObject([{ cause: 'venue', resume: 'auto' }]);
    const stops = await stepOf(incident, 'Stops stay at the exchange');
    expect(stops.verdict).toBe('fail');
    expect(stops.observed).toContain('BTC/USDT 0.5, stop 85 confirmed');
    await until('people are told', async () =>
      (await toldOf(bench, incident)).find(({ body }) =>
        body.includes('no confirmed stop at the exchange for ETH/USDT'),
      ),
    );
    expect(await stepOf(incident, 'Status page of the exchange')).toMatchObject({ verdict: 'not_run' });
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
    desk.trader.venueBreaker = 'closed';
    expect((await incident.progress()).outcome).toBeNull();
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect((await incident.result()).outcome).toContain('the exchange is back');
    const pages = (await timelineOf(bench, incident)).filter(({ name }) => name.startsWith('Status page'));
    expect(pages).toHaveLength(2);
    page.close();
  });

  it("S2-071 is over with the desk still stopped where a person's stop stands", async () => {
    desk.trader.halt('venue', 'auto');
    desk.trader.halt('person', 'person', 'anna');
    desk.trader.venueBreaker = 'open';
    const incident = await openIncident(bench, desk, { kind: 'exchange-down' });
    await stepOf(incident, 'Stops stay at the exchange');
    desk.trader.venueBreaker = 'closed';
    expect((await incident.result()).outcome).toContain('not resumed: person by anna');
    expect(desk.trader.mode).toBe('HALTED');
    expect(desk.trader.sent('arm')).toEqual([]);
  });
});

describe('a large drawdown', () => {
  const NEAR = [
    { limit: 'daily-loss', value: '3 %', now: '2.70 %' },
    { limit: 'drawdown', value: '15 %', now: '4.00 %' },
  ];
  const CALM = [{ limit: 'daily-loss', value: '3 %', now: '0.10 %' }];

  async function storeMinutes(symbol: string, lastHourMove: number): Promise<void> {
    const endMs = desk.trader.marketMs;
    const minutes = 12 * 60;
    const rows = Array.from({ length: minutes }, (_, index) => {
      const fromEnd = minutes - index;
      const move = fromEnd <= 60 ? lastHourMove : 0.0002;
      return { at: new Date(endMs - fromEnd * 60_000), close: 100 * (1 + (index % 2) * move) };
    });
    await bench.database.pool.query(
      `insert into bars (desk, symbol, open_time, span_seconds, open, high, low, close, volume, simulated)
       select $1, $2, at, 60, close, close, close, close, 1, true from unnest($3::timestamptz[], $4::numeric[]) as t(at, close)`,
      [desk.name, symbol, rows.map(({ at }) => at), rows.map(({ close }) => close)],
    );
  }

  it('S2-072 S2-073 keeps whether the market moves much more than it usually does', async () => {
    await storeMinutes('WILD/USDT', 0.004);
    await storeMinutes('CALM/USDT', 0.0002);
    desk.trader.market = {
      lastPrices: ['WILD/USDT', 'CALM/USDT', 'NEW/USDT'].map((symbol) => ({
        symbol,
        bid: '100',
        ask: '100',
      })),
    };
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    const { verdict, observed } = await stepOf(incident, 'Market conditions');
    expect(verdict).toBe('warn');
    expect(observed).toMatch(/WILD\/USDT: .* 19\.\d times normal/);
    expect(observed).toMatch(/CALM\/USDT: .* 1\.0 times normal/);
    expect(observed).toContain('NEW/USDT: too few minutes are stored');
    desk.trader.risk = CALM;
    await incident.result();
  });

  it('S2-074 breaks the losses of the day down by strategy, an exit counted to the strategy that entered', async () => {
    const insert = (id: string, fields: readonly unknown[]) =>
      bench.database.pool.query(
        `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
           realised, simulated, market, wall, incarnation, sequence)
         values ($1, 'BTC/USDT', $2, $2, 'buy', 1, 100, 1, 'taker', $3, $4, $5, true, $6, $6, 'inc', $7)`,
        [desk.name, id, ...fields],
      );
    const at = (minutes: number) => new Date(desk.trader.marketMs - minutes * 60_000);
    await insert('entry', ['entry', 'ema-cross', 0, at(30), 1]);
    await insert('stop', ['protective', 'fermata', -50, at(20), 2]);
    await insert('yesterday', ['entry', 'old', -900, at(60 * 24), 3]);
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    expect((await stepOf(incident, 'Losses by strategy')).observed).toBe(
      'ema-cross: -52.00 today in 2 fills',
    );
    desk.trader.risk = CALM;
    await incident.result();
  });

  it('S2-077 offers smaller positions, and makes them smaller when a person agrees', async () => {
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    await vote(bench, desk.name, { idEnds: ':smaller-size' });
    await stepOf(incident, 'Trade with smaller positions');
    expect(desk.trader.sent('resize')).toMatchObject([{ sizePct: 50, by: 'anna', decisions: [] }]);
    desk.trader.risk = CALM;
    await incident.result();
    expect(await stepOf(incident, 'Trade with smaller positions')).toMatchObject({
      verdict: 'pass',
      person: 'anna',
    });
  });

  it('S2-078 offers the losing strategies off, by name, and switches them off when a person agrees', async () => {
    desk.trader.risk = NEAR;
    desk.trader.strategies = [
      strategy('breakout', { realised: '-10.00' }),
      strategy('ema-cross', { realised: '12.00' }),
    ];
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    await vote(bench, desk.name, { idEnds: ':strategies-off' });
    await stepOf(incident, 'Switch the losing strategies off');
    expect(desk.trader.sent('toggle')).toMatchObject([{ strategy: 'breakout', enabled: false, by: 'anna' }]);
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

describe('a crash', () => {
  const logFile = join(homePaths(home).logs, 'fermata.log');
  const writeLog = (lines: number) => {
    const text = Array.from({ length: lines }, (_, line) => [
      `2026-03-02T10:00:00.000Z ${'trader'.padEnd(17)} info  line ${line}`,
      `2026-03-02T10:00:00.000Z ${'web'.padEnd(17)} info  something else`,
    ]);
    writeFileSync(logFile, `${text.flat().join('\n')}\n`);
  };

  it('S2-079 S2-080 keeps the last 100 lines of its log with their hash', async () => {
    writeLog(140);
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    const step = await stepOf(incident, 'Last 100 lines of its log');
    const [file] = await readIncidentFiles(bench.database.pool, incident);
    const kept = file?.content.split('\n').map((line) => line.split('  ').at(-1));
    expect(kept).toEqual(Array.from({ length: 100 }, (_, line) => `line ${line + 40}`));
    expect(step.observed).toContain(file?.sha256);
    await incident.end();
  });

  it('S2-080 goes on in the log that was moved away a moment ago', async () => {
    writeLog(90);
    renameSync(logFile, `${logFile}.1`);
    writeFileSync(logFile, `2026-03-02T10:00:01.000Z ${'trader'.padEnd(17)} error the end\n`);
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    await stepOf(incident, 'Last 100 lines of its log');
    const [file] = await readIncidentFiles(bench.database.pool, incident);
    expect(file?.content.split('\n')).toHaveLength(91);
    expect(file?.content.endsWith('error the end')).toBe(true);
    await incident.end();
    rmSync(`${logFile}.1`);
  });

  it('S2-081 S2-082 S2-083 waits for the restart, compares the books, and says whether positions were touched', async () => {
    writeLog(3);
    await bench.database.pool.query(
      `insert into positions (desk, symbol, quantity, average_price, realised, simulated, updated)
       values ($1, 'BTC/USDT', 0.50, 100, 0, true, now())`,
      [desk.name],
    );
    desk.processes.set('trader', 'restarting');
    desk.trader.gone = true;
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    expect((await stepOf(incident, 'Positions before')).observed).toBe('BTC/USDT 0.5');
    desk.processes.set('trader', 'running');
    desk.trader.gone = false;
    desk.trader.reconciliation = 'pending';
    desk.trader.halt('startup', 'auto');
    desk.trader.held = [position('BTC/USDT')];
    await stepOf(incident, 'Restart');
    desk.trader.reconciliation = 'differences';
    expect(await stepOf(incident, 'Every part began anew')).toMatchObject({ verdict: 'pass' });
    expect(await stepOf(incident, 'Books compared with the venue')).toMatchObject({ verdict: 'fail' });
    desk.trader.reconciliation = 'clean';
    expect((await incident.result()).outcome).toBe('trader runs again; the books agree with the venue');
    expect(await stepOf(incident, 'Positions untouched by the restart')).toMatchObject({
      verdict: 'pass',
      observed: 'before: BTC/USDT 0.5; after: BTC/USDT 0.5',
    });
    expect((await stepOf(incident, 'What the restart did to the account')).observed).toContain(
      'paper positions, orders and cash are kept',
    );
  });

  it('S2-081 tells people at once where a process stays down, and by which command it is started', async () => {
    desk.processes.set('ledger', 'down');
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'ledger' });
    await until('people are told', async () =>
      (await toldOf(bench, incident)).find(({ body }) => body.includes('fermata restart ledger')),
    );
    desk.processes.set('ledger', 'running');
    expect((await incident.result()).outcome).toBe('ledger runs again');
  });
});

describe('a strategy underperforms', () => {
  const OFF = {
    automatic: true,
    by: 'fermata',
    reason: '5 losses in a row',
    atMarketMs: 0,
    nextReviewMarketMs: 3_600_000,
  };

  it('S2-085 S2-086 S2-087 keeps its statistics and the regime of its markets', async () => {
    desk.trader.strategies = [
      strategy('ema-cross', { enabled: false, off: OFF }),
      strategy('ema-cross', { symbol: 'ETH/USDT', regime: 'trending', enabled: false, off: OFF }),
    ];
    const incident = await openIncident(bench, desk, {
      kind: 'strategy-underperforming',
      subject: 'ema-cross',
    });
    expect((await stepOf(incident, 'Statistics')).observed).toContain(
      'BTC/USDT: 12 trades, 3 won, result -40.00, 5 losses in a row',
    );
    expect(await stepOf(incident, 'Market regime')).toMatchObject({
      verdict: 'warn',
      observed: 'BTC/USDT is ranging; ETH/USDT is trending',
    });
    expect((await stepOf(incident, 'Switched off?')).observed).toContain(
      'looked at again at 1970-01-01T01:00:00.000Z',
    );
    await incident.end();
  });

  it('S2-089 is over when it was looked at again and is on', async () => {
    desk.trader.strategies = [strategy('b', { enabled: false, off: OFF })];
    const incident = await openIncident(bench, desk, { kind: 'strategy-underperforming', subject: 'b' });
    await stepOf(incident, 'Switched off?');
    desk.trader.strategies = [strategy('b', { regime: 'trending' })];
    expect((await incident.result()).outcome).toBe('b is on again, BTC/USDT is trending');
  });

  it('S2-090 is over when a person switched it off by hand', async () => {
    desk.trader.strategies = [strategy('c', { trades: 40, wins: 4 })];
    const incident = await openIncident(bench, desk, { kind: 'strategy-underperforming', subject: 'c' });
    expect((await stepOf(incident, 'Switched off?')).observed).toBe('on: it keeps losing');
    const off = { ...OFF, automatic: false, by: 'anna', reason: 'enough' };
    desk.trader.strategies = [strategy('c', { enabled: false, off })];
    expect((await incident.result()).outcome).toBe('anna switched c off: enough');
  });
});

describe('trading was halted by a part of the desk', () => {
  it('keeps why, and is over when the desk trades again', async () => {
    desk.trader.halt('clock-jump', 'auto', 'fermata');
    const incident = await openIncident(bench, desk, { kind: 'trading-halted', subject: 'clock-jump' });
    expect((await stepOf(incident, 'Why trading stopped')).observed).toBe(
      'clock-jump (fermata): clock-jump by fermata',
    );
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect((await incident.result()).outcome).toBe('the desk trades again');
  });
});
