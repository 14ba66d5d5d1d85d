/** What a run keeps does not grow with its length: orders and fills are told as they come, and only the first trades are kept. */
import { expect, it } from 'vitest';
import { reportHtml } from '../../src/backtest/report/report-html.js';
import { temporaryFolder, waves, writeMinutes } from '../validation/support/validations.js';
import { backtest } from './support/backtests.js';

it('counts every trade and keeps as many as were asked for, with the same figures', async () => {
  const file = writeMinutes(temporaryFolder(), waves(12 * 120 - 10));
  const whole = (await backtest(file)).report;
  const { trades, tradesLeftOut, ...some } = (await backtest(file, { tradesMax: 3 })).report;
  const { trades: all, tradesLeftOut: none, ...rest } = whole;
  expect(all.length).toBeGreaterThan(10);
  expect(none).toBe(0);
  expect(trades).toEqual(all.slice(0, 3));
  expect(tradesLeftOut).toBe(all.length - 3);
  expect(some).toEqual(rest);
  const html = reportHtml({ ...some, trades, tradesLeftOut });
  expect(html.match(/class="trade"/g)).toHaveLength(2 * 3);
  expect(html).toContain(`(the first 3 of ${all.length} trades)`);
  expect(html).toContain(`${tradesLeftOut} more are left out here`);
  expect(reportHtml(whole)).not.toMatch(/\(the first|left out here/);
});

it('writes the same page, whether a run kept more trades than a page has or not', async () => {
  const { report } = await backtest(writeMinutes(temporaryFolder(), waves(12 * 120 - 10)));
  const [trade] = report.trades;
  const elsewhere = { ...trade!, symbol: 'ETH/USDT' };
  const trades = [...Array(490).fill(elsewhere), ...Array(30).fill(trade)];
  const listed = { trades: trades.slice(0, 500), tradesLeftOut: 20 };
  expect(reportHtml({ ...report, ...listed })).toBe(reportHtml({ ...report, trades, tradesLeftOut: 0 }));
});

it('tells orders in the order in which they were sent, each once it has ended', async () => {
  const file = writeMinutes(temporaryFolder(), waves(12 * 120 - 10));
  const told: string[] = [];
  const { report, kept } = await backtest(file);
  await backtest(file, {
    details: {
      onFill: ({ tradeId }) => void told.push(tradeId),
      onOrder: ({ intent }) => void told.push(intent.clientId),
    },
  });
  const orders = [...kept.orders.values()];
  expect(orders.map(({ atMs }) => atMs)).toEqual(orders.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
  expect([orders.length, kept.fills.length]).toEqual([report.orders, report.fills]);
  expect(told).toHaveLength(report.orders + report.fills);
  // They come as the run goes on, not all at its end.
  const [first] = orders;
  expect(told.indexOf(first?.intent.clientId ?? '')).toBeLessThan(6);
});
