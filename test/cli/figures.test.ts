/** `fermata stats`, `setups` and `monitor` on a desk of New York: what a person asks for at three in the morning. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { setupsCommand, setupsLines } from '../../src/cli/commands/journal-and-export.js';
import { monitorCommand } from '../../src/cli/commands/monitor-command.js';
import { readStats, type Stats, statsCommand, statsLines } from '../../src/cli/commands/stats.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { forPeople } from '../../src/domain/moment.js';
import { beginCliSession } from '../../src/home/cli-session.js';
import { homePaths, type Runtime } from '../../src/home/runtime.js';
import { standingOf } from '../../src/home/sign-in-standing.js';
import { supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import { listSetups, readSetup } from '../../src/operations/journal-notes.js';
import { showResults } from '../../src/operations/results/read-results.js';
import { saveBackup } from '../../src/store/backup-rows.js';
import { countSetups } from '../../src/store/trading-journal-rows.js';
import { openSupervisorSocket, type SupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { idleStatus, scriptedStatus } from '../support/trader-status.js';
import { COMMAND, commandsInOneProcess } from './run-command.js';
import { startTraderDouble, type TraderDouble, traderStatus, writeRuntimeWith } from './trader-double.js';

const runCommand = commandsInOneProcess();

/** Of the log; no day of it ends while these run. */
const hour = new Date().getUTCHours();
const AT_NOON = { timezone: hour >= 6 && hour < 18 ? 'UTC' : 'Etc/GMT-12', dayBoundary: '00:00' };
const SLOB_FILE = resolveDesk('slob');
const { desk: SLOB } = loadDesk(SLOB_FILE);
const HOUR = 3_600_000;
const MB = 1_048_576;
/** A Wednesday evening in New York, where UTC is on Thursday already. */
const NOW = Date.parse('2026-03-05T02:00:00Z');

let folder: string;
let database: TestDatabase;
let runtime: Runtime;
let trader: TraderDouble;
let supervisor: SupervisorSocket | null = null;
let status: TraderStatus;
let answers = true;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-figures-'));
  const home = join(folder, 'home');
  const written = await writeRuntimeWith(database, home, SLOB_FILE, 'slob');
  runtime = { ...written, calendar: AT_NOON };
  writeFileSync(join(home, 'run', 'runtime.json'), JSON.stringify(runtime));
  status = traderStatus({ desk: 'slob', currency: 'USD' });
  status = { ...status, marketData: { ...status.marketData, marketMs: NOW } };
  answers = true;
  trader = await startTraderDouble(runtime, { status: () => status });
  await database.ownerPool.query('delete from fills');
});
afterEach(async () => {
  await supervisor?.close();
  supervisor = null;
  await trader.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As the operations have it, with the trader's answer as the test says. */
const context = () => ({
  desk: SLOB,
  pool: database.pool,
  trader: {
    call: () => (answers ? Promise.resolve(status) : Promise.reject(new Error('no answer'))),
  } as never,
  nowMs: Date.now,
});

const asked = async (...args: readonly string[]) => {
  const { code, out, err } = await runCommand(folder, args);
  return { code, out, err, json: () => JSON.parse(out) };
};

let fills = 0;
/** Sold short and bought back an hour later. */
async function traded(closedAt: string, realised: number): Promise<void> {
  for (const [side, minutes, purpose, result] of [
    ['sell', -60, 'entry', 0],
    ['buy', 0, 'exit', realised],
  ] as const) {
    fills += 1;
    await database.ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       values ('slob', 'NQ/USD', $1::text, 'fabc123' || $1, $2, 1, 15011, 0, 'maker', $3, 'slob', $4, true,
         $5::timestamptz + $6 * interval '1 minute', now(), 'abc123', $1::int)`,
      [fills, side, purpose, result, closedAt, minutes],
    );
  }
}

describe('fermata export', () => {
  it('says that there is nothing of these days: they are those of the market, not of this machine', async () => {
    await traded('2026-03-04T20:00:00Z', 690.5);
    const some = await asked('export', 'trades', '--from', '2026-03-04');
    expect([some.out.split('\n').length, some.err]).toEqual([4, '']);
    const none = await asked('export', 'trades', '--from', '2026-03-05');
    expect(none.out).toMatch(/^market_time,[^\n]+\n$/);
    expect(none.err).toBe('! nothing is shown: no trades are of these days, which are those of the market\n');
    expect(none.code).toBe(0);
    expect((await asked('export', 'orders')).err).toContain('there are no orders so far');
  });
});

describe('fermata stats', () => {
  beforeEach(async () => {
    await traded('2026-03-04T20:00:00Z', 690.5);
    await traded('2026-03-04T20:10:00Z', -41);
    await traded('2026-03-04T20:20:00Z', 0); // even, which is not won
    await traded('2026-03-05T01:00:00Z', -349.5);
    await traded('2026-03-04T04:30:00Z', 100.25);
    await traded('2026-02-18T20:00:00Z', -50);
    await traded('2025-12-01T20:00:00Z', 1_000);
  });

  const stats = (span: Stats['span']) =>
    readStats(
      { showResults: (request) => showResults(context(), request), countSetups: async () => 9 },
      span,
    );

  it('today has trades, result and wins of the desk’s day', async () => {
    const today = await stats('today');
    expect(today).toEqual({
      ...{ span: 'today', currency: 'USD', machineTime: false },
      periods: [
        { date: '2026-03-04', trades: 4, wins: 1, winRatePct: '25.0', result: '300', average: '75.00' },
      ],
    });
    const text = '2026-03-04  4 trades, 1 won (25.0 %), result +300.00 USD, on average +75.00 USD';
    expect(statsLines(today)).toEqual([text]);
    expect((await asked('stats')).out).toBe(`${text}\n`);
  });

  it('days has each of thirty on which something was closed, the newest first', async () => {
    expect((await stats('days')).periods).toMatchObject([
      { date: '2026-03-04', trades: 4, wins: 1, result: '300' },
      { date: '2026-03-03', trades: 1, wins: 1, result: '100.25' },
      { date: '2026-02-18', trades: 1, wins: 0, result: '-50' },
    ]);
  });

  it('weeks has the last four, the newest first, also those in which nothing was closed', async () => {
    const weeks = await stats('weeks');
    const nothing = { trades: 0, wins: 0, winRatePct: null, result: '0', average: null };
    expect(weeks.periods).toEqual([
      {
        ...{ week: '2026-W10', date: '2026-03-02', trades: 5, wins: 2 },
        ...{ winRatePct: '40.0', result: '400.25', average: '80.05' },
      },
      { week: '2026-W09', date: '2026-02-23', ...nothing },
      {
        ...{ week: '2026-W08', date: '2026-02-16', trades: 1, wins: 0 },
        ...{ winRatePct: '0.0', result: '-50', average: '-50.00' },
      },
      { week: '2026-W07', date: '2026-02-09', ...nothing },
    ]);
    expect(statsLines(weeks)[1]).toBe('2026-W09  nothing was closed');
  });

  it('all has setups, trades, result and average in one call', async () => {
    const all = await stats('all');
    const figures = { trades: 7, wins: 3, result: '1350.25', average: '192.89' };
    expect(all).toMatchObject({ setups: 9, ...figures });
    expect(statsLines(all)).toEqual([
      'setups 9; 7 trades, 3 won (42.9 %), result +1\u202f350.25 USD, on average +192.89 USD',
    ]);
  });

  it('of an account in a coin has every place of the average, which two would hide', async () => {
    const operations = {
      showResults: async () => ({
        ...(await showResults(context(), { by: 'day', days: 30, listMax: 1 })),
        ...{ currency: 'BTC', total: { trips: 3, wins: 2, net: '0.0042' } },
      }),
      countSetups: async () => 0,
    };
    const all = await readStats(operations as unknown as Parameters<typeof readStats>[0], 'all');
    expect(all.average).toBe('0.00140000');
    expect(statsLines(all)[0]).toMatch(/result \+0\.0042 BTC, on average \+0\.00140000 BTC$/);
  });

  it('has an average that is rounded like the result: of two trades it is half of it', async () => {
    const operations = {
      showResults: async () => ({
        ...(await showResults(context(), { by: 'day', days: 30, listMax: 1 })),
        total: { trips: 2, wins: 0, net: '-0.89970909' },
      }),
      countSetups: async () => 0,
    };
    const all = await readStats(operations as unknown as Parameters<typeof readStats>[0], 'all');
    expect(statsLines(all)[0]).toMatch(/result \u22120\.90 USD, on average \u22120\.45 USD$/);
  });

  it('says that days are by this machine’s clock while the trader does not answer, and that nothing was closed', async () => {
    answers = false;
    const today = await stats('today');
    expect(today).toMatchObject({ machineTime: true, periods: [{ trades: 0 }] });
    expect(statsLines(today)).toEqual([
      '! the trader does not answer: days are by this machine’s clock',
      expect.stringMatching(/^\d{4}-\d\d-\d\d {2}nothing was closed$/),
    ]);
    expect(statsLines(await stats('days'))[1]).toBe('nothing was closed');
  });
});

describe('fermata setups', () => {
  let sequence = 0;
  const noted = (hoursAgo: number, text: string, strategy: string | null = 'slob') => {
    sequence += 1;
    const record = {
      type: 'note',
      level: 'info',
      text,
      strategy,
      symbol: 'NQ/USD',
      marketMs: NOW - hoursAgo * HOUR,
    };
    return database.ownerPool.query(
      `insert into journal_entry (desk, incarnation, sequence, wall, type, record, chain)
       values ('slob', $1, $2, to_timestamp($3), 'note', $4, '')`,
      ['abc123', sequence, record.marketMs / 1000, JSON.stringify(record)],
    );
  };
  const PLAN = 'SHORT NQ @ 15010.75, stop 15028.00, target 14976.25, reward to risk 2.00';
  beforeAll(async () => {
    await noted(50, 'Setup aaaa0001: first liquidity, the European high is taken');
    await noted(49, `Setup Detected - aaaa0001: ${PLAN}`);
    await noted(48, `Setup Detected - aaaa0001: ${PLAN}`);
    await noted(47, 'Setup aaaa0001: SETUP_COMPLETE, its position is closed');
    await noted(26, 'Setup aaaa0002: first liquidity, the European high is taken');
    await noted(2, 'Setup aaaa0003: first liquidity, the European high is taken');
    await noted(1, `Setup Detected - aaaa0003: ${PLAN}`);
    await noted(1, `setup aaaa0003: closed below the candle without an upper wick`);
    await noted(0.5, 'Setup Detected - aaaa0004: of nobody', null);
  });
  beforeEach(() => {
    const [strategy] = idleStatus().strategies;
    const follows = (state: string) => ({ ...strategy, symbol: 'NQ/USD', state }) as never;
    status = { ...status, strategies: [follows(`setup aaaa0003 POSITION_OPEN: ${PLAN}`)] };
  });

  it('lists them with state and prices, the newest first', async () => {
    const all = await listSetups(context(), { open: false, limit: 10 });
    expect(all).toMatchObject([
      {
        ...{ id: 'aaaa0003', symbol: 'NQ/USD', state: 'POSITION_OPEN', open: true, begunMs: NOW - 2 * HOUR },
        prices: { entry: '15010.75', stop: '15028.00', target: '14976.25' },
      },
      { id: 'aaaa0002', state: null, open: false, prices: null },
      { id: 'aaaa0001', state: 'SETUP_COMPLETE', open: false, detectedMs: NOW - 49 * HOUR },
    ]);
    const text = [
      'aaaa0003  POSITION_OPEN    2026-03-05 00:00 UTC  NQ/USD: entry 15\u202f010.75, stop 15\u202f028.00, target 14\u202f976.25',
      `          ${PLAN}`,
    ];
    expect(setupsLines(await listSetups(context(), { open: false, limit: 1 }), false)).toEqual(text);
    // On the screen the plan's prices are written as those above it.
    const shown = (await asked('setups', '--open')).out;
    expect(shown).toBe(`${text.map(forPeople).join('\n')}\n`);
    expect(shown).toContain('SHORT NQ @ 15\u202f010.75');
  });

  it('--open leaves out what has ended, and what its strategy follows no more', async () => {
    const open = () => listSetups(context(), { open: true, limit: 10 });
    expect(await open()).toMatchObject([{ id: 'aaaa0003' }]);
    status = { ...status, strategies: [] };
    expect(setupsLines(await open(), true)).toEqual(['no setup is open']);
    // What has no end on record may still go on while nobody can be asked.
    answers = false;
    expect(await open()).toMatchObject([
      { id: 'aaaa0003', state: null },
      { id: 'aaaa0002', state: null },
    ]);
    expect(await listSetups(context(), { open: true, limit: 1 })).toHaveLength(1);
  });

  it('one has its plan, reward to risk and each of its steps, the oldest first', async () => {
    expect(await readSetup(context(), 'aaaa0003')).toMatchObject({
      ...{ id: 'aaaa0003', state: 'POSITION_OPEN', open: true, rewardToRisk: 2 },
      prices: { entry: '15010.75', stop: '15028.00', target: '14976.25' },
      steps: [
        { atMs: NOW - 2 * HOUR, text: 'first liquidity, the European high is taken' },
        { atMs: NOW - HOUR, text: PLAN },
      ],
    });
    expect(await readSetup(context(), 'aaaa0002')).toMatchObject({ prices: null, rewardToRisk: null });
    expect(await readSetup(context(), 'aaaa0009')).toBeNull();
  });

  it('are counted once each, where they were detected', async () => {
    expect(await countSetups(database.pool, 'slob')).toBe(2);
    const ofDay = { fromMs: NOW - 10 * HOUR, toMs: NOW };
    expect(await countSetups(database.pool, 'slob', ofDay)).toBe(1);
  });
});

it.each([
  [statsCommand, ['years'], /Allowed choices are today, days, weeks, all/],
  [setupsCommand, ['--limit', '0'], /--limit.*expected a whole number from 1 to 1000/],
  [monitorCommand, ['--tail', '0'], /--tail.*expected a whole number from 1 to 10000/],
  [monitorCommand, ['--watch', 'x'], /--watch.*expected a whole number from 1 to 3600/],
])('%o refuses %j', async (configure, args, problem) => {
  const command = new Command('asked').exitOverride().configureOutput({ writeErr: () => undefined });
  configure(command);
  await expect(command.parseAsync(args, { from: 'user' })).rejects.toThrow(problem);
});

async function startSupervisor(): Promise<void> {
  await supervisor?.close();
  const startedWallMs = Date.now() - 3 * HOUR;
  const child = { name: 'trader', state: 'running', pid: process.pid, restarts: 2, startedWallMs } as const;
  const refused = (): never => {
    throw new Error('not scripted');
  };
  supervisor = await openSupervisorSocket(supervisorSocketPath(runtime.home), {
    // Another process than the trader's, with memory of its own.
    who: () => ({ pid: process.ppid, desk: 'slob', startedWallMs: startedWallMs - HOUR, phase: 'running' }),
    processes: () => [child, { name: 'web', state: 'down', pid: null, restarts: 5, lastDeath: null }],
    stop: refused,
    restart: refused,
    startAgain: refused,
    restoreDatabase: refused,
    switchBuild: refused,
  });
}

describe('fermata trading-journal', () => {
  it('--note writes what was typed on its day, by the person who is signed in', async () => {
    const { home } = runtime;
    beginCliSession(home, 'operator', standingOf(home, 'operator'), Date.now());
    const note = ['--note', 'Clean day, spike rule on setup #1', '--date', '2026-03-03'];
    expect(await asked('trading-journal', ...note)).toMatchObject({
      code: 0,
      out: '✓ noted on 2026-03-03\n',
    });
    expect((await asked('trading-journal')).out).toMatch(
      /^2026-03-03 {2}no figures yet\n {12}operator, .* UTC: Clean day, spike rule on setup #1$/m,
    );
  });
});

describe('fermata monitor', () => {
  const log = (name: string, lines: readonly string[]): void => {
    const { logs } = homePaths(runtime.home);
    writeFileSync(join(logs, name), lines.map((line) => `${line}\n`).join(''));
  };
  const line = (level: string, kind: string, message: string): string =>
    `${new Date().toISOString()} ${'trader'.padEnd(17)} ${level.padEnd(5)} ${kind.padEnd(5)} ${'-'.padEnd(8)} ${message}`;

  beforeEach(async () => {
    await startSupervisor();
    mkdirSync(homePaths(runtime.home).logs, { recursive: true });
    log('fermata.log', [
      `${new Date().toISOString()} web               info  ${'x'.repeat(2 * MB)}`,
      ...Array.from({ length: 25 }, (_, at) => `line ${at + 1} of the log`),
    ]);
    log(
      'errors.log',
      ['first', 'second', 'third', 'fourth'].map((text) => line('error', 'error', text)),
    );
    const before = '2026-01-05T15:00:00.000Z trader            error error -        of before';
    log('errors.log.2026-01-05', [before]);
    log('trading.log.2026-01-05', [line('info', 'setup', 'Setup Detected - 1a2b3c4d: SHORT NQ')]);
    // Of the rows of a restored database, none is of a backup that is there.
    const backup = { desk: 'slob', id: 'b-1', folder, takenMs: 1, verifiedMs: 1, bytes: 9 * MB, rows: 1 };
    await database.ownerPool.query('delete from backup');
    await saveBackup(database.pool, { ...backup, manifestSha256: '' });
    const kept = join(runtime.home, 'backups', '2026-03-04T02-00-00-000Z');
    mkdirSync(kept, { recursive: true });
    writeFileSync(join(kept, 'database.dump'), Buffer.alloc(3 * MB));
  });

  it('shows on one screen what trades, what runs for how long and with how much memory, how large it is, what went wrong', async () => {
    const [strategy] = scriptedStatus().strategies;
    status = { ...status, strategies: [strategy!, { ...strategy!, symbol: 'ETH/USDT', enabled: false }] };
    const { code, out } = await asked('monitor');
    expect(code).toBe(0);
    expect(out).toMatch(/^slob \(paper\) {2}ACTIVE: every check was clean\n/);
    expect(out).toMatch(
      /^strategies\n {2}ema-cross BTC\/USDT: long since 14:12, stop 42\u202f610\.50\n {2}ema-cross ETH\/USDT \(off\): /m,
    );
    expect(out).toMatch(
      /^equity +10\u202f012\.50 USD\ntoday +\+12\.50 USD\ndrawdown +0\.1 %, from the peak$/m,
    );
    expect(out).toContain('BTC/USDT long 0.003 at 100\u202f000');
    expect(out).toMatch(
      /^ {2}supervisor +running, up 4 h 0 min, [\d\u202f]+\.\d MB of memory, process \d+$/m,
    );
    expect(out).toMatch(
      /^ {2}trader +running, up 3 h 0 min, \d+\.\d MB of memory, process \d+, started again 2 times$/m,
    );
    const [own, traders] = [...out.matchAll(/, (\S+) MB of memory/g)].map(([, megabytes]) => megabytes);
    expect(own).not.toBe(traders);
    expect(out).toMatch(/^ {2}web +down, started again 5 times$/m);
    expect(out).toMatch(/^ {2}database \d+\.\d MB, backups 3\.0 MB$/m);
    expect(out).toMatch(/^ {2}logs 2\.0 MB, disk [\d\u202f]+\.\d MB of [\d\u202f]+\.\d MB free$/m);
    expect(out).toMatch(/^errors today: 4$/m);
    expect(out).not.toContain(' first');
    expect(out).toMatch(/ second\n.* third\n.* fourth\n/);
    expect(out).not.toMatch(/Setup Detected|of the log/);
  });

  it('--full has the last setups and lines too, --tail as many lines as it says', async () => {
    const { out } = await asked('monitor', '--full');
    expect(out).toMatch(/Setup Detected - 1a2b3c4d/);
    expect(out).toMatch(/^errors today: 4\n.* of before\n.* first\n.* second\n.* third\n.* fourth\n/m);
    expect(out.match(/line \d+ of the log/g)).toEqual(
      Array.from({ length: 20 }, (_, at) => `line ${at + 6} of the log`),
    );
    const tailed = (await asked('monitor', '--tail', '2', '--json')).json();
    expect(tailed).toMatchObject({ tail: ['line 24 of the log', 'line 25 of the log'], setups: [] });
  });

  it('--json has all of it for scripts', async () => {
    const { json } = await asked('monitor', '--json');
    expect(json()).toMatchObject({
      ...{ desk: 'slob', errorsToday: 4, status: { mode: 'ACTIVE', openPositions: 1 } },
      processes: [
        { name: 'supervisor' },
        { name: 'trader', state: 'running', memoryBytes: expect.any(Number), upMs: expect.any(Number) },
        { name: 'web', state: 'down', pid: null, upMs: null, memoryBytes: null },
      ],
      stored: { backups: 3 * MB, database: expect.any(Number) },
      disk: { logs: expect.any(Number), disk: { free: expect.any(Number), whole: expect.any(Number) } },
    });
  });

  it('--watch shows it again every 30 seconds, or every so many', async () => {
    expect((await asked('monitor', '--help')).out).toMatch(
      /--watch \[seconds\] +show it again every 30 seconds/,
    );
    const child = spawn(process.execPath, [COMMAND, 'monitor', '--watch', '1', '--json'], {
      cwd: folder,
      env: { PATH: process.env.PATH, TMPDIR: tmpdir(), FERMATA_HOME: runtime.home },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endChildWithThisProcess(child);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    await eventually(() => expect(out.split('\n').length).toBeGreaterThan(2));
    // A desk that was started again has its database elsewhere.
    const file = join(runtime.home, 'run', 'runtime.json');
    writeFileSync(`${file}.next`, JSON.stringify({ ...runtime, postgres: { ...runtime.postgres, port: 1 } }));
    renameSync(`${file}.next`, file);
    await eventually(() => expect(out).toMatch(/"stored":\{"missing":/));
    child.kill('SIGINT');
    await ended;
    const [first, second] = out.split('\n').map((text) => (text === '' ? null : JSON.parse(text)));
    expect(second.atMs - first.atMs).toBeGreaterThanOrEqual(1_000);
  });

  it.each([
    ['30 seconds where nothing else is said', ['--watch'], 30_000],
    ['as many seconds as are said', ['--watch', '45'], 45_000],
  ])('--watch waits %s', async (_what, args, ms) => {
    vi.stubEnv('FERMATA_HOME', runtime.home);
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => {
      written.mockRestore();
      vi.unstubAllEnvs();
    });
    const waited: number[] = [];
    const command = new Command('monitor');
    monitorCommand(command, async (one) => {
      waited.push(one);
      if (waited.length === 2) throw new Error('seen enough');
    });
    await expect(command.parseAsync([...args, '--json'], { from: 'user' })).rejects.toThrow('seen enough');
    expect(waited).toEqual([ms, ms]);
    expect(written).toHaveBeenCalledTimes(2);
  });

  it('shows what is left where trader and database are away, and exits 1', async () => {
    await trader.close();
    await startSupervisor();
    const postgres = { ...runtime.postgres, port: 1 };
    writeFileSync(join(runtime.home, 'run', 'runtime.json'), JSON.stringify({ ...runtime, postgres }));
    const { code, out } = await asked('monitor');
    expect(code).toBe(1);
    expect(out).toMatch(/^slob {2}the trader does not answer: /);
    expect(out).toMatch(/database, backups {2}not known: /);
    expect(out).toMatch(/^ {2}trader +running, up 3 h 0 min/m);
    expect(out).toMatch(/^errors today: 4$/m);
  });
});
