/**
 * Funding and swap through core, gate, order path and paper venue, each worked out by hand; and the same recording on the
 * paper account of a running desk, with a book on disk.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../../src/backtest/instance/virtual-time.js';
import type { Desk } from '../../src/desk/schema.js';
import { formatUnits } from '../../src/domain/money.js';
import type { CashMovement } from '../../src/domain/venue.js';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { Strategy, StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { openRecordedFeed } from '../../src/market/recorded/recorded-feed.js';
import { buildCalendars, buildHoldingCosts, buildInstruments } from '../../src/trader/engine-config.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { openPaperVenue } from '../../src/venue/paper/paper-venue.js';
import { approved } from '../support/approved-order.js';
import { temporaryFolder } from '../validation/support/validations.js';
import { type BacktestKept, backtest } from './support/backtests.js';

const KIND = 'in-and-out';

const FUNDING = 'funding: { ratePct: "0.01", everyHours: 8 }';
const SWAP = 'swap: { longPips: "-0.65", shortPips: "0.2" }, sessions: { calendar: fx }';

const LINEAR = (held: string) =>
  `{ symbol: BTC/USDT, kind: linear, tickSize: "0.1", lotSize: "0.001", spread: "0.1" ${held} }`;
const INVERSE = `{ symbol: BTC/USD, kind: inverse, tickSize: "0.5", lotSize: "1", multiplier: "100", spread: "0.5", ${FUNDING} }`;
const FX = (symbol: string, tick: string, pip: string) =>
  `{ symbol: ${symbol}, kind: fx, tickSize: "${tick}", pip: "${pip}", lotSize: "0.01", multiplier: "100000", spread: "${pip}", ${SWAP} }`;

const fileWith = ({ instrument, symbol, balance, currency }: Row): string => `
desk: held
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments: [${instrument}]
paper: { balance: "${balance}", currency: ${currency}, makerFeePpm: 0, takerFeePpm: 0, slippageTicks: 0 }
strategies: [{ name: once, kind: emaCross, symbols: [${symbol}] }]
risk: { maxPositionSizePct: 10000, maxConcurrentPositions: 1, stopLossPct: 50, dailyLossLimitPct: 90, maxDrawdownPct: 90 }
prices: { implausible: { awayPct: 100, spreadPct: 100 } }
people: [{ name: operator, roles: [operator, approver] }]
`;

interface Row {
  readonly instrument: string;
  readonly symbol: string;
  readonly balance: string;
  readonly currency: string;
  readonly side: 'buy' | 'sell';
  readonly lots: number;
  readonly stopTicks: number;
  /** The first is told eight times, 15 s apart, the others once: time, bid and ask. It is out after the last but two. */
  readonly prices: readonly (readonly [string, string, string])[];
}

/** Enters at its third quote at the market, and is out after the last but two. */
function inAndOut({ side, lots, stopTicks, prices }: Row): Strategy {
  let quotes = 0;
  return {
    warmupBars: 0,
    state: () => '',
    onBar: () => undefined,
    onQuote: (context) => {
      const { positionLots } = context;
      quotes += 1;
      if (quotes === 3)
        context.enter({
          ...{ side, type: 'market', slippageTicks: 0, protectTicks: stopTicks, size: { lots } },
          because: 'the table',
        });
      if (positionLots !== 0 && quotes === prices.length + 5) context.exit('the table');
    },
  };
}

interface Held extends BacktestKept {
  readonly desk: Desk;
  readonly files: readonly { readonly symbol: string; readonly file: string }[];
}

async function run(row: Row): Promise<Held> {
  const { symbol, prices } = row;
  const file = join(temporaryFolder(), 'quotes.csv');
  const [[at, ...first] = ['', '', '']] = prices;
  const lines = [
    ...Array.from({ length: 8 }, (_, step) => [Date.parse(at) + step * 15_000, ...first]),
    ...prices.slice(1).map(([time, ...quote]) => [Date.parse(time), ...quote]),
  ].map((cells) => `${cells.join(',')},,`);
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${lines.join('\n')}\n`);
  const loaded = parseDesk('desk.yaml', fileWith(row));
  const definition: StrategyDefinition = {
    ...{ kind: KIND, suits: 'trending', parameters: [], enters: ['market'] },
    create: () => inAndOut(row),
  };
  const desk = {
    ...loaded.desk,
    strategies: loaded.desk.strategies.map((one) => ({ ...one, kind: KIND, parameters: {} })),
  };
  const files = [{ symbol, file }];
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  registry.set(KIND, definition);
  try {
    const { configHash } = loaded;
    return { ...(await backtest(file, { configHash, desk, files })), desk, files };
  } finally {
    registry.delete(KIND);
  }
}

interface Replayed {
  readonly fills: readonly string[];
  readonly movements: readonly CashMovement[];
  readonly cash: string;
}

/** The orders of the backtest, at their times, on the paper venue that a running desk has. */
async function replay({ desk, files, kept }: Held): Promise<Replayed> {
  const instruments = buildInstruments(desk);
  const feed = await openRecordedFeed({
    ...{ files, instruments, spreadTicks: instruments.map(() => 1), speed: null, steadyMs: () => 0 },
    position: { load: () => null, save: () => undefined },
  });
  const time = new VirtualTime(feed.nowMs(), feed.nowMs(), Number.POSITIVE_INFINITY);
  const orders = [...kept.orders.values()];
  const fills: string[] = [];
  const told: CashMovement[] = [];
  const venue = openPaperVenue({
    ...{ directory: temporaryFolder(), prices: 'of this test', instruments, paper: desk.paper },
    ...{ nowMs: () => time.marketMs, calendars: buildCalendars(desk), holdingCosts: buildHoldingCosts(desk) },
    schedule: (delayMs, work) => time.schedule(delayMs, work),
  });
  venue.onEvent((event) => {
    if (event.kind === 'fill') fills.push(fillText(event.fill));
    if (event.kind === 'movement') told.push(event.movement);
  });
  await new Promise<void>((resolve, reject) => {
    const play = async (marketMs: number): Promise<void> => {
      for (let next = orders[0]; next !== undefined && next.atMs < marketMs; next = orders[0]) {
        orders.shift();
        time.moveTo(next.atMs);
        if (next.state === 'cancelled' || next.state === 'filled') await venue.submit(approved(next.intent));
      }
      time.moveTo(marketMs);
    };
    feed.start(async (event) => {
      if (event.kind === 'ended') resolve();
      if (!('marketMs' in event)) return;
      await play(event.marketMs).catch(reject);
      venue.onMarket(event);
      await venue.settled();
    });
  });
  await feed.stop();
  const { movements = [] } = (await venue.cashMovements?.(0)) ?? {};
  const { cash } = await venue.balances();
  expect(told).toEqual(movements);
  await venue.close();
  return { fills, movements, cash: formatUnits(BigInt(cash)) };
}

const fillText = (fill: {
  side: string;
  quantityLots: number;
  priceTicks: number;
  marketMs: number;
}): string => `${fill.side} ${fill.quantityLots} at ${fill.priceTicks}, ${fill.marketMs}`;

const BTC = ['59999.9', '60000.1'] as const;
/** Through three payments: one among prices, one in a gap of them, one at the very time of a price. */
const NIGHT = [
  ['2026-03-02T07:00:00Z', ...BTC],
  ['2026-03-02T07:59:59Z', ...BTC],
  ['2026-03-02T08:00:01Z', ...BTC],
  ['2026-03-03T00:00:00Z', ...BTC],
  ['2026-03-03T00:00:30Z', ...BTC],
  ['2026-03-03T00:01:00Z', ...BTC],
  ['2026-03-03T00:02:00Z', ...BTC],
  ['2026-03-03T00:03:00Z', ...BTC],
] as const;
const linear = {
  instrument: LINEAR(`, ${FUNDING}`),
  symbol: 'BTC/USDT',
  balance: '100000',
  currency: 'USDT',
} as const;

const COIN = (bid: number) => [String(bid), String(bid + 1)] as const;
const inverse = { instrument: INVERSE, symbol: 'BTC/USD', balance: '1', currency: 'BTC' } as const;
const COIN_NIGHT = NIGHT.map(([time], at) => [time, ...COIN(at < 3 ? 49_999.5 : 39_999.5)] as const);

const EUR = ['1.09990', '1.10000'] as const;
/** From a Wednesday over the Friday at which the market closes with the rollover, and over a Sunday on which clocks change. */
const WEEK = (quote: readonly [string, string]) =>
  [
    ['2026-03-04T12:00:00Z', ...quote],
    ['2026-03-04T22:30:00Z', ...quote],
    ['2026-03-06T12:00:00Z', ...quote],
    ['2026-03-08T21:30:00Z', ...quote],
    ['2026-03-09T20:59:59Z', ...quote],
    ['2026-03-09T21:00:01Z', ...quote],
    ['2026-03-09T21:30:00Z', ...quote],
    ['2026-03-09T21:40:00Z', ...quote],
    ['2026-03-09T21:50:00Z', ...quote],
  ] as const;
const WEEK_AT = ['2026-03-04T22:00', '2026-03-05T22:00', '2026-03-06T22:00', '2026-03-09T21:00'];
const eurusd = {
  ...{ instrument: FX('EUR/USD', '0.00001', '0.0001'), symbol: 'EUR/USD', currency: 'USD' },
  ...{ balance: '1000000', prices: WEEK(EUR) },
} as const;
const usdjpy = {
  ...{ instrument: FX('USD/JPY', '0.001', '0.01'), symbol: 'USD/JPY', currency: 'USD' },
  ...{ balance: '1000000', prices: WEEK(['149.995', '150.005']) },
} as const;

const EIGHT_HOURS = ['2026-03-02T08:00', '2026-03-02T16:00', '2026-03-03T00:00'];

interface Expected {
  readonly at: readonly string[];
  readonly amounts: readonly string[];
  /** Of the report. */
  readonly sum: string;
  readonly equity: string;
  /** Of the paper account, which cuts a fraction of the smallest unit where the report rounds it. Absent: the equity. */
  readonly cash?: string;
}

const TABLE: readonly (readonly [string, Row, Expected])[] = [
  [
    'a linear perpetual long: three times 0.01 % of 30,000, and 0.10 for the spread',
    { ...linear, side: 'buy', lots: 500, stopTicks: 500_000, prices: NIGHT },
    {
      ...{ at: EIGHT_HOURS, amounts: ['-3.00000000', '-3.00000000', '-3.00000000'] },
      ...{ sum: '-9.00000000', equity: '99990.90000000' },
    },
  ],
  [
    'a linear perpetual short: the same is received',
    { ...linear, side: 'sell', lots: 500, stopTicks: 700_000, prices: NIGHT },
    {
      ...{ at: EIGHT_HOURS, amounts: ['3.00000000', '3.00000000', '3.00000000'] },
      ...{ sum: '9.00000000', equity: '100008.90000000' },
    },
  ],
  [
    // 10,000 dollars are 0.2 BTC at 50,000, the last price before the gap, and 0.25 at 40,000.
    // Bought at 50,000.5 and sold at 39,999.5: 10,000 × (1 ÷ 50,000.5 − 1 ÷ 39,999.5) = −0.05000512507… BTC.
    'an inverse perpetual long, in its coin',
    { ...inverse, side: 'buy', lots: 100, stopTicks: 60_000, prices: COIN_NIGHT },
    {
      ...{ at: EIGHT_HOURS, amounts: ['-0.00002000', '-0.00002000', '-0.00002500'] },
      ...{ sum: '-0.00006500', equity: '0.94992987' },
    },
  ],
  [
    // Sold at 49,999.5 and bought at 40,000.5: 10,000 × (1 ÷ 40,000.5 − 1 ÷ 49,999.5) = 0.04999487502 BTC.
    'an inverse perpetual short, in its coin',
    { ...inverse, side: 'sell', lots: 100, stopTicks: 140_000, prices: COIN_NIGHT },
    {
      ...{ at: EIGHT_HOURS, amounts: ['0.00002000', '0.00002000', '0.00002500'] },
      ...{ sum: '0.00006500', equity: '1.05005988', cash: '1.05005987' },
    },
  ],
  [
    'half a lot of EUR/USD long: −0.65 pips of 5 dollars a night, three of them on Wednesday; 5 for the spread',
    { ...eurusd, side: 'buy', lots: 50, stopTicks: 90_000 },
    {
      ...{ at: WEEK_AT, amounts: ['-9.75000000', '-3.25000000', '-3.25000000', '-3.25000000'] },
      ...{ sum: '-19.50000000', equity: '999975.50000000' },
    },
  ],
  [
    'half a lot of EUR/USD short: 0.2 pips a night',
    { ...eurusd, side: 'sell', lots: 50, stopTicks: 150_000 },
    {
      ...{ at: WEEK_AT, amounts: ['3.00000000', '1.00000000', '1.00000000', '1.00000000'] },
      ...{ sum: '6.00000000', equity: '1000001.00000000' },
    },
  ],
  [
    // A pip of two lots is 2,000 yen: −1,300 yen a night at 150, and 2,000 yen for the spread.
    'two lots of USD/JPY long, converted at the middle of the last quote',
    { ...usdjpy, side: 'buy', lots: 200, stopTicks: 100_000 },
    {
      ...{ at: WEEK_AT, amounts: ['-26.00000000', '-8.66666667', '-8.66666667', '-8.66666667'] },
      ...{ sum: '-52.00000001', equity: '999934.66666666' },
    },
  ],
];

describe('a backtest pays for what it holds', () => {
  it.each(TABLE)('%s', async (_what, row, { at, amounts, sum, equity, cash = equity }) => {
    const held = await run(row);
    const { report, kept } = held;
    expect(report.data.problems.filter(({ kind }) => kind === 'books-differ')).toEqual([]);
    const kind = row.symbol.startsWith('BTC') ? 'funding' : 'swap';
    expect(report.holding).toEqual([{ kind, symbol: row.symbol, amount: sum, times: at.length }]);
    expect([report.trades.length, report.halts, report.finalEquity]).toEqual([1, [], equity]);

    const replayed = await replay(held);
    expect(replayed.fills).toEqual(kept.fills.map(fillText));
    expect(replayed.movements.map(({ marketMs }) => new Date(marketMs).toISOString().slice(0, 16))).toEqual(
      at,
    );
    expect(replayed.movements.map(({ amount }) => amount)).toEqual(amounts);
    expect(replayed.movements.every((one) => one.kind === kind)).toBe(true);
    expect(replayed.cash).toBe(cash);
  });

  it('nothing where nothing is declared', async () => {
    const prices = NIGHT;
    const instrument = LINEAR('');
    const held = await run({ ...linear, instrument, side: 'buy', lots: 500, stopTicks: 500_000, prices });
    expect(held.report.holding).toBeUndefined();
    expect(held.report.finalEquity).toBe('99999.90000000');
    expect(await replay(held)).toMatchObject({ movements: [], cash: '99999.90000000' });
  });
});
