import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { whatTwinsDid } from '../../src/reports/paper-twins.js';
import { REPORTS } from '../../src/reports/registry.js';
import { webRuntime } from '../support/web-runtime.js';
import { CheckBench, NOW } from './check-bench.js';

const bench = new CheckBench();
beforeAll(() => bench.open());
beforeEach(() => bench.renew());
afterAll(() => bench.close());

async function report(name: string, desk = bench.context.desk, days = 7): Promise<string> {
  return (
    (await REPORTS.get(name)?.(
      { ...bench.context, desk, marketMs: NOW },
      name === 'versions' ? {} : { days },
    )) ?? ''
  );
}

describe('the reports of a review', () => {
  async function fill(id: string, given: object): Promise<void> {
    const row = {
      purpose: 'exit',
      side: 'sell',
      quantity: 1,
      price: 100,
      fee: 0.1,
      realised: 0,
      strategy: 'ema-cross',
    };
    const { purpose, side, quantity, price, fee, realised, strategy } = { ...row, ...given };
    await bench.database.pool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       values ($1, 'BTC/USDT', $2, $2, $3, $4, $5, $6, 'taker', $7, $8, $9, true, $10, $10, 'abc123', 1)`,
      [
        bench.context.desk.desk,
        id,
        side,
        quantity,
        price,
        fee,
        purpose,
        strategy,
        realised,
        new Date(NOW - 1_000),
      ],
    );
  }

  it('give figures that were worked out by hand', async () => {
    await fill('e1', { purpose: 'entry', side: 'buy' });
    await fill('x1', { realised: 10 });
    await fill('x2', { realised: 0.05 });
    await fill('x3', { realised: -4, strategy: 'other' });
    await bench.database.pool.query(
      `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, price, simulated,
         created_market, created, updated) values ($1, 'x3', 'BTC/USDT', 'sell', 'stop', 'stop', 'other', 'filled', 1, 101.5,
         true, $2, $2, $2), ($1, 'd1', 'BTC/USDT', 'buy', 'limit', 'entry', 'other', 'denied', 1, 1, true, $2, $2, $2)`,
      [bench.context.desk.desk, new Date(NOW - 2_000)],
    );
    await bench.database.pool.query(
      `update orders set reason = 'positionSize: too large' where client_id = 'd1'`,
    );
    for (const [hours, equity] of [
      [60, 10_000],
      [40, 11_000],
      [30, 9_900],
      [1, 10_450],
    ] as const)
      await bench.equityAt(NOW - hours * 3_600_000, equity);
    const performance = await report('performance');
    expect(performance).toContain('equity 10000.00 to 10450.00 (4.50 %)');
    // x2 earned 0.05 and cost 0.1 in fees: a loss.
    expect(performance).toContain('win rate 33.33 % of 3 closings');
    expect(performance).toContain('largest drawdown 10.00 %');
    expect(await report('strategies')).toContain('ema-cross 9.85 (1 of 2 won), other -4.10 (0 of 1 won)');
    for (const [sequence, kind, amount] of [
      [1, 'funding', -3],
      [2, 'funding', -2.5],
      [3, 'swap', 1],
      [4, 'deposit', 100],
    ])
      await bench.database.pool.query(
        `insert into cash_records (desk, incarnation, sequence, kind, currency, amount, booked_by, source, reason, market, wall,
           simulated) values ($1, 'abc123', $2, $3, 'USDT', $4, 'paper', 'BTC/USDT', 'held', $5, $5, true)`,
        [bench.context.desk.desk, sequence, kind, amount, new Date(NOW - 1_000)],
      );
    const costs = await report('costs');
    expect(costs).toContain('; funding -5.50; swap +1.00; ');
    expect(costs).toContain('fees 0.40 (0.10 % of 400.00) in 4 fills');
    expect(costs).toContain('slippage of stops 1.50 in 1 fill');
    const { desk } = bench.context;
    expect(await report('costs', desk, 0.041667)).toMatch(/^1 hour: fees/);
    const inCoins = await report('costs', { ...desk, paper: { ...desk.paper, currency: 'BTC' } });
    expect(inCoins).toContain('fees 0.40000000 (0.10 % of 400.00000000) in 4 fills');
    expect(await report('limits')).toContain('largest drawdown 10.00 % of 15 % allowed');
    expect(await report('limits')).toContain('orders denied: positionSize 1');
    expect(await report('versions')).toContain('Postgres 15');
  });

  it('tell a fall that was made good within the hour, as the limit on it is judged by every price', async () => {
    const hour = 3_600_000;
    for (const [hours, equity] of [
      [3, 10_000],
      [2.8, 9_400],
      [2.01, 9_960],
      [1, 9_980],
    ] as const)
      await bench.equityAt(NOW - hours * hour, equity);
    expect(await report('performance')).toContain('largest drawdown 6.00 %');
    expect(await report('limits')).toContain('largest drawdown 6.00 % of 15 % allowed');
  });

  it('tell the limits that are in force, and what the desk file has where people have changed one', async () => {
    bench.trader.reloaded.push({ values: { 'risk.maxDrawdownPct': 20 }, approvedBy: ['anna'] });
    expect(await report('limits')).toContain(
      'largest drawdown 0.00 % of 20 % allowed, 15 % in the desk file; worst day 0.00 % of -3 % allowed;',
    );
    bench.trader.gone = true;
    expect(await report('limits')).toContain(
      'worst day 0.00 % of -3 % allowed by the desk file (the trader does not answer);',
    );
  });

  it('count no part of a first trade that is still open as closed', async () => {
    await bench.equityAt(NOW - 3_600_000, 10_000);
    await fill('e1', { purpose: 'entry', side: 'buy', quantity: 3 });
    await fill('x1', { realised: 10 });
    const held = (quantity: number) =>
      bench.database.pool.query(
        `insert into positions (desk, symbol, quantity, cost, average_price, realised, simulated, updated, incarnation)
          values ($1, 'BTC/USDT', $2, 0, 100, 10, true, now(), 'abc123')
          on conflict (desk, symbol, incarnation) do update set quantity = excluded.quantity`,
        [bench.context.desk.desk, quantity],
      );
    await held(2);
    expect(await report('performance')).toContain('nothing was closed');
    // A ledger of before trades were recorded has nothing else to count.
    await held(0);
    expect(await report('performance')).toContain('of 1 closings');
  });

  it('tell of trades what they came to by what they risked, and why they ended', async () => {
    const trades = [
      ['t1', 'ema-cross', 20, 1.5, 'strategy', 2_000],
      ['t2', 'ema-cross', -5, -1, 'stop', 1_000],
      ['t3', 'ema-cross', -3, null, 'stop', 1_000],
      ['t4', 'fermata', 1, null, 'venue', 1_000],
      ['t5', 'ema-cross', 90, 9, 'stop', 8 * 86_400_000],
    ] as const;
    for (const [at, [trade, strategy, result, r, why, agoMs]] of trades.entries())
      await bench.database.pool.query(
        `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, result, fees, r, why,
           config_hash, opened, market, wall, simulated)
         values ($1, 'abc123', $2, $3, 'BTC/USDT', $4, 'long', 1, $8, 0, $5, $6, 'hash', $7, $7, $7, true)`,
        [bench.context.desk.desk, trade, at, strategy, r, why, new Date(NOW - agoMs), result],
      );
    const text = await report('strategies');
    // What a close-all or a stop sold belongs to the trade's strategy, and its entry's fees with it.
    expect(text).toContain(
      'after fees: ema-cross 12.00 (1 of 3 won), fermata 1.00 (1 of 1 won); best ema-cross',
    );
    expect(text).toContain(
      '; 3 trades of ema-cross: 0.25 R on average, reward to risk 1.50, 2 by its stop, 1 by its strategy;',
    );
    expect(text).toMatch(/; 1 trade of fermata: 1 at the venue, by no order of this desk$/);
  });

  it('count money that was put in or taken out as no return, no fall and no bad day', async () => {
    for (const [hours, equity, moved] of [
      [50, 10_000, 0],
      [26, 16_160, 6_000],
      [2, 8_060, -2_000],
    ] as const) {
      await bench.equityAt(NOW - hours * 3_600_000, equity);
      await bench.database.pool.query(
        'update equity set capital_moved = $3 where desk = $1 and market = $2',
        [bench.context.desk.desk, new Date(NOW - hours * 3_600_000), moved],
      );
    }
    // 160 on 16 000 is 1 %; then 8000 were taken out and 100 lost, of 16 160.
    const performance = await report('performance');
    expect(performance).toContain(
      'equity 10000.00 to 8060.00 (0.37 %); capital moved -2000.00, which is no return',
    );
    expect(performance).toContain('largest drawdown 0.62 %');
    expect(await report('limits')).toContain('largest drawdown 0.62 % of 15 % allowed; worst day -0.62 %');
  });

  it('count the first hours of the span, too, from the equity that it began with', async () => {
    const began = NOW - 7 * 86_400_000;
    for (const [at, equity] of [
      [began - 60_000, 10_000],
      [began + 120_000, 9_800],
      [NOW - 3_600_000, 9_800],
    ] as const)
      await bench.equityAt(at, equity);
    const performance = await report('performance');
    expect(performance).toContain('equity 10000.00 to 9800.00 (-2.00 %)');
    expect(performance).toContain('over 2 hours; largest drawdown 2.00 %');
    expect(await report('limits')).toContain('largest drawdown 2.00 % of 15 % allowed; worst day -2.00 %');
  });

  it('count the first day of an account, too, from the equity of its first minute', async () => {
    for (const [hours, equity] of [
      [-40, 10_000],
      [-39, 9_950],
      [-3, 9_960],
    ] as const)
      await bench.equityAt(NOW + hours * 3_600_000, equity);
    expect(await report('limits')).toContain('worst day -0.50 %');
  });

  it('count the worst day from boundary to boundary of the desk, and what was put in on it as no gain', async () => {
    for (const [at, equity, moved] of [
      ['2026-02-28T21:00Z', 10_000, 0],
      ['2026-03-01T21:00Z', 10_100, 0],
      // Behind the boundary in New York: of the next day, on whose end it was made up for.
      ['2026-03-01T23:00Z', 10_595, 1_000],
      ['2026-03-02T09:00Z', 10_999, 1_000],
    ] as const) {
      await bench.equityAt(Date.parse(at), equity);
      await bench.database.pool.query(
        'update equity set capital_moved = $3 where desk = $1 and market = $2',
        [bench.context.desk.desk, new Date(at), moved],
      );
    }
    // -101 on 11 100 is -0.91 %; the days of UTC would have a worst one of -405 on 11 000.
    const desk = { ...bench.context.desk, timezone: 'America/New_York', dayBoundary: '17:00' };
    expect(await report('limits', desk)).toContain('worst day -0.91 %');
    expect(await report('limits')).toContain('worst day -3.68 %');
  });
});

it('what a paper twin did is told with the places of its account', async () => {
  const runtime = await webRuntime(bench.home, bench.database);
  const twin = { ...runtime, desk: 'crypto-bot-paper', twinOf: 'crypto-bot' };
  const home = join(bench.home, 'desk-homes', twin.desk);
  mkdirSync(join(home, 'run'), { recursive: true });
  writeFileSync(join(home, 'run', 'runtime.json'), JSON.stringify({ ...twin, home }));
  const at = new Date(NOW - 60_000);
  const { pool } = bench.database;
  await pool.query(
    `insert into journal_entry (desk, incarnation, sequence, wall, type, record, chain)
     values ($1, 'abc123', 1, $2, 'note', jsonb_build_object('marketMs', $3::float8), '')`,
    [twin.desk, at, at.getTime()],
  );
  await pool.query(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
       realised, simulated, market, wall, incarnation, sequence)
     values ($1, 'BTC/USD', 'x1', 'x1', 'sell', 1, 100, 0.00002, 'taker', 'exit', 'ema-cross', 0.0005, true, $2, $2, 'abc123', 1)`,
    [twin.desk, at],
  );
  const did = (currency: string) =>
    whatTwinsDid(runtime, { currency, halts: [{ atWallMs: NOW - 3_600_000 }] }, NOW);
  expect(await did('BTC')).toEqual([
    expect.stringMatching(/1 trade closed \(1 won\), together \+0\.00048000; equity \+0\.00 %/),
  ]);
  expect(await did('USDT')).toEqual([expect.stringContaining('together +0.00; equity')]);
});
