/** The playbooks of the bot itself: a part of it ended, a strategy loses, trading was halted. */

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readIncidentFiles } from '../../src/store/incident-rows.js';
import { until } from '../support/eventually.js';
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

describe('a crash', () => {
  const logFile = () => join(playbooks.logs, 'fermata.log');
  const writeLog = (lines: number) => {
    const text = Array.from({ length: lines }, (_, line) => [
      `2026-03-02T10:00:00.000Z ${'trader'.padEnd(17)} info  line ${line}`,
      `2026-03-02T10:00:00.000Z ${'web'.padEnd(17)} info  something else`,
    ]);
    writeFileSync(logFile(), `${text.flat().join('\n')}\n`);
  };

  it('looks first whether the process runs', async () => {
    desk.processes.set('web', 'restarting');
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'web' });
    await stepOf(bench, incident, 'Last 100 lines of its log');
    const [, first] = await timelineOf(bench, incident);
    expect(first).toMatchObject({
      ...{ name: 'Is the process running?', verdict: 'warn', observed: 'restarting' },
    });
    await incident.end();
  });

  it('is watched after the restart: a break is written down, and it begins anew', async () => {
    // Looked at, started again; then it is away at each second look, until that is written down: no look before counts on another.
    let looks = 0;
    let isWritten = false;
    const answer = vi.spyOn(desk.processes, 'get').mockImplementation(() => {
      looks += 1;
      return looks > 2 && looks % 2 === 0 && !isWritten ? 'restarting' : 'running';
    });
    onTestFinished(() => answer.mockRestore());
    const incident = await openIncident(bench, desk, {
      ...{ kind: 'crash-and-restart', subject: 'trader', settings: { watchMinutes: 1 / 60 } },
    });
    expect(await stepOf(bench, incident, 'It does not keep running')).toMatchObject({
      ...{ verdict: 'fail', observed: 'trader is restarting' },
    });
    isWritten = true;
    expect((await incident.result()).outcome).toBe(
      'trader runs again; the books agree with the venue; it has run for 1 s without a break',
    );
  });

  it('S2-079 S2-080 keeps the last 100 lines of its log with their hash', async () => {
    writeLog(140);
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    const step = await stepOf(bench, incident, 'Last 100 lines of its log');
    const [file] = await readIncidentFiles(bench.database.pool, incident);
    const kept = file?.content.split('\n').map((line) => line.split('  ').at(-1));
    expect(kept).toEqual(Array.from({ length: 100 }, (_, line) => `line ${line + 40}`));
    expect(step).toMatchObject({
      ...{
        verdict: 'pass',
        observed: `100 lines kept, SHA-256 ${file?.sha256}`,
        reference: 'log-trader.txt',
      },
    });
    await incident.end();
  });

  it('S2-080 warns where there is no log, and says where else it may be', async () => {
    rmSync(logFile(), { force: true });
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'web' });
    expect(await stepOf(bench, incident, 'Last 100 lines of its log')).toMatchObject({
      ...{ verdict: 'warn', reference: null },
      observed: expect.stringMatching(/there is no log file here; .*docker-compose logs \S+ --tail 100$/),
    });
    await incident.end();
  });

  it('S2-080 goes on in the log that was moved away a moment ago', async () => {
    writeLog(90);
    renameSync(logFile(), `${logFile()}.1`);
    writeFileSync(logFile(), `2026-03-02T10:00:01.000Z ${'trader'.padEnd(17)} error the end\n`);
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    await stepOf(bench, incident, 'Last 100 lines of its log');
    const [file] = await readIncidentFiles(bench.database.pool, incident);
    expect(file?.content.split('\n')).toHaveLength(91);
    expect(file?.content.endsWith('error the end')).toBe(true);
    await incident.end();
    rmSync(`${logFile()}.1`);
  });

  it('S2-081 S2-082 S2-083 waits for the restart, compares the books, and says whether positions were touched', async () => {
    writeLog(3);
    await bench.database.pool.query(
      `insert into positions (desk, symbol, quantity, average_price, realised, simulated, updated)
       values ($1, 'BTC/USDT', 0.504, 100, 0, true, now())`,
      [desk.name],
    );
    desk.processes.set('trader', 'restarting');
    desk.trader.gone = true;
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    expect((await stepOf(bench, incident, 'Positions before')).observed).toBe('BTC/USDT 0.5');
    desk.processes.set('trader', 'running');
    desk.trader.gone = false;
    desk.trader.reconciliation = 'pending';
    desk.trader.halt('startup', 'auto');
    desk.trader.held = [position('BTC/USDT')];
    await stepOf(bench, incident, 'Restart');
    desk.trader.reconciliation = 'differences';
    expect(await stepOf(bench, incident, 'Every part began anew')).toMatchObject({ verdict: 'pass' });
    expect(await stepOf(bench, incident, 'Books compared with the venue')).toMatchObject({ verdict: 'fail' });
    desk.trader.reconciliation = 'clean';
    expect((await incident.result()).outcome).toBe('trader runs again; the books agree with the venue');
    expect(await stepOf(bench, incident, 'Positions untouched by the restart')).toMatchObject({
      verdict: 'pass',
      observed: 'before: BTC/USDT 0.5; after: BTC/USDT 0.5',
    });
    expect((await stepOf(bench, incident, 'What the restart did to the account')).observed).toMatch(
      /paper positions, orders and cash are kept.*; equity \d/,
    );
  });

  it('says at its end that a person has to resume, unless the desk trades, or will by itself', async () => {
    desk.processes.set('trader', 'running');
    desk.trader.halt('startup', 'auto');
    onTestFinished(() => desk.trader.restart());
    const over = 'trader runs again; the books agree with the venue';
    const outcome = async () =>
      (await (await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' })).result())
        .outcome;
    expect(await outcome()).toBe(over);
    desk.trader.halt('startup', 'person');
    expect(await outcome()).toBe(`${over}; not resumed: startup by test`);
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect(await outcome()).toBe(over);
  });

  it('S2-083 warns where positions are not what they were before the restart', async () => {
    const { pool } = bench.database;
    await pool.query('delete from positions where desk = $1', [desk.name]);
    await pool.query(
      `insert into positions (desk, symbol, quantity, average_price, realised, simulated, updated)
       values ($1, 'BTC/USDT', 0.70, 100, 0, true, now())`,
      [desk.name],
    );
    desk.processes.set('trader', 'running');
    desk.trader.reconciliation = 'clean';
    desk.trader.held = [position('BTC/USDT')];
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    expect(await stepOf(bench, incident, 'Positions untouched by the restart')).toMatchObject({
      verdict: 'warn',
      observed: 'before: BTC/USDT 0.7; after: BTC/USDT 0.5',
    });
    await incident.end();
  });

  it('compares what the venue has of a contract, where trades in it are side by side', async () => {
    const { pool } = bench.database;
    await pool.query('delete from positions where desk = $1', [desk.name]);
    await pool.query(
      `insert into positions (desk, symbol, quantity, average_price, realised, simulated, updated)
       values ($1, 'BTC/USDT', 0.2, 100, 0, true, now()), ($1, 'ETH/USDT', 0, 100, 0, true, now())`,
      [desk.name],
    );
    const sideBySide = (symbol: string, long: string, short: string, net: string) => {
      const trade = { id: 't1', openedMs: 0, fees: '0', result: '1', risk: null, r: null } as const;
      const part = { ...trade, strategy: 'ema-cross', stopPrice: '85', protection: 'confirmed' } as const;
      const parts = [
        { ...part, side: 'long', quantity: long },
        { ...part, side: 'short', quantity: short },
      ] as const;
      return position(symbol, { quantity: net, parts });
    };
    desk.processes.set('trader', 'running');
    desk.trader.reconciliation = 'clean';
    desk.trader.held = [
      sideBySide('BTC/USDT', '0.3', '0.1', '0.2'),
      sideBySide('ETH/USDT', '1.0', '1.0', '0.0'),
    ];
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    expect(await stepOf(bench, incident, 'Positions untouched by the restart')).toMatchObject({
      verdict: 'pass',
      observed: 'before: BTC/USDT 0.2; after: BTC/USDT 0.2',
    });
    await incident.end();
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
    expect((await stepOf(bench, incident, 'Statistics')).observed).toContain(
      'BTC/USDT: 12 trades, 3 won, result -40.00, 5 losses in a row',
    );
    expect(await stepOf(bench, incident, 'Market regime')).toMatchObject({
      verdict: 'warn',
      observed: 'BTC/USDT is ranging; ETH/USDT is trending',
    });
    expect((await stepOf(bench, incident, 'Switched off?')).observed).toContain(
      'looked at again at 1970-01-01T01:00:00.000Z',
    );
    await incident.end();
  });

  it('S2-089 is over when it was looked at again and is on', async () => {
    desk.trader.strategies = [strategy('b', { enabled: false, off: OFF })];
    const incident = await openIncident(bench, desk, { kind: 'strategy-underperforming', subject: 'b' });
    await stepOf(bench, incident, 'Switched off?');
    desk.trader.strategies = [strategy('b', { regime: 'trending' })];
    expect((await incident.result()).outcome).toBe('b is on again, BTC/USDT is trending');
  });

  it('S2-089 says of each look that leaves it off in which market, and when the next one is', async () => {
    desk.trader.strategies = [strategy('d', { enabled: false, off: OFF })];
    const incident = await openIncident(bench, desk, { kind: 'strategy-underperforming', subject: 'd' });
    await stepOf(bench, incident, 'Switched off?');
    const asked = desk.trader.sent('status').length;
    await until('it looks again', () => desk.trader.sent('status').length >= asked + 2);
    const later = { ...OFF, nextReviewMarketMs: 7_200_000 };
    desk.trader.strategies = [strategy('d', { enabled: false, off: later })];
    expect(await stepOf(bench, incident, 'Looked at again')).toMatchObject({
      verdict: 'warn',
      observed: 'still off: BTC/USDT is ranging; the next time at 1970-01-01T02:00:00.000Z by market time',
    });
    await incident.end();
  });

  it('S2-090 is over when a person switched it off by hand', async () => {
    desk.trader.strategies = [strategy('c', { trades: 40, wins: 4 })];
    const incident = await openIncident(bench, desk, { kind: 'strategy-underperforming', subject: 'c' });
    expect((await stepOf(bench, incident, 'Switched off?')).observed).toBe('on: it keeps losing');
    const off = { ...OFF, automatic: false, by: 'anna', reason: 'enough' };
    desk.trader.strategies = [strategy('c', { enabled: false, off })];
    expect((await incident.result()).outcome).toBe('anna switched c off: enough');
  });
});

describe('trading was halted by a part of the desk', () => {
  it('keeps why, and is over when the desk trades again', async () => {
    desk.trader.halt('clock-jump', 'auto', 'fermata');
    const incident = await openIncident(bench, desk, { kind: 'trading-halted', subject: 'clock-jump' });
    expect((await stepOf(bench, incident, 'Why trading stopped')).observed).toBe(
      'clock-jump (fermata): clock-jump by fermata',
    );
    desk.trader.halts = [];
    desk.trader.mode = 'ACTIVE';
    expect((await incident.result()).outcome).toBe('the desk trades again');
  });

  it('is over, the desk still halted, once a close-all that missed its deadline is proven flat', async () => {
    desk.trader.closeAllState = 'escalated';
    desk.trader.halt('close-all-incomplete', 'person', 'fermata');
    const subject = 'close-all-incomplete';
    const incident = await openIncident(bench, desk, { kind: 'trading-halted', subject });
    await stepOf(bench, incident, 'Why trading stopped');
    expect((await incident.progress()).outcome).toBeNull();
    desk.trader.closeAllState = 'flat';
    desk.trader.halts = desk.trader.halts.map((halt) => ({ ...halt, reason: 'nothing is left open' }));
    expect((await incident.result()).outcome).toBe('the desk stays HALTED, and nothing is left open');
  });
});
