/** A backtest with a file of signals from outside: the same core follows them as follows those of the API. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { refusedSignalLines, signalsText } from '../../src/backtest/report/execution.js';
import { reportHtml } from '../../src/backtest/report/report-html.js';
import { readSignals } from '../../src/backtest/signals-file.js';
import type { Desk } from '../../src/desk/schema.js';
import {
  BEGIN_MS,
  loaded,
  MINUTE_MS,
  temporaryFolder,
  waves,
  writeMinutes,
} from '../validation/support/validations.js';
import { backtest } from './support/backtests.js';

const [first] = loaded.desk.strategies;
const desk: Desk = {
  ...loaded.desk,
  strategies: [
    {
      ...first!,
      name: 'ext',
      kind: 'externalSignals',
      parameters: { sources: 'tv', minRewardToRisk: 0, slippageTicks: 20_000 },
    },
  ],
};
const at = (minute: number): string => new Date(BEGIN_MS + minute * MINUTE_MS).toISOString();
const BUY = { source: 'tv', symbol: 'BTC/USDT', action: 'buy', stop: '60000.00', validSeconds: 600 };

function fileOf(lines: readonly unknown[]): string {
  const file = join(temporaryFolder(), 'signals.jsonl');
  writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n\n`);
  return file;
}

it('follows each at its time, once, and reports what was refused', async () => {
  const prices = writeMinutes(temporaryFolder(), waves(180));
  const signals = readSignals(
    fileOf([
      { source: 'tv', id: 'out', symbol: 'BTC/USDT', action: 'close', issuedAt: at(40), validSeconds: 60 },
      { ...BUY, id: 'in', issuedAt: at(10) },
      { ...BUY, id: 'in', issuedAt: at(10), at: at(70) },
      { ...BUY, id: 'late', issuedAt: at(60), at: at(75) },
      { ...BUY, id: 'gone', entry: '60500.00', issuedAt: at(90), validSeconds: 3600 },
      { source: 'tv', id: 'gone', at: at(91), withdraw: true },
    ]),
  );
  expect(signals.map(({ line }) => line)).toEqual([2, 1, 3, 4, 5, 6]);
  const { report } = await backtest(prices, { desk, signals });
  expect(report.trades).toHaveLength(1);
  const [trade] = report.trades;
  expect(Date.parse(trade!.opened)).toBeGreaterThanOrEqual(Date.parse(at(10)));
  expect(Date.parse(trade!.opened)).toBeLessThan(Date.parse(at(12)));
  expect(Date.parse(trade!.closed)).toBeLessThan(Date.parse(at(42)));
  expect(report).toMatchObject({
    orders: 4,
    signals: {
      ...{ sent: 6, refused: { expired: 1 } },
      refusedFirst: { expired: expect.stringMatching(/^.+ .+ .+/) },
    },
  });
  const why = report.signals?.refusedFirst.expired;
  expect(signalsText(report)).toBe('6 sent, 1 refused');
  expect(refusedSignalLines(report)).toEqual([`expired: 1: ${why}`]);
  expect(reportHtml(report)).toContain(`<h2>Signals: 6 sent, 1 refused, by reason</h2>`);
  expect((await backtest(prices, { desk, signals })).report.stateHash).toBe(report.stateHash);
});

it('follows one inside a bar at the price of its moment', async () => {
  // The minute from 00:10 on: 60,500.00, after 20 s 60,470.00, after 40 s 60,551.00.
  const prices = writeMinutes(temporaryFolder(), waves(60));
  const signals = readSignals(fileOf([{ ...BUY, id: 'in', issuedAt: at(10.5) }]));
  const atOnce = { ...desk, paper: { ...desk.paper, latencyMs: 0 } };
  const { kept } = await backtest(prices, { desk: atOnce, signals });
  // Half way, at 60,510.50: the ask is a tick above, and a tick of slippage.
  expect(kept.fills[0]).toMatchObject({ priceTicks: 6_051_052, marketMs: Date.parse(at(10.5)) });
});

it('leaves out those from before the run', async () => {
  const prices = writeMinutes(temporaryFolder(), waves(60));
  const signals = readSignals(fileOf([{ ...BUY, id: 'early', issuedAt: at(-5) }]));
  const { report } = await backtest(prices, { desk, signals });
  expect(report.signals).toEqual({ sent: 0, refused: {}, refusedFirst: {} });
  expect(signalsText(report)).toBe('0 sent, none refused');
});

it.each<[unknown, string]>([
  [{ ...BUY, id: 'x', issuedAt: at(1), stop: 59_000 }, 'stop: expected text, found 59000'],
  [
    { ...BUY, id: 'x' },
    'issuedAt: expected a time with its zone, for example 2026-01-05T10:00:00Z, found nothing',
  ],
  [{ ...BUY, id: 'x', issuedAt: at(1), size: 3 }, 'expected no member size'],
  [{ ...BUY, id: 'x', issuedAt: at(1), action: 'hold' }, 'action: expected one of buy, sell, close'],
  ['BUY', 'expected an object'],
])('names file, line and field of what it can’t take: %j', (line, problem) => {
  const file = fileOf([{ ...BUY, id: 'good', issuedAt: at(1) }, line]);
  expect(() => readSignals(file)).toThrow(`signals.jsonl:2: ${problem}`);
});
