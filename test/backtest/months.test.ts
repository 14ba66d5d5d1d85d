/** The months of a backtest at their boundary: a trade counts where its equity changed. */
import { expect, it } from 'vitest';
import { BacktestMeasure } from '../../src/backtest/measure/backtest-measure.js';
import { buildReport, type ReportInputs } from '../../src/backtest/report/build-report.js';
import { monthTable } from '../../src/backtest/report/report-html.js';
import type { Desk } from '../../src/desk/schema.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { coins } from '../support/engine-config.js';

const MARCH = Date.UTC(2026, 2, 1);
const MINUTE = 60_000;
const [btc] = coins(['BTC'], { kind: 'spot' });
const share = { ...btc!, kind: 'stock', symbol: 'AAPL/USD' } as const;

it.each([
  ['the first price of the next', true, ['2026-03']],
  ['the last price of its month', false, ['2026-02']],
])('a trade that %s closes at midnight counts with it', (_what, isOfNext, months) => {
  if (btc === undefined) throw new Error('no instrument');
  const desk = {
    instruments: [{ symbol: btc.symbol, kind: 'spot' }],
    paper: { balance: '1000', currency: 'USDT' },
    strategies: [{ symbols: [btc.symbol] }],
  } as unknown as Desk;
  const measure = new BacktestMeasure({
    ...{ desk, instruments: [btc], fromMs: MARCH - 2 * MINUTE, toMs: Number.POSITIVE_INFINITY },
    ...{ endsWithPrices: true, tradesMax: 10 },
  });
  const quote = (marketMs: number, bidTicks: number): void =>
    measure.onMarket({
      ...{ kind: 'quote', instrument: 0, marketMs, bidTicks, askTicks: bidTicks + 1, bidLots: 0, askLots: 0 },
    });
  const fill = (tradeId: string, side: 'buy' | 'sell', priceTicks: number, marketMs: number): void =>
    measure.onRecord({
      type: 'fill',
      fill: {
        ...{ tradeId, clientId: tradeId, instrument: 0, side, quantityLots: 1_000, priceTicks, fee: 0 },
        ...{ liquidity: 'taker', marketMs, simulated: true },
      },
    });
  quote(MARCH - 2 * MINUTE, 10_000);
  fill('a', 'buy', 10_001, MARCH - 2 * MINUTE);
  const prices = {
    openTicks: 10_000,
    highTicks: 10_000,
    lowTicks: 10_000,
    closeTicks: 10_000,
    volumeLots: 1,
  };
  if (isOfNext)
    measure.onMarket({
      ...{ kind: 'bar', marketMs: MARCH },
      bar: { instrument: 0, openMs: MARCH - MINUTE, spanMs: MINUTE, ...prices },
    });
  quote(MARCH, 9_000);
  fill('b', 'sell', 9_000, MARCH);
  const closed = {
    ...{ type: 'trade.closed', trade: 't', instrument: 0, strategy: 's', side: 'long', quantityLots: 1_000 },
    ...{
      entryTicks: 10_001,
      exitTicks: 9_000,
      result: '-10.01',
      fees: '0',
      risk: null,
      r: null,
      why: 'stop',
    },
    ...{ configHash: '', openedMs: MARCH - 2 * MINUTE, marketMs: MARCH },
  } as EngineRecord;
  measure.onRecord(closed);
  quote(MARCH + MINUTE, 9_000);
  measure.finish();
  expect([...measure.trades.months.keys()]).toEqual(months);
  const fell = measure.months.filter(({ startEquity, endEquity }) => endEquity < startEquity - 1e8);
  expect(fell.map(({ month }) => month)).toEqual(months);
});

it('a month that begins without money has no return: a debt that grows is no gain', () => {
  if (btc === undefined) throw new Error('no instrument');
  const desk = { ...cryptoDesk(), paper: { ...cryptoDesk().paper, balance: '1000' } };
  const measure = new BacktestMeasure({
    ...{ desk, instruments: [btc], fromMs: MARCH - 2 * MINUTE, toMs: Number.POSITIVE_INFINITY },
    ...{ endsWithPrices: true, tradesMax: 10 },
  });
  const quote = (marketMs: number, bidTicks: number): void =>
    measure.onMarket({
      ...{ kind: 'quote', instrument: 0, marketMs, bidTicks, askTicks: bidTicks, bidLots: 0, askLots: 0 },
    });
  quote(MARCH - 2 * MINUTE, 10_000);
  measure.onRecord({
    type: 'fill',
    fill: {
      ...{
        tradeId: 'a',
        clientId: 'a',
        instrument: 0,
        side: 'buy',
        quantityLots: 200_000,
        priceTicks: 10_000,
      },
      ...{ fee: 0, liquidity: 'taker', marketMs: MARCH - 2 * MINUTE, simulated: true },
    },
  });
  quote(MARCH - MINUTE, 9_000);
  quote(MARCH + MINUTE, 8_000);
  measure.finish();
  const report = buildReport({
    ...{ desk, measure, instruments: [btc], configHash: '', set: [], symbols: [], leftOut: [], files: [] },
    fillModel: { path: 'nearer', limitFill: 'touch', volumePartPct: null },
    prices: { withOwnSpread: [], showBooks: false },
    ...{ coverage: [], problems: [], view: null, stateHash: null },
    ...{ hasActions: false, signalsSent: null },
  } as unknown as ReportInputs);
  expect(report.months.map(({ month, returnPct }) => [month, returnPct])).toEqual([
    ['2026-02', -200],
    ['2026-03', 0],
  ]);
  expect(monthTable(report)).toMatch(/<td>\u2212200<\/td><\/tr>/);
});

it('a dividend of the first of a month is of that month, as the prices without it are', () => {
  const desk = {
    instruments: [{ symbol: share.symbol, kind: 'stock' }],
    paper: { balance: '1000', currency: 'USD' },
    strategies: [{ symbols: [share.symbol] }],
  } as unknown as Desk;
  const measure = new BacktestMeasure({
    ...{ desk, instruments: [share], fromMs: MARCH - 2 * MINUTE, toMs: Number.POSITIVE_INFINITY },
    ...{ endsWithPrices: true, tradesMax: 10 },
  });
  const quote = (marketMs: number, bidTicks: number): void =>
    measure.onMarket({
      ...{ kind: 'quote', instrument: 0, marketMs, bidTicks, askTicks: bidTicks, bidLots: 0, askLots: 0 },
    });
  quote(MARCH - MINUTE, 10_000);
  measure.onRecord({
    ...{ type: 'dividend', actionId: 'd', instrument: 0, perShare: '1', amount: 1e8, by: 'b', reason: 'r' },
    marketMs: MARCH,
  } as EngineRecord);
  quote(MARCH, 9_900);
  measure.finish();
  const made = measure.months.map(({ month, startEquity, endEquity }) => [month, endEquity - startEquity]);
  expect(made).toEqual([
    ['2026-02', 0],
    ['2026-03', 1e8],
  ]);
});
