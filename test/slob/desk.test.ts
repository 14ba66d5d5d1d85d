/** The shipped desk of the SLOB runbook: its values, and a made-up day through the whole product. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DateTime } from 'luxon';
import { expect, it, onTestFinished } from 'vitest';
import { clockChangeAt, nextNominalMs, nominalTimesBetween } from '../../src/desk/nominal-times.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { scheduleDefinitions } from '../../src/temporal/schedules/schedule-definition.js';
import { gatewayAt } from '../../src/venue/ibkr/settings.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { commandsInOneProcess } from '../cli/run-command.js';
import { sharedTemporal } from '../support/temporal.js';
import { writeMinutes } from '../validation/support/validations.js';
import { dayUntil, momentOf } from './support/day.js';

const runCommand = commandsInOneProcess();

it('has the values of its runbook', () => {
  const { desk } = loadDesk(resolveDesk('slob'));
  expect(desk).toMatchObject({
    mode: 'paper',
    venue: { name: 'ibkr', testnet: true, account: 'broker-paper' },
    timezone: 'America/New_York',
    instruments: [{ symbol: 'NQ/USD', kind: 'future', tickSize: '0.25', multiplier: '20', exchange: 'CME' }],
    strategies: [
      {
        size: { riskPct: 1, maxLots: 5 },
        parameters: { consolMinDuration: 5, consolMaxDuration: 30, slBufferPips: 1, tpRiskReward: 2 },
      },
    ],
    risk: { maxDrawdownPct: 25 },
    api: { port: 5000 },
    notify: {
      telegram: { enabled: true, tokenEnv: 'TELEGRAM_BOT_TOKEN', chatIdEnv: 'TELEGRAM_CHAT_ID' },
      mail: { events: ['report'], critical: true },
    },
  });
  const times = Object.fromEntries(desk.routines.map(({ name, at, weekdays }) => [name, [at, weekdays]]));
  const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri'];
  expect(times).toMatchObject({
    backup: [['02:00'], []],
    morning: [['08:30'], everyDay],
    close: [['16:30'], everyDay],
    weekly: [['09:00'], ['mon']],
    'mid-week': [['12:00'], ['wed']],
    friday: [['16:30'], ['fri']],
    monthly: [['09:00'], ['mon']],
  });
});

it('runs the mid-week check at any time of Wednesday, also where the desk was down at noon', () => {
  const { desk } = loadDesk(resolveDesk('slob'));
  const { at, latestMinutes } = desk.routines.find(({ name }) => name === 'mid-week')!;
  expect([at, latestMinutes]).toEqual([['12:00'], 12 * 60]);
});

it.each([
  ['backup', '2026-07-15T06:00', '2026-01-14T07:00'],
  ['morning', '2026-07-15T12:30', '2026-01-14T13:30'],
  ['quick-check', '2026-07-15T13:00', '2026-01-14T14:00'],
  ['hourly-review', '2026-07-15T14:00', '2026-01-14T15:00'],
  ['close', '2026-07-15T20:30', '2026-01-14T21:30'],
  ['weekly', '2026-07-20T13:00', '2026-01-19T14:00'],
  ['mid-week', '2026-07-15T16:00', '2026-01-14T17:00'],
  ['friday', '2026-07-17T20:30', '2026-01-16T21:30'],
  ['monthly', '2026-08-03T13:00', '2026-02-02T14:00'],
  ['daily-summary', '2026-07-15T21:00', '2026-01-14T22:00'],
  ['weekly-summary', '2026-07-17T21:00', '2026-01-16T22:00'],
  ['mail-check', '2026-07-15T21:30', '2026-01-14T22:30'],
  ['maintenance', '2026-07-18T14:00', '2026-01-17T15:00'],
  ['monthly-maintenance', '2026-08-01T15:00', '2026-02-07T16:00'],
])('runs %s when its runbook says, in New York, in summer and in winter', (name, summer, winter) => {
  const { desk } = loadDesk(resolveDesk('slob'));
  const routine = desk.routines.find((one) => one.name === name)!;
  const next = (from: string) =>
    new Date(nextNominalMs(routine, desk.timezone, Date.parse(from)) ?? 0).toISOString().slice(0, 16);
  expect([next('2026-07-15T04:00:00Z'), next('2026-01-14T05:00:00Z')]).toEqual([summer, winter]);
});

it('has Temporal start each routine at these times, and at no others', async () => {
  const { address, namespace } = await sharedTemporal();
  const client = new Client({ connection: await Connection.connect({ address }), namespace });
  onTestFinished(() => client.connection.close());
  const { desk } = loadDesk(resolveDesk('slob'));
  const own = { ...desk, desk: `t-${randomBytes(4).toString('hex')}` };
  const schedules = scheduleDefinitions(own, null, true);
  expect(schedules.map(({ routine }) => routine)).toEqual(
    desk.routines.flatMap(({ name }) => (name === 'pre-market' ? [] : [name])),
  );
  // What is due within the next minutes may be due before it is read.
  const fromMs = Date.now() + 5 * 60_000;
  for (const { scheduleId, routine: name, options } of schedules) {
    const schedule = await client.schedule.create({ scheduleId, ...options, state: { paused: true } });
    const { info } = await schedule.describe().finally(() => schedule.delete());
    const times = info.nextActionTimes.map((time) => time.getTime()).filter((ms) => ms >= fromMs);
    expect(times.length, name).toBeGreaterThan(5);
    const routine = desk.routines.find((one) => one.name === name)!;
    const due = nominalTimesBetween(routine, desk.timezone, fromMs, times.at(-1) ?? 0, 99);
    // An hour that the clocks leave out is made good by the desk itself.
    const left = due.filter((ms) => clockChangeAt(routine, desk.timezone, ms) !== 'forward');
    expect(times, name).toEqual(left);
  }
});

it('knocks at port 4002 of the Gateway where nothing else is said', () => {
  expect(loadDesk(resolveDesk('slob')).desk.venue.name).toBe('ibkr');
  expect(gatewayAt('IB Gateway', {})).toEqual({ host: '127.0.0.1', port: 4002 });
});

it('takes a backup in the night and at each close, and proves a restore on Fridays and first Mondays', () => {
  const { desk } = loadDesk(resolveDesk('slob'));
  const actions = desk.routines.flatMap(({ name, steps }) =>
    steps.flatMap(({ action, required, onFail }) =>
      action === undefined ? [] : [[name, action, required, onFail]],
    ),
  );
  expect(actions.filter(([, action]) => action === 'backup' || action === 'restore-drill')).toEqual([
    ['close', 'backup', true, 'incident'],
    ['friday', 'backup', false, 'incident'],
    ['friday', 'restore-drill', true, 'incident'],
    ['monthly', 'restore-drill', false, 'incident'],
    ['monthly', 'restore-drill', true, 'incident'],
    ['backup', 'backup', true, 'incident'],
  ]);
});

it('compares with the backtest each month, not only with its own days', () => {
  const { desk } = loadDesk(resolveDesk('slob'));
  const steps = desk.routines.find(({ name }) => name === 'monthly')?.steps ?? [];
  expect(steps.find(({ check }) => check === 'backtest-comparison')).toMatchObject({ with: { days: 30 } });
});

it('tags the backup of Fridays, sends it away, keeps thirty days, and restores last month’s before the newest', () => {
  const { desk } = loadDesk(resolveDesk('slob'));
  const given = (name: string, action: string) =>
    desk.routines
      .find((one) => one.name === name)
      ?.steps.flatMap((step) => (step.action === action ? [step.with] : []));
  expect(given('friday', 'backup')).toEqual([{ tag: 'weekly', s3: true }]);
  expect(given('monthly', 'restore-drill')).toEqual([{ lastMonth: true }, {}]);
  expect(desk.backup).toMatchObject({ days: 30 });
});

it('looks every half hour and reviews every hour from 09:00 to 16:00, and at no other time', () => {
  const { desk } = loadDesk(resolveDesk('slob'));
  const timesOfDay = (name: string, day = '2026-07-15') => {
    const routine = desk.routines.find((one) => one.name === name)!;
    const from = Date.parse(`${day}T04:00:00Z`);
    const to = from + 86_400_000;
    const times = nominalTimesBetween(routine, desk.timezone, from, to, 99);
    return times.map((ms) => DateTime.fromMillis(ms, { zone: desk.timezone }).toFormat('HH:mm'));
  };
  const quick = timesOfDay('quick-check');
  expect(desk.routines.find(({ name }) => name === 'quick-check')).toMatchObject({ budgetMinutes: 5 });
  expect([quick.length, ...quick.slice(0, 3), quick.at(-1)]).toEqual([
    15,
    '09:00',
    '09:30',
    '10:00',
    '16:00',
  ]);
  expect(timesOfDay('hourly-review')).toEqual(
    ['10', '11', '12', '13', '14', '15', '16'].map((hour) => `${hour}:00`),
  );
  for (const name of ['quick-check', 'hourly-review']) {
    expect(timesOfDay(name, '2026-07-17')).toEqual(timesOfDay(name));
    expect(timesOfDay(name, '2026-07-18')).toEqual([]);
  }
});

it('reviews the month on its first Monday, be it the 1st or the 7th, and no other', () => {
  const { desk } = loadDesk(resolveDesk('slob'));
  const monthly = desk.routines.find(({ name }) => name === 'monthly')!;
  const [from, to] = [Date.parse('2026-05-31T04:00:00Z'), Date.parse('2026-09-30T04:00:00Z')];
  const times = nominalTimesBetween(monthly, desk.timezone, from, to, 99);
  expect(times.map((ms) => new Date(ms).toISOString().slice(0, 10))).toEqual([
    ...['2026-06-01', '2026-07-06', '2026-08-03', '2026-09-07'],
  ]);
});

const TARGET = { '09:43': [14_990, 14_990, 14_976, 14_980] } as const;

/** The minutes of a quiet day, and those of the made-up one until the market closes. */
const minutesOf = (changes: Parameters<typeof dayUntil>[1]) =>
  [
    ...dayUntil('23:59', {}, {}).map((minute) => ({ ...minute, date: '2026-07-14' })),
    ...dayUntil('16:30', changes).map((minute) => ({ ...minute, date: '2026-07-15' })),
  ].map(({ at, date, ...prices }) => ({ ...prices, openMs: momentOf(date, at) }));

function backtests(changes: Parameters<typeof dayUntil>[1]) {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-slob-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = writeMinutes(folder, minutesOf(changes));
  return async (name: string, env: NodeJS.ProcessEnv) => {
    const orders = join(folder, `${name}.csv`);
    const { code, out, err } = await runCommand(
      folder,
      ['backtest', '--desk', 'slob', '--data', file, '--json', '--orders', orders],
      env,
    );
    expect(code, err).toBe(0);
    return { report: out, orders: readFileSync(orders, 'utf8') };
  };
}

function rowsOf(csv: string): readonly Record<string, string | undefined>[] {
  const [header = '', ...lines] = csv.trim().split('\n');
  const columns = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, at) => [columns[at], value])));
}

it('trades the made-up day in a backtest, the same bytes twice', async () => {
  const run = backtests(TARGET);
  const [once, again] = await Promise.all([
    run('once', { TZ: 'UTC' }),
    run('again', { TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8' }),
  ]);
  expect(again).toEqual(once);
  expect(rowsOf(once.orders)).toMatchObject([
    { purpose: 'entry', side: 'sell', limit: '15011.00', state: 'filled', average_price: '15011.000' },
    { purpose: 'protective', side: 'buy', stop: '15028.00', state: 'cancelled' },
    { purpose: 'exit', side: 'buy', state: 'filled', ended: expect.stringContaining('2026-07-15T13:4') },
  ]);
});

it('is flat by 15:55 where neither stop nor target is reached', async () => {
  const { orders } = await backtests({})('flat', { TZ: 'UTC' });
  const [, , exit] = rowsOf(orders);
  expect(exit).toMatchObject({
    ...{ purpose: 'exit', side: 'buy', state: 'filled' },
    ended: expect.stringContaining('2026-07-15T19:55'),
  });
});
