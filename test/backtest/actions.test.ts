/** A backtest over splits and dividends of a stock: the same money as on prices that were never split. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readActions } from '../../src/backtest/corporate-actions.js';
import { BacktestMeasure, type OrderSeen } from '../../src/backtest/measure/backtest-measure.js';
import { reportHtml } from '../../src/backtest/report/report-html.js';
import { readSignals } from '../../src/backtest/signals-file.js';
import type { Desk } from '../../src/desk/schema.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { deskText } from '../pack/support/strategy-desk.js';
import {
  BEGIN_MS,
  loaded,
  MINUTE_MS,
  type Minute,
  temporaryFolder,
  writeMinutes,
} from '../validation/support/validations.js';
import { backtest } from './support/backtests.js';

const [first] = loaded.desk.strategies;
const [spot] = loaded.desk.instruments;
const stock = { ...spot!, kind: 'stock', tickSize: '0.01', lotSize: '1', minNotional: '0' } as const;
const followed: Desk = {
  ...loaded.desk,
  instruments: [stock],
  paper: { ...loaded.desk.paper, balance: '1000000' },
  strategies: [
    {
      ...{ ...first!, name: 'ext', kind: 'externalSignals', symbols: [stock.symbol] },
      parameters: { sources: 'tv', minRewardToRisk: 0, slippageTicks: 100 },
    },
  ],
};
const crossing: Desk = { ...followed, strategies: [{ ...first!, symbols: [stock.symbol] }] };

/** The stock traded by a strategy of the desk's own. */
function tradedBy(text: string): { readonly desk: Desk; readonly configHash: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'strategies'));
  writeFileSync(join(folder, 'strategies', 'own.ts'), text);
  writeFileSync(join(folder, 'desk.yaml'), deskText({ kind: './strategies/own.ts', parameters: {} }));
  const { desk, configHash } = loadDesk(join(folder, 'desk.yaml'));
  const { instruments, paper } = followed;
  const strategies = desk.strategies.map((one) => ({ ...one, symbols: [stock.symbol] }));
  return { desk: { ...desk, instruments, paper, strategies }, configHash };
}

const at = (minute: number): string => new Date(BEGIN_MS + minute * MINUTE_MS).toISOString();
const DAY = 1_440;
/** Each minute falls by more than it rises, so that entries that rest just below the market are filled. */
const DIP = 1;

/**
 * Slow waves above 400, 5 % high, for a day and three hours, divided by `by`. They turn upwards just after midnight, where
 * only a strategy that knows its past can see it.
 */
function prices(by: (minute: number) => number): Minute[] {
  const price = (minute: number): number => 400 * (1 + 0.05 * Math.abs((((minute + 55) % 120) - 60) / 60));
  return Array.from({ length: DAY + 180 }, (_, minute) => {
    const cents = (value: number): number => Math.round((value / by(minute)) * 100) / 100;
    const [open, close] = [cents(price(minute)), cents(price(minute + 1))];
    return {
      openMs: BEGIN_MS + minute * MINUTE_MS,
      ...{ open, close, high: Math.max(open, close), low: cents(price(minute) - DIP) },
    };
  });
}

const files = (text: string, desk: Desk) => {
  const file = join(temporaryFolder(), 'actions.csv');
  writeFileSync(file, text);
  return readActions(file, desk);
};
const split = `date,symbol,kind,value\n2026-03-03,${stock.symbol},split,4:1\n`;
const splitPrices = (): string =>
  writeMinutes(
    temporaryFolder(),
    prices((minute) => (minute < DAY ? 1 : 4)),
  );

function heldOverNight(stop: string) {
  const buy = { source: 'tv', symbol: stock.symbol, action: 'buy', validSeconds: 600 };
  const lines = [
    { ...buy, id: 'in', stop, issuedAt: at(10) },
    {
      source: 'tv',
      id: 'out',
      symbol: stock.symbol,
      action: 'close',
      issuedAt: at(DAY + 30),
      validSeconds: 60,
    },
  ];
  const file = join(temporaryFolder(), 'signals.jsonl');
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
  return readSignals(file);
}

it('holds four times the shares at a quarter of the price, under a stop that has followed, to the same result', async () => {
  const signals = heldOverNight('398.00');
  const { report, kept } = await backtest(splitPrices(), {
    ...{ desk: followed, signals, actions: files(split, followed) },
  });
  expect(report.data.problems.filter(({ kind }) => kind === 'books-differ')).toEqual([]);
  expect(report.actions).toEqual([
    { at: at(DAY), symbol: stock.symbol, kind: 'split', value: '4:1', amount: '0.00000000' },
  ]);
  expect(report.trades).toHaveLength(1);
  const never = await backtest(
    writeMinutes(
      temporaryFolder(),
      prices(() => 1),
    ),
    { desk: followed, signals },
  );
  expect(never.report.trades).toHaveLength(1);
  const [trade, other] = [report.trades[0]!, never.report.trades[0]!];
  expect(Number(trade.quantity)).toBe(4 * Number(other.quantity));
  expect(Math.abs(Number(trade.result) - Number(other.result))).toBeLessThan(0.02 * Number(trade.quantity));
  // The venue ended the stop, and one for the new shares rests from then on.
  const stops = [...kept.orders.values()].filter(({ intent }) => intent.purpose === 'protective');
  expect(stops.map(({ intent }) => intent.stopTicks)).toEqual([39_800, 9_950]);
  expect(stops[1]!.intent.quantityLots).toBe(4 * stops[0]!.intent.quantityLots);
  expect(report.halts).toEqual([]);
  // What it would have been to hold since the first price.
  expect(report.buyAndHold!.maxDrawdownPct).toBeLessThan(10);
});

it('draws a trade over a split at the prices of each time, and says the entry in both', async () => {
  const given = { desk: followed, signals: heldOverNight('398.00'), actions: files(split, followed) };
  const { report } = await backtest(splitPrices(), given);
  const [trade] = report.trades;
  const [, wide = ''] = reportHtml(report).split('<svg class="wide"');
  const [, entry, exit] =
    /<line class="trade" x1="[\d.]+" y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)"/.exec(wide) ?? [];
  const labels = [...wide.matchAll(/y="([\d.]+)" dy="4" text-anchor="end">([\d.]+)</g)];
  const [[, bottom], [, top]] = [labels[0]!, labels.at(-1)!];
  const [low, high] = [Number(labels[0]![2]), Number(labels.at(-1)![2])];
  const priceAt = (y: string | undefined): number =>
    low + ((Number(bottom) - Number(y)) / (Number(bottom) - Number(top))) * (high - low);
  expect(priceAt(entry)).toBeCloseTo(4 * Number(trade?.entryPrice), -1);
  expect(priceAt(exit)).toBeCloseTo(Number(trade?.exitPrice), -1);
  const before = (4 * Number(trade?.entryPrice)).toFixed(3);
  expect(wide).toContain(`${trade?.entryPrice} (${before} before the split) to ${trade?.exitPrice}`);
});

it('is stopped out by the price that was a split where nobody says so', async () => {
  const { report } = await backtest(splitPrices(), { desk: followed, signals: heldOverNight('398.00') });
  expect(report.trades).toMatchObject([{ why: 'stop' }]);
});

it('shows strategies their past in new shares: they decide as if there had never been a split', async () => {
  const { report } = await backtest(splitPrices(), { desk: crossing, actions: files(split, crossing) });
  const never = await backtest(
    writeMinutes(
      temporaryFolder(),
      prices(() => 1),
    ),
    { desk: crossing },
  );
  expect(report.data.problems.filter(({ kind }) => kind === 'books-differ')).toEqual([]);
  expect(report.trades.length).toBeGreaterThan(5);
  // To the minute: new shares have other ticks, which the market passes a moment earlier or later.
  const minutesOf = ({ trades }: typeof report) => trades.map(({ opened }) => opened.slice(0, 16));
  expect(minutesOf(report)).toEqual(minutesOf(never.report));
  const again = await backtest(splitPrices(), { desk: crossing, actions: files(split, crossing) });
  expect(again.report.stateHash).toBe(report.stateHash);
});

/** Of a strategy that enters once its newest 30 minutes had this average volume, at the first bar of the new shares. */
const onVolume = (shares: number): string => `
import { Sma, strategy } from 'fermata/strategy';
export default strategy({
  suits: 'trending',
  enters: ['market'],
  parameters: {},
  create() {
    const average = new Sma(30);
    return {
      warmupBars: 30,
      onBar(desk, bar) {
        average.update(bar.volumeLots);
        if (desk.session.date !== '2026-03-03' || desk.session.minuteOfDay !== 1 || average.value !== ${shares}) return;
        desk.enter({ side: 'buy', type: 'market', slippage: { ticks: 100 }, exits: { stop: { ticks: desk.bid - 100 } }, because: 'its volume' });
      },
      state: () => '',
    };
  },
});`;

it('shows strategies the volume of their past in new shares', async () => {
  const minutes = prices((minute) => (minute < DAY ? 1 : 4)).map((minute, at) => ({
    ...minute,
    volume: at < DAY ? 250 : 1_000,
  }));
  const entries = async (shares: number): Promise<number> => {
    const own = tradedBy(onVolume(shares));
    const file = writeMinutes(temporaryFolder(), minutes);
    const { kept } = await backtest(file, { ...own, actions: files(split, own.desk) });
    return [...kept.orders.values()].filter(({ intent }) => intent.purpose === 'entry').length;
  };
  expect([await entries(1_000), await entries(250), await entries(4_000)]).toEqual([1, 0, 0]);
});

it('pays a dividend on what is held that day, as a result of the trade', async () => {
  const paid = `2026-03-03,${stock.symbol},dividend,0.82\n`;
  const given = { desk: followed, signals: heldOverNight('398.00') };
  const file = writeMinutes(
    temporaryFolder(),
    prices(() => 1),
  );
  const { report } = await backtest(file, { ...given, actions: files(paid, followed) });
  const without = await backtest(file, given);
  expect(report.data.problems.filter(({ kind }) => kind === 'books-differ')).toEqual([]);
  const [trade, other] = [report.trades[0]!, without.report.trades[0]!];
  const cents = (text: string): number => Math.round(Number(text) * 100);
  expect(cents(trade.result) - cents(other.result)).toBe(82 * Number(trade.quantity));
  expect(cents(report.finalEquity) - cents(without.report.finalEquity)).toBe(82 * Number(trade.quantity));
});

it('counts a dividend for who buys and holds, whether or not the desk holds the share that day', async () => {
  const actions = files(`2026-03-03,${stock.symbol},dividend,20\n`, followed);
  const file = writeMinutes(
    temporaryFolder(),
    prices(() => 1),
  );
  const holding = await backtest(file, { desk: followed, signals: heldOverNight('398.00'), actions });
  const flat = await backtest(file, { desk: followed, signals: [], actions });
  const none = await backtest(file, { desk: followed, signals: [] });
  expect(flat.report.actions).toEqual([]);
  const returned = (report: typeof flat.report) => report.buyAndHold!.returnPct;
  expect(returned(flat.report)).toBe(returned(holding.report));
  expect(returned(flat.report) - returned(none.report)).toBeCloseTo((100 * 20) / 400, 0);
});

it('says of an order that the desk took off why it did, and of one that still rests at the end no end', async () => {
  const file = writeMinutes(
    temporaryFolder(),
    prices(() => 1),
  );
  const rowOf = ({ kept }: Awaited<ReturnType<typeof backtest>>, purpose: string) => {
    const [head = '', ...rows] = kept.orderLines.map((line) => line.trim().split(','));
    const found = rows.find((row) => row.includes(purpose)) ?? [];
    return Object.fromEntries([...head].map((name, at) => [name, found[at]]));
  };
  const closed = await backtest(file, { desk: followed, signals: heldOverNight('398.00') });
  expect(rowOf(closed, 'protective')).toMatchObject({ state: 'cancelled' });
  expect(rowOf(closed, 'protective').reason).not.toBe('the venue cancelled it');
  const held = await backtest(file, { desk: followed, signals: heldOverNight('398.00').slice(0, 1) });
  expect(rowOf(held, 'protective')).toMatchObject({ state: 'working', ended: '' });
});

it('says so, too, if a part of it is filled while the desk takes it off', () => {
  const seen: Pick<OrderSeen, 'state' | 'reason' | 'filledLots'>[] = [];
  const [instrument] = buildInstruments(followed);
  if (instrument === undefined) throw new Error('no instrument');
  const measure = new BacktestMeasure({
    ...{ desk: followed, instruments: [instrument], fromMs: 0, toMs: Number.POSITIVE_INFINITY },
    ...{ endsWithPrices: true, tradesMax: 10 },
    details: { onOrder: ({ state, reason, filledLots }) => void seen.push({ state, reason, filledLots }) },
  });
  const order = { clientId: 'a', instrument: 0, side: 'buy', quantityLots: 10, purpose: 'entry' };
  const state = (now: string, reason: string) => ({ type: 'order.state', clientId: 'a', state: now, reason });
  const fill = {
    ...{ tradeId: '1', clientId: 'a', instrument: 0, side: 'buy', quantityLots: 4, priceTicks: 100, fee: 0 },
    ...{ liquidity: 'maker', marketMs: 4, simulated: true },
  };
  for (const record of [
    { type: 'order.intended', order },
    state('working', ''),
    state('cancelling', 'it rested for 3 bars'),
    { type: 'fill', fill },
    state('cancelled', 'the venue cancelled it'),
  ])
    measure.onRecord({ ...record, marketMs: 4 } as EngineRecord);
  expect(seen).toEqual([{ state: 'cancelled', reason: 'it rested for 3 bars', filledLots: 4 }]);
});

it.each<[string, string]>([
  [
    '2026-03-03,MSFT/USD,split,4:1',
    'symbol: expected a stock of the desk file (kind: stock), found MSFT/USD',
  ],
  [`2026-02-30,${stock.symbol},split,4:1`, 'date: expected a day such as 2020-08-31, found 2026-02-30'],
  [`2026-03-03,${stock.symbol},split,1:1`, 'value: expected new shares for old ones'],
  [`2026-03-03,${stock.symbol},split,0:1`, 'value: expected new shares for old ones'],
  [`2026-03-03,${stock.symbol},dividend,-1`, 'value: expected an amount above 0 for each share'],
  [`2026-03-03,${stock.symbol},merger,1`, 'kind: expected split or dividend, found merger'],
  [`2026-03-03,${stock.symbol},split`, 'expected four values'],
  [`2026-03-02,${stock.symbol},split,2:1`, 'the same as line 1'],
])('names file, line and field of what it can’t take: %s', (line, problem) => {
  const text = `2026-03-02,${stock.symbol},split,2:1\n${line}\n`;
  expect(() => files(text, followed)).toThrow(`actions.csv:2: ${problem}`);
});

it('says of a file that is not there only its path and why, and to name another', () => {
  const path = join(temporaryFolder(), 'nope.csv');
  expect(() => readActions(path, followed)).toThrow(
    expect.objectContaining({
      message: `${path} can't be read (ENOENT)`,
      doThis: 'name a file that is there',
    }),
  );
});
