/** Round trips and profit by day, week and month: as the API works them out, and as the page shows them. */
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Results, resultsSchema } from '../../src/operations/results/results.js';
import { DESK, startWebUnderTest } from '../api/web-under-test.js';
import { scriptedStatus } from '../support/trader-status.js';
import { type Fill, LOOKS, missing, picture, ShownDesk } from './shown-desk.js';

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
    // Of the lost one: bought at 43090 with a stop at 42990, which was drawn up later. Of the long one of Ether: before it
    // was bought, and another of the opposite side.
    const beforeLong = (minutes: number): number => (NOW_MS - Date.UTC(2026, 0, 2, 10)) / 60_000 + minutes;
    for (const [id, symbol, side, price, minutesAgo] of [
      ['fk3f9aas1', 'BTC/USDT', 'sell', 42_990, 110],
      ['fk3f9aas2', 'BTC/USDT', 'sell', 43_000, 80],
      ['fk3f9aas3', 'ETH/USDT', 'sell', 1_980, beforeLong(1)],
      ['fk3f9aas4', 'ETH/USDT', 'sell', 1_990, beforeLong(-30)],
      ['fk3f9aas5', 'ETH/USDT', 'buy', 2_010, beforeLong(0.5)],
    ] as const)
      await desk.database.ownerPool.query(
        `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, price, simulated,
           created_market, created, updated)
         values ($1, $2, $3, $4, 'stop', 'protective', 'ema-cross', 'cancelled', 0.007, $5, true, $6, now(), now())`,
        [DESK, id, symbol, side, price, new Date(NOW_MS - minutesAgo * 60_000)],
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
        priceDigits: 2,
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
        r: 0.65,
        reason: 'exit',
      },
      {
        symbol: 'ETH/USDT',
        side: 'short',
        entry: '2000',
        exit: '1990',
        net: '8',
        netPct: 0.4,
        r: null,
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
      (await read(query)).periods.map(({ date, net, trips: count }) => [date, net, count]);
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
    // The day that the last three times 24 hours begin in is a whole one.
    expect(await sums('by=day&days=3')).toEqual([
      ['2026-01-05', '-1.06', 2],
      ['2026-01-02', '13', 1],
    ]);
    expect(await sums('by=month&days=3')).toEqual([['2026-01-01', '11.94', 3]]);
    expect(await read('strategy=another')).toMatchObject({
      roundTrips: [],
      periods: [],
      total: { trips: 0, net: '0' },
    });
  });

  it.each([
    [7, 'Last week', '+11.94', 2],
    [30, 'Last 30 days', '+19.94', 3],
  ])('are drawn as P&L of each of the last %i days', async (days, choice, total, bars) => {
    const { page } = desk;
    await desk.open('Results');
    await page.getByLabel('Closed').selectOption({ label: choice });
    const chart = page.getByRole('img', { name: `P&L of the last ${days} days: ${total} USDT` });
    await chart.waitFor();
    const titles = await chart.locator('title').allTextContents();
    expect(titles.slice(-2)).toEqual(['2026-01-02: +13', '2026-01-05: \u22121.06']);
    expect(titles).toHaveLength(bars);
    const heights = await chart
      .locator('rect')
      .evaluateAll((drawn) =>
        drawn.slice(-2).map((bar) => [bar.getAttribute('class'), Number(bar.getAttribute('height'))]),
      );
    const [won, lost] = heights as [[string, number], [string, number]];
    expect([won[0], lost[0]]).toEqual(['gain', 'loss']);
    expect(won[1] / lost[1]).toBeCloseTo(13 / 1.06, 3);
    await picture(page, `profit-${days}`);
  });

  it('are summed up by the days of the desk: in its time zone, from its boundary on', async () => {
    const newYork = { timezone: 'America/New_York', dayBoundary: '17:00' };
    const web = await startWebUnderTest(desk.database.pool, { calendar: newYork });
    try {
      const { accessToken } = await web.signIn('vera');
      await expect.poll(async () => (await web.call('GET', '/health')).status).toBe(200);
      const answer = await web.call('GET', '/api/results?by=day&days=4', { token: accessToken });
      expect(resultsSchema.parse(await answer.json())).toMatchObject({
        ...newYork,
        fromMs: Date.UTC(2025, 11, 31, 22),
        ...{ fromDate: '2025-12-31', toDate: '2026-01-04' },
        periods: [
          { startMs: Date.UTC(2026, 0, 4, 22), date: '2026-01-04', net: '-1.06' },
          { startMs: Date.UTC(2026, 0, 1, 22), date: '2026-01-01', net: '13' },
        ],
      });
    } finally {
      await web.stop();
    }
  });

  it('have the KPIs of the desk file above them, each with its state; nothing where it has none', async () => {
    const { page, web } = desk;
    const panel = page.getByRole('region', { name: 'KPIs', exact: true });
    await desk.open('Results');
    expect(await panel.count()).toBe(0);
    Object.assign(web.kpis, {
      drawdown: { reading: 'drawdown', alarm: { above: 0.2 } },
      trades: { reading: 'trades', aim: { atLeast: 6 } },
      prices: { reading: 'priceAge', unit: 's', alarm: { above: 5 } },
      'win-rate': { reading: 'winRate', minimumSample: 30, aim: { atLeast: 47.6 } },
    });
    await page.reload();
    const rows = panel.locator('tbody tr');
    await expect.poll(() => rows.count()).toBe(4);
    const cells = await rows.evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)),
    );
    expect(cells).toEqual([
      ['drawdown drawdown', 'Alarm', 'alarm above 0.2 %', '0.21 %'],
      ['trades closed trades', 'Missed', 'aim at least 6', '5 in 30 days'],
      ['prices age of the price', 'OK', 'alarm above 5 s', '0.04 s'],
      ['win-rate win rate', 'Too few', 'aim at least 47.6 %', 'Too few (5 of 30 trades in 30 days)'],
    ]);
    expect(await rows.locator('.lamp').evaluateAll((all) => all.map(({ className }) => className))).toEqual([
      'lamp alarm',
      'lamp caution',
      'lamp go',
      'lamp soft',
    ]);
    for (const [width, scheme] of LOOKS) {
      await desk.look(width, scheme);
      const name = `kpis-${width}-${scheme}`;
      expect(await desk.complaintsOfAxe(name), name).toEqual([]);
      expect(await desk.widerThanThePage(), name).toEqual([]);
      expect(await desk.cutOff(), name).toEqual([]);
    }
    await desk.look(1440);
    for (const name of Object.keys(web.kpis)) delete web.kpis[name];
    await page.reload();
    await panel.waitFor({ state: 'detached' });
  });

  it('stand in a calendar that goes back, and in tables by week and month', async () => {
    await desk.open('Results');
    const profit = desk.page.getByRole('region', { name: 'Profit' });
    const days = profit.getByRole('table');
    await expect.poll(() => days.innerText()).toMatch(/2\s+\+13\.00\s+1 trip[\s\S]*5\s+−1\.06\s+2 trips/);
    await profit.getByRole('button', { name: 'Earlier' }).click();
    await expect.poll(() => profit.innerText()).toContain('2025-12');
    await expect.poll(() => days.innerText()).toMatch(/20\s+\+8\.00/);
    // Nothing before it was asked for.
    await expect.poll(() => profit.getByRole('button', { name: 'Earlier' }).isDisabled()).toBe(true);
    await expect.poll(() => profit.innerText()).toContain('Days begin at 00:00, UTC.');
    await profit.getByRole('button', { name: 'Later' }).click();
    await profit.getByRole('button', { name: 'Month', exact: true }).click();
    await expect
      .poll(() => profit.innerText())
      .toMatch(/2026-01\s+\+11\.94\s+3\s+66\.7 %[\s\S]*2025-12\s+\+8\.00/);
    await desk.look(390);
    for (const by of ['Week', 'Month']) {
      await profit.getByRole('button', { name: by, exact: true }).click();
      await expect.poll(() => profit.innerText()).toMatch(/2025-12(-15)?\s+\+8\.00\s+1\s/);
      await picture(desk.page, `profit-by-${by}-390`);
      expect(await desk.cutOff(), by).toEqual([]);
    }
    await desk.look(1440);
    await profit.getByRole('button', { name: 'Day', exact: true }).click();
  });

  it('are sorted by any column, and filtered', async () => {
    await desk.open('Results');
    await expect
      .poll(firstRow)
      .toMatch(
        /^01-05 13:21[\s\S]*BTC\/USDT[\s\S]*43 090\.00\s+42 990\.00\s+−1\.30[\s\S]*−1\.86[\s\S]*stop[\s\S]*40 min/,
      );
    const heading = (name: string): Locator => trips().getByRole('button', { name, exact: true });
    await heading('Result').click();
    await expect.poll(firstRow).toContain('+13.00');
    await heading('Result').click();
    await expect.poll(firstRow).toContain('−1.30');
    await expect.poll(() => trips().locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    await heading('Lasted').click();
    await expect.poll(firstRow).toContain('2 h 30 min');
    await desk.page.getByLabel('Symbol').selectOption('ETH/USDT');
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(2);
    await desk.page.getByLabel('Closed').selectOption('7');
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(1);
    await desk.page.getByLabel('Symbol').selectOption('');
    await desk.page.getByLabel('Closed').selectOption('30');
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(4);
  });

  it('never stand for another time than was asked for, while it is read and where that fails', async () => {
    await desk.open('Results');
    const { page } = desk;
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let asked = 0;
    await page.route(/api\/results\?.*days=90/, async (route) => {
      asked += 1;
      await held;
      await route.fulfill({ status: 503, json: { title: 'down', status: 503 } });
    });
    const profit = page.getByRole('region', { name: 'Profit' });
    await page.getByLabel('Closed').selectOption('90');
    await expect.poll(() => asked).toBeGreaterThan(0);
    for (const region of [profit, trips()])
      await expect.poll(() => region.innerText()).toContain('Reading the ledger…');
    letGo();
    await expect.poll(() => profit.getByRole('status').count()).toBe(1);
    for (const region of [profit, trips()])
      await expect.poll(() => region.innerText()).toContain('Reading the ledger…');
    await page.unroute(/api\/results\?.*days=90/);
    await expect.poll(() => trips().locator('tbody tr').count(), { timeout: 15_000 }).toBe(4);
    await page.getByLabel('Closed').selectOption('30');
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(4);
  });

  it('have in the calendar the cents that stand beside it; keep every digit of a large day on a phone, rounded, with the exact figure behind it', async () => {
    const nets = ['9.996', '-99.994', '-1234.5', '99999.5', '-123456.789', '-12345678'];
    await desk.fill(
      nets.flatMap((realised, at) => {
        const one = {
          symbol: 'SOL/USDT',
          order_id: 'fk3f9aaz',
          quantity: '1500',
          price: '100',
          fee: '0',
        } as const;
        const at_ms = Date.UTC(2026, 0, 3 - at, 12);
        return [
          { ...one, n: 201 + 2 * at, side: 'buy', purpose: 'entry', realised: '0', at_ms },
          { ...one, n: 202 + 2 * at, side: 'sell', purpose: 'exit', realised, at_ms },
        ] as const;
      }),
    );
    await desk.look(390);
    await desk.page.reload();
    await desk.page.getByLabel('Symbol').selectOption('SOL/USDT');
    const figures = desk.page.locator('.calendar td b');
    await expect.poll(() => figures.allInnerTexts()).toEqual(['−1\u202f235', '−99.99', '+10.00']);
    await expect.poll(() => trips().innerText()).toMatch(/\+10\.00[\s\S]*−99\.99/);
    const earlier = desk.page.getByRole('button', { name: 'Earlier' });
    const cut = () =>
      figures.evaluateAll((all) =>
        all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerHTML),
      );
    expect(await cut()).toEqual([]);
    await earlier.click();
    await expect.poll(() => figures.allInnerTexts()).toEqual(['−12.3M', '−123K', '+100K']);
    expect(await cut()).toEqual([]);
    await expect.poll(() => figures.nth(1).getAttribute('title')).toBe('−123\u202f456.789');
    await expect.poll(() => trips().locator('tbody tr').first().textContent()).toContain('1\u202f500');
    await picture(desk.page, 'results-phone');
    await desk.look(1440);
    await desk.database.ownerPool.query(`delete from fills where symbol = 'SOL/USDT'`);
    await desk.page.reload();
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(4);
  });

  it('of an account in a coin stand with every place, and as millionths where a day of the calendar has no room', async () => {
    const { page } = desk;
    desk.web.trader.status = scriptedStatus({ currency: 'BTC' });
    await desk.open('Results');
    const nets = ['-0.0012345', '0.00012345', '-0.0000049', '0.0123', '0.00000001'];
    await desk.fill(
      nets.flatMap((realised, at) => {
        const one = {
          ...{ symbol: 'SOL/BTC', order_id: 'fk3f9aay', quantity: '1', price: '0.002', fee: '0' },
          at_ms: Date.UTC(2026, 0, 5 - at, 12),
        };
        return [
          { ...one, n: 301 + 2 * at, side: 'buy', purpose: 'entry', realised: '0' },
          { ...one, n: 302 + 2 * at, side: 'sell', purpose: 'exit', realised },
        ] as const;
      }),
    );
    await desk.look(390);
    await page.reload();
    await page.getByLabel('Symbol').selectOption('SOL/BTC');
    const profit = page.getByRole('region', { name: 'Profit' });
    await expect.poll(() => profit.locator('.stats').innerText()).toContain('+0.01118406');
    const figures = page.locator('.calendar td b');
    await expect.poll(() => figures.allInnerTexts()).toEqual(['0.0µ', '+0.012', '−4.9µ', '+123µ', '−1235µ']);
    expect(
      await figures.evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length),
    ).toBe(0);
    expect(await profit.innerText()).toContain('µ: millionths.');
    const chart = profit.locator('.profit-chart');
    expect(await chart.locator('figcaption').innerText()).toMatch(
      /\+0\.01118406 BTC\s+best day \+0\.0123, worst −0\.0012345/,
    );
    await expect
      .poll(() => trips().locator('tbody tr').allTextContents())
      .toEqual(
        ['−0.0012345', '+0.00012345', '−0.0000049', '+0.0123', '+0.00000001'].map((net) =>
          expect.stringContaining(net),
        ),
      );
    await profit.getByRole('button', { name: 'Month', exact: true }).click();
    await expect.poll(() => profit.locator('tbody').innerText()).toContain('+0.01118406');
    await picture(page, 'results-coin');
    await profit.getByRole('button', { name: 'Day', exact: true }).click();
    await desk.look(1440);
    desk.web.trader.status = scriptedStatus();
    await desk.database.ownerPool.query(`delete from fills where symbol = 'SOL/BTC'`);
    await page.reload();
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(4);
  });

  it('say so where there are none, and list the newest of ten thousand in parts', async () => {
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
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(100);
    await trips().getByRole('button', { name: 'More' }).click();
    await expect.poll(() => trips().locator('tbody tr').count()).toBe(200);
    await picture(desk.page, 'results-many');
    await desk.database.ownerPool.query('delete from fills');
    await desk.page.reload();
    await expect.poll(() => trips().innerText()).toContain('No position was closed in this time.');
    await picture(desk.page, 'results-none');
  });
});
