/** Round trips and profit by day, week and month: as the API works them out, and as the page shows them. */
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Results, resultsSchema } from '../../src/api/schemas/results.js';
import { DESK } from '../api/web-under-test.js';
import { scriptedStatus } from '../support/trader-status.js';
import { type Fill, missing, picture, ShownDesk } from './shown-desk.js';

const desk = new ShownDesk();
const NOW_MS = scriptedStatus().marketData.marketMs;

const ETHER = { symbol: 'ETH/USDT', realised: '0' } as const;
/** A long one, closed in two parts, of three days ago; a short one of the month before. */
const BEFORE: readonly Fill[] = [
  {
    ...ETHER,
    n: 101,
    order_id: 'fk3f9aa0a',
    side: 'sell',
    quantity: '1',
    price: '2000',
    fee: '1',
    purpose: 'entry',
    at_ms: Date.UTC(2025, 11, 20, 9),
  },
  {
    ...ETHER,
    n: 102,
    order_id: 'fk3f9aa0b',
    side: 'buy',
    quantity: '1',
    price: '1990',
    fee: '1',
    purpose: 'close',
    realised: '10',
    at_ms: Date.UTC(2025, 11, 20, 9, 30),
  },
  {
    ...ETHER,
    n: 103,
    order_id: 'fk3f9aa0c',
    side: 'buy',
    quantity: '1',
    price: '2000',
    fee: '1',
    purpose: 'entry',
    at_ms: Date.UTC(2026, 0, 2, 10),
  },
  {
    ...ETHER,
    n: 104,
    order_id: 'fk3f9aa0d',
    side: 'sell',
    quantity: '0.5',
    price: '2010',
    fee: '0.5',
    purpose: 'exit',
    realised: '5',
    at_ms: Date.UTC(2026, 0, 2, 11),
  },
  {
    ...ETHER,
    n: 105,
    order_id: 'fk3f9aa0e',
    side: 'sell',
    quantity: '0.5',
    price: '2020',
    fee: '0.5',
    purpose: 'exit',
    realised: '10',
    at_ms: Date.UTC(2026, 0, 2, 12, 30),
  },
];

describe.skipIf(missing.length > 0)('results', () => {
  beforeAll(async () => {
    await desk.start();
    await desk.fill(BEFORE);
    // Of the lost one: bought at 43090 with a stop at 42990, which was drawn up later.
    for (const [id, price, minutesAgo] of [
      ['fk3f9aas1', 42_990, 110],
      ['fk3f9aas2', 43_000, 80],
    ] as const)
      await desk.database.ownerPool.query(
        `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, price, simulated,
           created_market, created, updated)
         values ($1, $2, 'BTC/USDT', 'sell', 'stop', 'protective', 'ema-cross', 'cancelled', 0.007, $3, true, $4, now(), now())`,
        [DESK, id, price, new Date(NOW_MS - minutesAgo * 60_000)],
      );
  });
  afterAll(() => desk.close());

  const read = async (query: string): Promise<Results> => {
    const { accessToken } = await desk.web.signIn('vera');
    const answer = await desk.web.call('GET', `/api/results?${query}`, { token: accessToken });
    expect(answer.status, query).toBe(200);
    return resultsSchema.parse(await answer.json());
  };
  const trips = (): Locator => desk.page.getByRole('region', { name: 'Round trips' }).first();
  const firstRow = () => trips().locator('tbody tr').first().innerText();

  it('are worked out as by hand: prices, result after fees, percent, R, reason', async () => {
    const { roundTrips, total, truncated } = await read('days=30');
    expect(truncated).toBe(false);
    expect(total).toEqual({ trips: 4, wins: 3, net: '19.94', fees: '5.2' });
    expect(roundTrips).toMatchObject([
      {
        symbol: 'BTC/USDT',
        side: 'long',
        quantity: '0.007',
        entry: '43090',
        exit: '42990',
        net: '-1.3',
        fees: '0.6',
        r: -1.8571,
        reason: 'protective',
      },
      {
        symbol: 'BTC/USDT',
        side: 'long',
        entry: '42900',
        exit: '43020',
        net: '0.24',
        netPct: 0.0799,
        r: null,
        reason: 'exit',
      },
      {
        symbol: 'ETH/USDT',
        side: 'long',
        quantity: '1',
        entry: '2000',
        exit: '2015',
        net: '13',
        netPct: 0.65,
        reason: 'exit',
      },
      {
        symbol: 'ETH/USDT',
        side: 'short',
        entry: '2000',
        exit: '1990',
        net: '8',
        netPct: 0.4,
        reason: 'close',
      },
    ]);
    const [, , long] = roundTrips;
    expect([long?.openedMs, long?.closedMs]).toEqual([
      Date.UTC(2026, 0, 2, 10),
      Date.UTC(2026, 0, 2, 12, 30),
    ]);
  });

  it('are summed up by day, week and month, of one symbol or all', async () => {
    const sums = async (query: string) =>
      (await read(query)).periods.map(({ startMs, net, trips: count }) => [
        new Date(startMs).toISOString().slice(0, 10),
        net,
        count,
      ]);
    expect(await sums('by=day')).toEqual([
      ['2026-01-05', '-1.06', 2],
      ['2026-01-02', '13', 1],
      ['2025-12-20', '8', 1],
    ]);
    expect(await sums('by=week')).toEqual([
      ['2026-01-05', '-1.06', 2],
      ['2025-12-29', '13', 1],
      ['2025-12-15', '8', 1],
    ]);
    expect(await sums('by=month')).toEqual([
      ['2026-01-01', '11.94', 3],
      ['2025-12-01', '8', 1],
    ]);
    expect(await sums('by=month&symbol=ETH/USDT')).toEqual([
      ['2026-01-01', '13', 1],
      ['2025-12-01', '8', 1],
    ]);
    expect(await sums('days=7&symbol=ETH/USDT')).toEqual([['2026-01-02', '13', 1]]);
    expect(await read('strategy=another')).toMatchObject({
      roundTrips: [],
      periods: [],
      total: { trips: 0, net: '0' },
    });
  });

  it('stand in a calendar that goes back, and in tables by week and month', async () => {
    await desk.open('Results');
    const profit = desk.page.getByRole('region', { name: 'Profit' });
    const days = profit.getByRole('table');
    await expect.poll(() => days.innerText()).toMatch(/2\s+\+13\.00\s+1 trip[\s\S]*5\s+−1\.06\s+2 trips/);
    await profit.getByRole('button', { name: 'Earlier' }).click();
    await expect.poll(() => profit.innerText()).toContain('2025-12');
    expect(await days.innerText()).toMatch(/20\s+\+8\.00/);
    await profit.getByRole('button', { name: 'Later' }).click();
    await profit.getByRole('button', { name: 'Month', exact: true }).click();
    await expect
      .poll(() => profit.innerText())
      .toMatch(/2026-01\s+\+11\.94\s+3\s+66\.7%[\s\S]*2025-12\s+\+8\.00/);
    await profit.getByRole('button', { name: 'Day', exact: true }).click();
  });

  it('are sorted by any column, and filtered', async () => {
    await expect
      .poll(firstRow)
      .toMatch(/^01-05 13:21[\s\S]*BTC\/USDT[\s\S]*−1\.30[\s\S]*−1\.86[\s\S]*stop[\s\S]*40 min/);
    const heading = (name: string): Locator => trips().getByRole('button', { name, exact: true });
    await heading('Result').click();
    expect(await firstRow()).toContain('+13.00');
    await heading('Result').click();
    expect(await firstRow()).toContain('−1.30');
    expect(await trips().locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    await heading('Lasted').click();
    expect(await firstRow()).toContain('2 h 30 min');
    await desk.page.getByLabel('Symbol').selectOption('ETH/USDT');
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(2);
    await desk.page.getByLabel('Closed').selectOption('7');
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(1);
    await desk.page.getByLabel('Symbol').selectOption('');
    await desk.page.getByLabel('Closed').selectOption('30');
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(4);
  });

  it('say so where there are none, and stay quick with ten thousand', async () => {
    await desk.database.ownerPool.query(
      `insert into fills select desk, symbol, 'many' || n || trade_id, client_id, side, quantity, price, fee, liquidity, purpose,
         strategy, realised, simulated, caught_up, market - n * interval '1 hour', wall, 'many' || n, n
       from fills, generate_series(1, 10000) n where trade_id in ('1', '2')`,
    );
    await desk.database.ownerPool.query(
      `update fills set sequence = sequence * 2 + case purpose when 'entry' then 0 else 1 end where trade_id like 'many%'`,
    );
    await desk.page.reload();
    await desk.page.getByLabel('Closed').selectOption('3650');
    await expect.poll(() => trips().innerText()).toMatch(/newest 2.000 of 10.004/);
    expect(await trips().locator('tbody tr').count()).toBe(100);
    await trips().getByRole('button', { name: 'More' }).click();
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(200);
    await picture(desk.page, 'results-many');
    await desk.database.ownerPool.query('delete from fills');
    await desk.page.reload();
    await expect.poll(() => trips().innerText()).toContain('No position was closed in this time.');
    await picture(desk.page, 'results-none');
  });
});
