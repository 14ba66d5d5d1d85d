/** The shipped desk of the SLOB runbook: its values, and a made-up day through the whole product. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { runCommand } from '../cli/run-command.js';
import { writeMinutes } from '../validation/support/validations.js';
import { dayUntil, momentOf } from './support/day.js';

it('has the values of its runbook', () => {
  const { desk } = loadDesk(resolveDesk('slob'));
  expect(desk).toMatchObject({
    mode: 'paper',
    venue: { name: 'ibkr', testnet: true, account: 'broker-paper' },
    timezone: 'America/New_York',
    instruments: [{ symbol: 'NQ/USD', kind: 'future', tickSize: '0.25', multiplier: '20', exchange: 'CME' }],
    strategies: [
      { parameters: { consolMinDuration: 5, consolMaxDuration: 30, slBufferPips: 1, tpRiskReward: 2 } },
    ],
    risk: { maxDrawdownPct: 25 },
    api: { port: 5000 },
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

it('trades the made-up day in a backtest, the same bytes twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-slob-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const target = { '09:43': [14_990, 14_990, 14_976, 14_980] } as const;
  const minutes = [
    ...dayUntil('23:59', {}, {}).map((minute) => ({ ...minute, date: '2026-07-14' })),
    ...dayUntil('16:00', target).map((minute) => ({ ...minute, date: '2026-07-15' })),
  ].map(({ at, date, ...prices }) => ({ ...prices, openMs: momentOf(date, at) }));
  const file = writeMinutes(folder, minutes);
  const run = async (name: string, env: NodeJS.ProcessEnv) => {
    const orders = join(folder, `${name}.csv`);
    const { code, out, err } = await runCommand(
      folder,
      ['backtest', '--desk', 'slob', '--data', file, '--json', '--orders', orders],
      env,
    );
    expect(code, err).toBe(0);
    return { report: out, orders: readFileSync(orders, 'utf8') };
  };
  const [once, again] = await Promise.all([
    run('once', { TZ: 'UTC' }),
    run('again', { TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8' }),
  ]);
  expect(again).toEqual(once);
  const [header = '', ...lines] = once.orders.trim().split('\n');
  const columns = header.split(',');
  const orders = lines.map((line) =>
    Object.fromEntries(line.split(',').map((value, at) => [columns[at], value])),
  );
  expect(orders).toMatchObject([
    { purpose: 'entry', side: 'sell', limit: '15011.00', state: 'filled', average_price: '15011.000' },
    { purpose: 'protective', side: 'buy', stop: '15028.00', state: 'cancelled' },
    { purpose: 'exit', side: 'buy', state: 'filled' },
  ]);
});
