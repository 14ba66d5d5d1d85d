/** The end of a day of desks/slob: its journal, the plan of the next one, and what weeks and months are looked at with. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { dayLines } from '../../src/cli/commands/journal-and-export.js';
import { supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import { noteInJournal } from '../../src/operations/journal-notes.js';
import { openApproval } from '../../src/store/approval-rows.js';
import { saveIncident } from '../../src/store/incident-rows.js';
import { openTask } from '../../src/store/task-rows.js';
import { readTradingJournal } from '../../src/store/trading-journal-rows.js';
import { openSupervisorSocket, type SupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { NOW } from '../checks/check-bench.js';
import { AtTheStrategy } from './support/at-the-strategy.js';
import { dayUntil } from './support/day.js';
import { RoutineBench } from './support/routine-bench.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MB = 1_048_576;

const bench = new RoutineBench();
beforeAll(() => bench.open());
beforeEach(() => bench.renew());
afterAll(() => bench.close());

const journal = () => readTradingJournal(bench.database.pool, bench.context.desk.desk, 10);
/** A Monday, 05:00 in New York. */
const TODAY = '2026-03-02';

describe('the trading journal', () => {
  it('has an entry for each trading day, with its date', async () => {
    await bench.run('close entry');
    expect((await journal()).map(({ date }) => date)).toEqual([TODAY]);
    expect(bench.stepOf('close entry')).toMatchObject({ action: 'trading-journal', required: true });
    const { at, weekdays } = bench.context.desk.routines.find(({ name }) => name === 'close')!;
    expect([at, weekdays]).toEqual([['16:30'], ['mon', 'tue', 'wed', 'thu', 'fri']]);
  });

  it('says how many setups were detected on the day', async () => {
    await bench.noted(6, 'Setup Detected - aaaa0001: of the day before');
    // One that was detected, with all that its strategy says of it.
    const { notes } = new AtTheStrategy().see(dayUntil('09:39'));
    expect(notes).toHaveLength(4);
    for (const text of notes) await bench.noted(3, text);
    for (let time = 1; time <= 2; time += 1)
      await bench.noted(2, 'Setup Detected - bbbb0002: SHORT NQ @ 15010.75, stop 15028.00, target 14976.25');
    await bench.noted(1, 'Setup bbbb0003: first liquidity, the European high is taken');
    await bench.run('close entry');
    expect(await journal()).toMatchObject([{ figures: { setups: 2 } }]);
  });

  it('says how many orders were placed on the day: entries that went to the broker', async () => {
    await bench.ordered('e0', 'entry', 'filled', 6);
    await bench.ordered('e1', 'entry', 'filled');
    await bench.ordered('e2', 'entry', 'rejected');
    await bench.ordered('e3', 'entry', 'denied');
    await bench.ordered('p1', 'protective', 'working');
    await bench.run('close entry');
    expect(await journal()).toMatchObject([{ figures: { orders: 2 } }]);
  });

  it('says what the day came to, after fees', async () => {
    await bench.closed(6, 1_000, 1);
    await bench.closed(2, 690.5, 2);
    await bench.closed(1, -240.5, -1);
    expect((await bench.run('close entry')).observed).toBe(
      `${TODAY}: 0 setups detected, 0 orders placed, P&L 450.00 USD of 2 trades`,
    );
    expect(await journal()).toMatchObject([{ figures: { result: '450.00', currency: 'USD', trades: 2 } }]);
  });

  it('is of the day on which the routine was due, all of it, though it begins on the next one', async () => {
    await bench.closed(5.05, 690.5, 2);
    await bench.closed(4.95, 1_000, 1);
    const [nominalMs, marketMs] = [NOW - 5.1 * HOUR, NOW - 4.9 * HOUR];
    const { ACTIONS } = await import('../../src/checks/actions/registry.js');
    await ACTIONS.get('trading-journal')?.({ ...bench.context, nominalMs, marketMs }, {});
    expect(await journal()).toMatchObject([{ date: '2026-03-01', figures: { result: '690.50', trades: 1 } }]);
  });

  it('says it rounded to cents, as everything else that shows the result', async () => {
    await bench.closed(2, -5.82759041, 1);
    expect((await bench.run('close entry')).observed).toContain('P&L -5.83 USD');
  });

  it('says it with every place on an account in a coin', async () => {
    const { desk } = bench.context;
    bench.context = { ...bench.context, desk: { ...desk, paper: { ...desk.paper, currency: 'BTC' } } };
    await bench.closed(2, 0.00123, 1);
    expect((await bench.run('close entry')).observed).toContain('P&L 0.00123000 BTC of 1 trade');
  });

  it('keeps one entry of a day, the newest, and each note on it', async () => {
    const { desk, pool } = { ...bench.context, pool: bench.database.pool };
    const context = { desk, pool, trader: bench.trader.client, nowMs: Date.now };
    const note = (text: string, date?: string) =>
      noteInJournal(context, { person: 'anna', via: 'cli' }, { text, date });
    await bench.run('close entry');
    await bench.closed(1, 450, 2);
    await bench.run('close entry');
    expect(await note('Clean day, Spike rule activated on setup #1')).toMatchObject({
      ok: true,
      date: TODAY,
    });
    expect(await note('a late fill', '2026-02-27')).toMatchObject({ ok: true, date: '2026-02-27' });
    expect(await note('not yet', '2026-03-03')).toEqual({
      ok: false,
      detail: `Expected a day of the desk up to ${TODAY}, found 2026-03-03. Nothing was noted.`,
    });
    expect(await note('never', '2026-02-30')).toMatchObject({ ok: false });
    expect(await journal()).toMatchObject([
      {
        ...{ date: TODAY, figures: { result: '450.00' } },
        notes: [{ person: 'anna', text: 'Clean day, Spike rule activated on setup #1' }],
      },
      { date: '2026-02-27', figures: null, notes: [{ text: 'a late fill' }] },
    ]);
    expect((await journal()).flatMap(dayLines)).toEqual([
      `${TODAY}  0 setups detected, 0 orders placed, P&L 450.00 USD of 1 trade`,
      expect.stringMatching(/^ {12}anna, .* UTC: Clean day, Spike rule activated on setup #1$/),
      '2026-02-27  no figures yet',
      expect.stringMatching(/^ {12}anna, .* UTC: a late fill$/),
    ]);
    const audited = await pool.query(`select action from audit where desk = $1 order by id`, [desk.desk]);
    expect(audited.rows.map(({ action }) => action)).toEqual(['noteInJournal', 'noteInJournal']);
  });
});

describe('planning the next day', () => {
  const calendar = (text: string): void => {
    mkdirSync(bench.home, { recursive: true });
    writeFileSync(join(bench.home, 'calendar.yaml'), text);
    bench.context = { ...bench.context, runtime: { ...bench.context.runtime, deskFolder: bench.home } };
  };
  const looked = (given: Readonly<Record<string, string>> = { file: 'calendar.yaml' }) =>
    bench.check('economic-calendar', given);
  const EVENTS = [
    { title: 'ISM Manufacturing', country: 'USD', impact: 'High', date: '2026-03-02T10:00:00-05:00' },
    { title: 'Beige Book', country: 'USD', date: '2026-03-03T14:00:00-05:00' },
    { title: 'CPI Flash', country: 'EUR', impact: 'High', date: '2026-03-03T10:00:00+00:00' },
    { title: 'Payrolls', country: 'USD', impact: 'High', date: '2026-03-06T08:30:00-05:00' },
  ];

  it('shows the economic calendar of the next session, by the clock of the desk', async () => {
    calendar(JSON.stringify(EVENTS));
    expect(await looked()).toMatchObject({
      verdict: 'pass',
      observed: '2026-03-03: 05:00 EUR CPI Flash (High); 14:00 USD Beige Book',
    });
    expect((await looked({ file: 'calendar.yaml', country: 'USD' })).observed).toBe(
      '2026-03-03: 14:00 USD Beige Book',
    );
    bench.trader.marketMs = NOW + DAY;
    expect((await looked()).observed).toBe('2026-03-04: nothing is published');
  });

  it('goes by the market’s date where the desk has another one', async () => {
    const { desk } = bench.context;
    bench.context = { ...bench.context, desk: { ...desk, timezone: 'Asia/Tokyo' } };
    const fomc = { title: 'FOMC', country: 'USD', date: '2026-07-15T14:00-04:00' };
    const around = ['2026-07-14', '2026-07-16'].map((date) => ({
      title: 'CPI',
      date: `${date}T08:30-04:00`,
    }));
    calendar(JSON.stringify([fomc, ...around]));
    bench.trader.marketMs = Date.parse('2026-07-14T16:30-04:00');
    expect((await looked()).observed).toBe('2026-07-15: 2026-07-16 03:00 USD FOMC');
    bench.trader.marketMs = Date.parse('2026-07-15T16:30-04:00');
    expect((await looked()).observed).toBe('2026-07-16: 21:30 CPI');
  });

  it('asks an address for it, on a host that the desk file names, and no other', async () => {
    let status = 200;
    let said = JSON.stringify(EVENTS);
    const asked: string[] = [];
    const server = createServer((request, answer) => {
      asked.push(request.url ?? '');
      answer.writeHead(status, { location: '/elsewhere' }).end(said);
    });
    await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens));
    onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const url = `http://${host}/calendar?day={date}`;
    expect(await looked({ url })).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('not among commands.hosts'),
    });
    const { desk } = bench.context;
    bench.context = { ...bench.context, desk: { ...desk, commands: { ...desk.commands, hosts: [host] } } };
    expect(await looked({ url })).toMatchObject({
      verdict: 'pass',
      observed: expect.stringContaining('CPI'),
    });
    expect(asked).toEqual(['/calendar?day=2026-03-03']);
    status = 503;
    expect(await looked({ url })).toMatchObject({ verdict: 'fail' });
    // Elsewhere may be another host: it is not followed.
    status = 302;
    expect(await looked({ url })).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('status 302'),
    });
    expect(asked.filter((path) => path === '/elsewhere')).toEqual([]);
    status = 200;
    said = `${said}${' '.repeat(4 * 1024 * 1024)}`;
    expect(await looked({ url })).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('more than 4194304 bytes'),
    });
  });

  it('is not run where no calendar is set up, or none of that day; one that can’t be read fails', async () => {
    expect(await bench.run('close calendar')).toMatchObject({ verdict: 'not_run' });
    calendar(JSON.stringify(EVENTS));
    bench.trader.marketMs = NOW + 7 * DAY;
    expect(await looked()).toMatchObject({
      verdict: 'not_run',
      observed: 'the calendar ends 2026-03-06: it says nothing of 2026-03-10',
    });
    calendar('[]');
    expect(await looked()).toMatchObject({
      verdict: 'not_run',
      observed: 'the calendar is empty: it says nothing of 2026-03-10',
    });
    calendar('- { title: Payrolls, date: soon }');
    expect(await looked()).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('found soon'),
    });
    expect(await looked({ file: 'nowhere.yaml' })).toMatchObject({ verdict: 'fail' });
  });

  it('is not run where the calendar begins in a later week; a quiet day before its first event is one', async () => {
    // Next week's file, in place on Thursday evening: Friday is not in it, though Sunday is of the same ISO week.
    const [ism, beige, , payrolls] = EVENTS;
    const sunday = { title: 'Caixin PMI', country: 'CNY', date: '2026-03-01T20:45:00-05:00' };
    bench.trader.marketMs = NOW - 4 * DAY;
    for (const events of [EVENTS, [sunday, ...EVENTS]]) {
      calendar(JSON.stringify(events));
      expect(await looked()).toMatchObject({
        verdict: 'not_run',
        observed: `the calendar begins ${events[0]?.date.slice(0, 10)}: it says nothing of 2026-02-27`,
      });
    }
    bench.trader.marketMs = NOW - 3 * DAY;
    calendar(JSON.stringify([beige, payrolls]));
    expect(await looked()).toMatchObject({
      verdict: 'pass',
      observed: '2026-03-02: nothing is published',
    });
    calendar(JSON.stringify([ism, beige, payrolls]));
    expect((await looked()).observed).toBe('2026-03-02: 10:00 USD ISM Manufacturing (High)');
  });

  it('lists the outstanding issues: incidents, tasks that are late', async () => {
    expect(await bench.run('close issues')).toMatchObject({ observed: 'nothing is outstanding' });
    const { desk } = bench.context.desk;
    const pool = bench.database.pool;
    const incident = {
      ...({ kind: 'order-rejected', severity: 'high' } as const),
      ...{ desk, firstRunId: 'r', subject: '' },
      ...{ detail: '', phase: '', openedMs: NOW, respondByMs: NOW, escalations: 0, acknowledgedMs: null },
      ...{ acknowledgedBy: null, resolvedBy: null, outcome: '', simulated: true, revision: 1 },
    } as const;
    const of = (id: string) => ({ workflowId: `${desk}:${id}`, id: `${desk}:${id}`, fingerprint: id });
    await saveIncident(pool, {
      ...{ ...incident, ...of('a'), title: 'An order was rejected', resolvedMs: null },
      state: 'open',
    });
    await saveIncident(pool, { ...incident, ...of('b'), title: 'Over', state: 'resolved', resolvedMs: NOW });
    const task = { desk, detail: '', title: 'Weekly review', source: `${desk}:t`, dueMs: Date.now() - HOUR };
    const { id } = await openTask(pool, task);
    await openApproval(pool, {
      ...{ id: `${desk}:a`, desk, token: `${desk}:t`, kind: 'settings', subject: '', title: 'A larger size' },
      ...{ parameters: {}, parametersHash: '', needed: 1, roles: ['approver'], requestedBy: 'anna' },
      ...{ workflowId: 'w', runId: 'r', expiresMs: NOW + DAY },
    });
    expect((await bench.run('close issues')).observed).toMatch(
      new RegExp(
        `^3 outstanding: incident \\(high\\) An order was rejected, since 2026-03-02 10:00 UTC; task ${id} Weekly review, OVERDUE since .* UTC; approval A larger size, until 2026-03-03 10:00 UTC$`,
      ),
    );
  });

  it('makes a plan for the next session: hours, an early close, what is on, which routines run', async () => {
    const planned = (await bench.run('close tomorrow')).observed;
    expect(planned).toMatch(
      /^tue 2026-03-03: NQ\/USD 18:00 of the eve to 17:00 America\/New_York, no entries from 15:30, flat by 15:55; strategies slob on, position size 100 %; routines 02:00 Nightly backup, 08:30 Morning checklist, 09:00 Quick status check and 14 times more, /,
    );
    const { REPORTS } = await import('../../src/reports/registry.js');
    const plan = (at: string) =>
      REPORTS.get('next-session')?.({ ...bench.context, marketMs: Date.parse(at) }, {});
    // The day after Thanksgiving, which closes early.
    expect(await plan('2026-11-26T21:30:00Z')).toMatch(
      /^fri 2026-11-27: NQ\/USD 18:00 of the eve to 13:15 America\/New_York, an early close, no entries from 11:45, flat by 12:10;/,
    );
    expect(await plan('2026-07-17T20:30:00Z')).toMatch(/^mon 2026-07-20: .*Weekly planning/);
    const strategy = (symbol: string, enabled: boolean) => ({ name: 'slob', symbol, enabled }) as never;
    bench.trader.strategies = [strategy('NQ/USD', true), strategy('ES/USD', false)];
    expect(await plan('2026-07-17T20:30:00Z')).toContain('; strategies slob on (off for ES/USD), position');
    bench.trader.strategies = [strategy('NQ/USD', false), strategy('ES/USD', false)];
    expect(await plan('2026-07-17T20:30:00Z')).toContain('; strategies slob off, position');
    const { steps } = bench.context.desk.routines.find(({ name }) => name === 'close')!;
    const keys = steps.map(({ key }) => key);
    expect(keys.indexOf('tomorrow')).toBeLessThan(keys.indexOf('plan'));
    expect(bench.stepOf('close plan').human).toContain('write down what is prepared');
  });

  it('plans by the dates of the market, whenever the day of the desk begins', async () => {
    const { REPORTS } = await import('../../src/reports/registry.js');
    const { desk } = bench.context;
    const plan = (at: string, change: Partial<typeof desk>) =>
      REPORTS.get('next-session')?.(
        { ...bench.context, desk: { ...desk, ...change }, marketMs: Date.parse(at) },
        {},
      );
    // The day that began on Thursday at 17:00 ends with Friday's session.
    expect(await plan('2026-07-17T20:30:00Z', { dayBoundary: '17:00' })).toMatch(/^mon 2026-07-20: /);
    // Thursday afternoon in New York is Friday in Tokyo.
    expect(await plan('2026-07-16T20:30:00Z', { timezone: 'Asia/Tokyo' })).toMatch(/^fri 2026-07-17: /);
    // Its routines are those of that date in New York, by the clock of the desk.
    expect(await plan('2026-07-16T20:30:00Z', { timezone: 'Asia/Tokyo' })).toMatch(
      /; routines 13:00 Quick status check .*, 17:00 Daily summary, .*, 2026-07-18 02:00 Nightly backup/,
    );
    // What has not opened yet is next, though it is of today: a market may be ahead of the desk.
    const market = (zone: string, open: string) => ({
      instruments: [
        {
          ...desk.instruments[0]!,
          sessions: {
            zone,
            hours: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [open]])),
          } as never,
        },
      ],
    });
    const [berlin, tokyo] = [market('Europe/Berlin', '09:00-17:30'), market('Asia/Tokyo', '09:00-15:00')];
    expect(await plan('2026-07-14T00:00:00Z', berlin)).toMatch(/^tue 2026-07-14: /);
    expect(await plan('2026-07-13T20:30:00Z', tokyo)).toMatch(/^tue 2026-07-14: /);
    expect(await plan('2026-07-14T07:00:00Z', berlin)).toMatch(/^wed 2026-07-15: /);
    // A session that began on the eve is of the date that it ends on: in the evening that is still to come.
    expect(await plan('2026-07-13T23:00:00Z', {})).toMatch(/^tue 2026-07-14: /);
    // A market that never closes has the dates of the desk: it is still Friday evening there.
    const instruments = desk.instruments.map(({ sessions: _none, ...always }) => always);
    expect(await plan('2026-07-18T01:00:00Z', { instruments })).toMatch(/^sat 2026-07-18: /);
  });
});

describe('weekly planning', () => {
  let supervisor: SupervisorSocket | null = null;
  afterEach(async () => {
    await supervisor?.close();
    supervisor = null;
  });
  const supervised = async (state: 'running' | 'down'): Promise<void> => {
    const refused = (): never => {
      throw new Error('not scripted');
    };
    const startedWallMs = Date.now() - 3 * HOUR;
    await supervisor?.close();
    supervisor = await openSupervisorSocket(supervisorSocketPath(bench.home), {
      who: () => ({ pid: process.pid, desk: 'slob', startedWallMs, phase: 'running' }),
      processes: () => [{ name: 'web', state, pid: state === 'down' ? null : process.pid, restarts: 0 }],
      stop: refused,
      restart: refused,
      startAgain: refused,
      restoreDatabase: refused,
      switchBuild: refused,
    });
  };

  it('runs the comprehensive monitor: passes, fails for a process that is down, is not run where nobody knows', async () => {
    expect(await bench.run('weekly monitor')).toMatchObject({
      verdict: 'not_run',
      observed: expect.stringContaining('processes not known'),
    });
    await supervised('running');
    bench.says({ startedWallMs: Date.now() - 3 * DAY });
    bench.writeTradingLog([[1, 'info', 'setup', 'Setup Detected - 1a2b3c4d: SHORT NQ']]);
    await bench.backupTaken(1, 2 * MB);
    const good = await bench.run('weekly monitor');
    expect(good.verdict).toBe('pass');
    for (const said of [
      /^ACTIVE, up 3 d 0 h; /,
      /processes supervisor \(running, 3 h 0 min, \d+\.\d MB\), web \(running/,
      /database \d+\.\d MB, backups 2\.0 MB; logs \d+\.\d MB, disk \d+\.\d MB free/,
      /errors today: 0; the last setups: .*Setup Detected - 1a2b3c4d: SHORT NQ$/,
    ])
      expect(good.observed).toMatch(said);
    await supervised('down');
    expect(await bench.run('weekly monitor')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('web (down)'),
    });
    await supervised('running');
    bench.trader.gone = true;
    expect(await bench.run('weekly monitor')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^trader does not answer: /),
    });
    bench.trader.gone = false;
    const query = () => Promise.reject(new Error('connection refused'));
    bench.context = { ...bench.context, pool: { query } as never };
    expect(await bench.run('weekly monitor')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^database does not answer: connection refused; /),
    });
  });
});

describe('the monthly comparison with the backtest', () => {
  const FIGURES = { trades: 26, winRatePct: 47.6, averageR: 0.4, sharpe: 1.1, maxDrawdownPct: 9 };
  const backtested = (figures: Partial<typeof FIGURES> = {}, configHash?: string): void => {
    const { runtime } = bench.context;
    bench.context = { ...bench.context, runtime: { ...runtime, deskFolder: bench.home } };
    const report = {
      ...{ kind: 'backtest-report', configHash: configHash ?? runtime.configHash },
      ...{ period: { days: 280 }, figures: { ...FIGURES, ...figures } },
    };
    writeFileSync(join(bench.home, 'backtest.json'), JSON.stringify(report));
  };
  const month = async (): Promise<void> => {
    await bench.equityAt(NOW - 40 * DAY, 200_000);
    await bench.equityAt(NOW - 31 * DAY, 100_000); // what the month starts from
    await bench.equityAt(NOW - 20 * DAY, 100_000);
    await bench.equityAt(NOW - 10 * DAY, 95_000);
    await bench.equityAt(NOW - HOUR, 99_000);
    await bench.closed(24, 690.5, 2);
    await bench.closed(48, -349.5, -1);
    await bench.closed(49, -139.8, -0.4);
    await bench.closed(31 * 24, -349.5, -1);
  };
  afterEach(() => rmSync(join(bench.home, 'backtest.json'), { force: true }));

  it('puts each figure beside the backtest’s', async () => {
    await month();
    backtested();
    expect(await bench.run('monthly backtest')).toMatchObject({
      verdict: 'pass',
      observed:
        'trades 3 (backtest 2.8), win rate 33.33 % (backtest 47.60 %), average R 0.20 (backtest 0.40), ' +
        'Sharpe -5.34 (backtest 1.10), largest drawdown 5.00 % (backtest 9.00 %)',
    });
  });

  it('fails for what is no chance, and warns where the backtest is of another configuration', async () => {
    await month();
    backtested({ maxDrawdownPct: 4.9 });
    expect(await bench.run('monthly backtest')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/; not by chance: largest drawdown$/),
    });
    backtested({ trades: 300 });
    expect((await bench.run('monthly backtest')).observed).toMatch(/; not by chance: trades$/);
    // One of three won: two standard errors below 79.5 %.
    backtested({ winRatePct: 80 });
    expect((await bench.run('monthly backtest')).observed).toMatch(/; not by chance: win rate$/);
    backtested({ winRatePct: 79 });
    expect(await bench.run('monthly backtest')).toMatchObject({ verdict: 'pass' });
    backtested({}, 'of another one');
    expect(await bench.run('monthly backtest')).toMatchObject({ verdict: 'warn' });
  });

  it('expects of a desk that began during the month the trades of the days that it has traded', async () => {
    await bench.equityAt(NOW - 3 * DAY, 100_000);
    await bench.equityAt(NOW - HOUR, 100_100);
    backtested({ trades: 100 });
    // A trade in 2.8 days: none in three is chance, none in thirty is not.
    expect(await bench.run('monthly backtest')).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/^trades 0 \(backtest 1\.1\), /),
      expected: 'the last 3 days are as the backtest leads one to expect',
    });
    await bench.equityAt(NOW - 31 * DAY, 100_000);
    expect(await bench.run('monthly backtest')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^trades 0 \(backtest 10\.7\), .*; not by chance: trades$/),
    });
  });

  it('is not run without a backtest, or without a month', async () => {
    bench.context = { ...bench.context, runtime: { ...bench.context.runtime, deskFolder: bench.home } };
    await month();
    expect(await bench.run('monthly backtest')).toMatchObject({ verdict: 'not_run' });
    bench.renew();
    backtested();
    expect(await bench.run('monthly backtest')).toMatchObject({
      verdict: 'not_run',
      observed: 'no equity in the last 30 days',
    });
  });
});
