/** KPIs of the desk file, read from the real store. */
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckContext } from '../../src/checks/check.js';
import { CHECKS } from '../../src/checks/registry.js';
import { kpisLines } from '../../src/cli/commands/stats.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { type DeskKpi, KPI_READING_NAMES, kpiSchema } from '../../src/desk/kpi-schema.js';
import { kpisSchema, showKpis } from '../../src/operations/results/results.js';
import { type Kpi, readKpis } from '../../src/reports/read-kpis.js';
import { REPORTS } from '../../src/reports/registry.js';
import type { ReportContext } from '../../src/reports/report.js';
import { saveBackup } from '../../src/store/backup-rows.js';
import { TraderUnavailable } from '../../src/trader/client.js';
import { idleStatus } from '../support/trader-status.js';
import { CheckBench, NOW } from './check-bench.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const bench = new CheckBench();
let status: TraderStatus;

beforeAll(async () => {
  await bench.open();
  bench.renew();
  status = idleStatus({
    ...{ drawdownPct: '1.5', equity: '9950', returnCountsFrom: '10000', rssBytes: 100 * 1_048_576 },
    marketData: { ...idleStatus().marketData, marketMs: NOW, lastQuoteAgeMs: 1_500 },
  });
  await fillTheStore();
});
afterAll(() => bench.close());

const query = (text: string, values: readonly unknown[]) =>
  bench.database.pool.query(text, [bench.context.desk.desk, ...values]);
const at = (ms: number): Date => new Date(ms);

async function fillTheStore(): Promise<void> {
  for (const [n, [daysAgo, result, r]] of (
    [
      [5, 20, 2],
      [4, -5, -1],
      [3, -3, null],
      [2, 0, 0],
      [1, 10, 1],
      // Before the last 30 days.
      [40, -100, -5],
    ] as const
  ).entries())
    await query(
      `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, result, fees, r, why,
         config_hash, opened, market, wall, simulated)
       values ($1, 'abc123', $2, $3, 'BTC/USDT', 'ema-cross', 'long', 1, $4, 0, $5, 'stop', 'hash', $6, $6, $6, true)`,
      [`t${n}`, n, result, r, at(NOW - daysAgo * DAY)],
    );
  for (const [agoMs, equity] of [
    [3 * HOUR - 5 * MINUTE, 10_000],
    [2 * HOUR - 5 * MINUTE, 10_100],
    // Down by 5 % and up again within an hour.
    [2 * HOUR - 10 * MINUTE, 9_595],
    [2 * HOUR - 15 * MINUTE, 10_100],
    [HOUR - 5 * MINUTE, 9_898],
    [0, 10_392.9],
  ] as const)
    await bench.equityAt(NOW - agoMs, equity);
  await fillOrders();
  for (const [id, state, tookMinutes, daysAgo] of [
    ['a1', 'approved', 10, 0.1],
    ['a2', 'rejected', 20, 0.2],
    ['a3', 'expired', 60, 0.3],
    ['a4', 'open', null, 0],
    ['a5', 'withdrawn', 600, 0.1],
    ['a6', 'approved', 600, 40],
  ] as const) {
    const closed = Date.now() - daysAgo * DAY;
    await query(
      `insert into approval (desk, id, token, kind, subject, title, parameters, parameters_hash, needed, roles, requested_by,
         workflow_id, run_id, created, expires, state, closed)
       values ($1, $2, $2, 'k', 's', 't', '{}', 'h', 1, '{approver}', 'fermata', 'w', 'r', $3, now(), $4, $5)`,
      [id, at(closed - (tookMinutes ?? 0) * MINUTE), state, tookMinutes === null ? null : at(closed)],
    );
  }
  for (const state of ['open', 'acknowledged', 'resolved'])
    await query(
      `insert into incident (desk, workflow_id, first_run_id, id, fingerprint, kind, severity, title, detail, state, opened,
         respond_by, simulated, revision)
       values ($1, $2, $2, $2, $2, 'reported', 'high', 't', 'd', $2, now(), now(), true, 1)`,
      [state],
    );
  await backup('kept', 12);
  // Of a database that was restored, or whose backup somebody removed.
  await backup('gone', 2, join(bench.home, 'backups', 'gone'));
  await backup('pruned', 1);
  // By a clock that was wrong.
  await backup('ahead', -24);
  await query(`update backup set pruned = now() where desk = $1 and id = 'pruned'`, []);
}

async function backup(id: string, hoursAgo: number, folder = bench.home): Promise<void> {
  const takenMs = Date.now() - hoursAgo * HOUR;
  const { desk } = bench.context.desk;
  const rest = { folder, verifiedMs: takenMs, bytes: 1, rows: 1, manifestSha256: 'x' };
  await saveBackup(bench.database.pool, { desk, id, takenMs, ...rest });
}

/** Each with its fills: milliseconds after it was sent, quantity and price. */
async function fillOrders(): Promise<void> {
  const none: readonly (readonly [ms: number, quantity: number, price: number])[] = [];
  for (const [id, type, purpose, state, price, daysAgo, fills] of [
    ['o1', 'market', 'entry', 'filled', null, 1, [[40, 1, 100]]],
    [
      ...['o2', 'market', 'entry', 'filled', null, 1],
      [
        [100, 1, 100],
        [500, 1, 100],
      ],
    ],
    ['o3', 'limit', 'entry', 'cancelled', 100, 1, [[10_000, 1, 100]]],
    ['o4', 'limit', 'entry', 'cancelled', 100, 1, none],
    ['o5', 'market', 'entry', 'rejected', null, 1, none],
    ['o6', 'limit', 'entry', 'working', 100, 1, none],
    // Sold for 1.00 less than its price was worth, and for 0.50 more.
    ['o7', 'stop', 'protective', 'filled', 100, 1, [[5, 2, 99.5]]],
    ['o8', 'stop', 'protective', 'filled', 50, 1, [[5, 1, 50.5]]],
    ['o9', 'limit', 'entry', 'denied', 100, 1, none],
    ['o10', 'market', 'entry', 'rejected', null, 40, none],
  ] as readonly (readonly [string, string, string, string, number | null, number, typeof none])[]) {
    const sent = NOW - daysAgo * DAY;
    const side = purpose === 'entry' ? 'buy' : 'sell';
    await query(
      `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, price, simulated,
         created_market, created, updated) values ($1, $2, 'BTC/USDT', $3, $4, $5, 'ema-cross', $6, 2, $7, true, $8, $8, $8)`,
      [id, side, type, purpose, state, price, at(sent)],
    );
    for (const [ms, quantity, got] of fills)
      await query(
        `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
           realised, simulated, market, wall, incarnation, sequence)
         values ($1, 'BTC/USDT', $2, $3, $4, $5, $6, 0.1, 'taker', $7, 'ema-cross', 0, true, $8, $8, 'abc123', 1)`,
        [`${id}-${ms}`, id, side, quantity, got, purpose, at(sent + ms)],
      );
  }
}

type Given = Omit<Partial<DeskKpi>, 'reading'>;
const deskWith = (kpis: Readonly<Record<string, object>>) => ({
  ...bench.context.desk,
  kpis: Object.fromEntries(Object.entries(kpis).map(([name, kpi]) => [name, kpiSchema.parse(kpi)])),
});
async function read(reading: string, given: Given = { aim: { atLeast: -1_000 } }): Promise<Kpi> {
  const [kpi] = await readKpis({
    ...{ desk: deskWith({ one: { reading, ...given } }), pool: bench.database.pool },
    ...{ home: bench.home, status, marketMs: NOW },
  });
  return kpi as Kpi;
}

const WORKED_OUT: readonly (readonly [reading: string, value: number, says: string])[] = [
  ['trades', 5, '5 in 30 days'],
  // Two of five: what came to nothing has not won.
  ['winRate', 40, '40 % over 5 trades in 30 days'],
  // 30 won, 8 lost.
  ['profitFactor', 3.75, '3.75 over 5 trades in 30 days'],
  // (2 - 1 + 0 + 1) / 4: of one nobody knows the risk.
  ['averageR', 0.5, '0.50 R over 4 trades in 30 days'],
  // (2 + 1) / 2 to 1.
  ['rewardRisk', 1.5, '1.50 over 4 trades in 30 days'],
  ['result', 22, '22.00 USDT over 5 trades in 30 days'],
  ['lossStreak', 3, '3 over 5 trades in 30 days'],
  // 1.01 × 0.98 × 1.05.
  ['return', 3.929, '3.93 % over 4 hours in 30 days'],
  // Of 1, -2 and 5 %: mean 1.3333, deviation 3.51188, times √8760.
  ['sharpe', 35.5346, '35.53 over 4 hours in 30 days'],
  ['maxDrawdown', 5, '5 % over 4 hours in 30 days'],
  ['fees', 0.6, '0.60 USDT over 6 fills in 30 days'],
  // 1.00 lost and 0.50 won by it.
  ['stopSlippage', 0.25, '0.25 USDT over 2 stop fills in 30 days'],
  // o1, o2 and a part of o3, of five: o6 goes on, o9 was never sent.
  ['filledEntries', 60, '60 % over 5 entry orders in 30 days'],
  ['rejectedOrders', 12.5, '12.50 % over 8 orders in 30 days'],
  // Between 40 and 100 at 95 %.
  ['fillTime', 97, '97 ms over 2 orders in 30 days'],
  // Of 10, 20 and 60: 20 + 0.9 × 40.
  ['approvalTime', 56, '56 min over 3 approvals in 30 days'],
  ['drawdown', 1.5, '1.50 %'],
  ['dayResult', -0.5, '-0.50 %'],
  ['priceAge', 1_500, '1500 ms'],
  ['openIncidents', 2, '2'],
  ['backupAge', 12, '12.00 h'],
  ['traderMemory', 100, '100 MB'],
];

describe('a KPI', () => {
  it.each(WORKED_OUT)('reads %s as it was worked out by hand', async (reading, value, says) => {
    const kpi = await read(reading);
    // It grows while the others are read.
    if (reading === 'backupAge') {
      expect(kpi.value).toBeCloseTo(value, 1);
      expect(kpi.says).toMatch(/^12\.0\d h$/);
    } else {
      expect(kpi.value).toBeCloseTo(value, 3);
      expect(kpi.says).toBe(says);
    }
    expect(kpi.state).toBe('ok');
  });

  it('reads how full the disk is', async () => {
    const used = async (): Promise<number> => {
      const { blocks, bavail } = await statfs(bench.home);
      return (1 - bavail / blocks) * 100;
    };
    // Others write to it meanwhile.
    const before = await used();
    const { value } = await read('diskUsed');
    const after = await used();
    expect(value).toBeGreaterThan(Math.min(before, after) - 1);
    expect(value).toBeLessThan(Math.max(before, after) + 1);
  });

  it('has each of its readings tried here', () => {
    const tried = [...WORKED_OUT.map(([reading]) => reading), 'diskUsed'];
    expect(tried.sort()).toEqual([...KPI_READING_NAMES].sort());
  });

  it('looks back over the days that it says', async () => {
    expect(await read('result', { days: 45, aim: { atLeast: 0 } })).toMatchObject({
      ...{ value: -78, sample: 6, days: 45, state: 'missed' },
      says: '-78.00 USDT over 6 trades in 45 days',
    });
    expect((await read('trades', { days: 1, aim: { atLeast: 1 } })).says).toBe('1 in 1 day');
    expect((await read('winRate', { days: 1, aim: { atLeast: 1 } })).says).toBe(
      '100 % over 1 trade in 1 day',
    );
  });

  it.each<[Given, Kpi['state'], string]>([
    [{ alarm: { above: 39.99 } }, 'alarm', 'above 39.99 %'],
    [{ alarm: { above: 40 } }, 'ok', 'above 40 %'],
    [{ alarm: { below: 40.01 } }, 'alarm', 'below 40.01 %'],
    [{ alarm: { below: 40 } }, 'ok', 'below 40 %'],
    [{ aim: { atLeast: 40 } }, 'ok', 'at least 40 %'],
    [{ aim: { atLeast: 40.01 } }, 'missed', 'at least 40.01 %'],
    [{ aim: { atMost: 40 } }, 'ok', 'at most 40 %'],
    [{ aim: { atMost: 39.99 } }, 'missed', 'at most 39.99 %'],
  ])('of 40 percent, held against %j, is %s', async (given, state, bound) => {
    const kind = given.alarm === undefined ? 'aim' : 'alarm';
    expect(await read('winRate', given)).toMatchObject({ state, bound, kind, value: 40 });
  });

  it.each<[string, Given]>([
    ['alarm', { alarm: { below: 99 } }],
    ['aim', { aim: { atLeast: 99 } }],
  ])('is no %s below its minimum sample, and is one from it on', async (_, given) => {
    expect(await read('winRate', { ...given, minimumSample: 6 })).toMatchObject({
      ...{ state: 'tooFew', sample: 5, minimumSample: 6 },
      says: 'too few (5 of 6 trades in 30 days)',
    });
    expect((await read('winRate', { ...given, minimumSample: 5 })).state).toMatch(/alarm|missed/);
  });

  it('is no alarm about the age of a price that no open market owes', async () => {
    const kpis = { prices: { reading: 'priceAge', alarm: { above: 1_000 } } };
    const { instruments, ...desk } = deskWith(kpis);
    const sessions = { calendar: 'us-stocks' } as const;
    const at = async (text: string): Promise<Kpi | undefined> => {
      const marketMs = Date.parse(text);
      const [kpi] = await readKpis({
        desk: { ...desk, instruments: instruments.map((one) => ({ ...one, sessions })) } as never,
        ...{ pool: bench.database.pool, home: bench.home, marketMs },
        status: { ...status, marketData: { ...status.marketData, marketMs } },
      });
      return kpi;
    };
    expect(await at('2026-11-24T17:00:00Z')).toMatchObject({ state: 'alarm', value: 1_500 });
    expect(await at('2026-11-24T02:00:00Z')).toMatchObject({
      ...{ state: 'unknown', value: null },
      says: 'no price is due while the market is closed',
    });
  });

  it('is read in the unit that the desk file states, and its bound with it', async () => {
    expect(await read('priceAge', { unit: 's', alarm: { above: 1.4 } })).toMatchObject({
      ...{ value: 1.5, unit: 's', state: 'alarm', says: '1.50 s', bound: 'above 1.4 s' },
    });
    expect(await read('approvalTime', { unit: 'h', aim: { atMost: 1 } })).toMatchObject({
      state: 'ok',
      unit: 'h',
    });
    expect((await read('traderMemory', { unit: 'GB', alarm: { above: 1 } })).value).toBeCloseTo(
      100 / 1_024,
      6,
    );
  });

  it('shows as many places as tell it from its bound', async () => {
    // 3.929 against 3.93: two places would be the bound itself.
    expect(await read('return', { aim: { atLeast: 3.93 } })).toMatchObject({
      ...{ state: 'missed', says: '3.929 % over 4 hours in 30 days' },
    });
  });

  it('without a loss has no end, without trades is not judged', async () => {
    const lastDay = await read('profitFactor', { days: 1, aim: { atLeast: 2 } });
    expect(lastDay).toMatchObject({ state: 'ok', value: null, says: 'no loss over 1 trade in 1 day' });
    expect(await read('rewardRisk', { days: 1, aim: { atLeast: 2 } })).toMatchObject({
      ...{ state: 'unknown', value: null, says: 'not known' },
    });
    bench.renew();
    expect(await read('winRate', { alarm: { below: 40 } })).toMatchObject({
      ...{ state: 'tooFew', says: 'too few (0 of 1 trade in 30 days)' },
    });
    // That there is none is no reason to be quiet.
    expect(await read('backupAge', { alarm: { above: 26 } })).toMatchObject({
      state: 'alarm',
      says: 'no backup',
    });
  });
});

describe('KPIs of a desk', () => {
  const context = (kpis: Readonly<Record<string, object>>, answers = true) => ({
    ...{ ...bench.context, desk: deskWith(kpis) },
    trader: {
      call: async () => {
        if (answers) return status as never;
        throw new TraderUnavailable('it does not answer');
      },
    },
  });
  const TOLD = { reading: 'drawdown', alarm: { above: 1.4 } };
  const MISSED = { reading: 'dayResult', aim: { atLeast: 0 } };
  const GOOD = { reading: 'priceAge', unit: 's', alarm: { above: 5 } };
  const FEW = { reading: 'winRate', minimumSample: 30, alarm: { below: 40 } };

  it.each([
    ['fail', { few: FEW, good: GOOD, missed: MISSED, told: TOLD }],
    ['warn', { few: FEW, good: GOOD, missed: MISSED }],
    ['pass', { few: FEW, good: GOOD }],
    ['not_run', { few: FEW }],
    ['not_run', {}],
  ])('are a check that says %s, the worst first', async (verdict, kpis) => {
    bench.renew();
    const found = await CHECKS.get('kpis')?.(context(kpis) as CheckContext, {});
    const said = [
      'told: drawdown 1.50 %, alarm above 1.4 %: ALARM',
      'missed: result of the day -0.50 %, aim at least 0 %: missed',
      'good: age of the price 1.50 s, alarm above 5 s: ok',
      'few: win rate too few (0 of 30 trades in 30 days), alarm below 40 %',
    ].filter((line) => (line.split(':')[0] ?? '') in kpis);
    expect(found).toMatchObject({ verdict, observed: said.join('; ') || 'the desk file has no KPIs' });
  });

  it('are checked by name where a step names some, and not at all without a trader', async () => {
    const kpis = { told: TOLD, missed: MISSED, good: GOOD };
    const check = (names: string) => CHECKS.get('kpis')?.(context(kpis) as CheckContext, { names });
    expect(await check('good')).toMatchObject({ verdict: 'pass' });
    expect(await check('good, missed')).toMatchObject({ verdict: 'warn' });
    expect(await check('good told')).toMatchObject({ verdict: 'fail' });
    await expect(CHECKS.get('kpis')?.(context(kpis, false) as CheckContext, {})).rejects.toThrow(
      'it does not answer',
    );
  });

  it('are a report in the order of the desk file, which judges nothing', async () => {
    const report = (kpis: object) =>
      REPORTS.get('kpis')?.(
        { ...context(kpis as Record<string, object>), marketMs: NOW } as ReportContext,
        {},
      );
    expect(await report({ good: GOOD, told: TOLD })).toBe(
      'good: age of the price 1.50 s, alarm above 5 s: ok; told: drawdown 1.50 %, alarm above 1.4 %: ALARM',
    );
    expect(await report({})).toBe('the desk file has no KPIs');
  });

  it('are shown while the trader does not answer: what it alone knows is not known', async () => {
    const shown = await showKpis({
      ...(context({ told: TOLD, open: { reading: 'openIncidents', aim: { atMost: 0 } } }, false) as never as {
        runtime: never;
      }),
      ...{ nowMs: () => NOW },
    } as never);
    expect(kpisSchema.parse(shown)).toMatchObject({
      machineTime: true,
      kpis: [
        { name: 'told', state: 'unknown', value: null, says: 'not known' },
        { name: 'open', state: 'ok', value: 0, says: '0' },
      ],
    });
    expect(kpisLines(shown)).toEqual([
      '! the trader does not answer: days are by this machine’s clock',
      '- told: drawdown not known, alarm above 1.4 %',
      '✓ open: open incidents 0, aim at most 0: ok',
    ]);
    expect(kpisLines({ machineTime: false, kpis: [] })).toEqual([
      'the desk file has no KPIs (docs/ROUTINES.md, "KPIs")',
    ]);
  });
});
