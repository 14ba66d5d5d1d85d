/**
 * Live on the exchange's simulator: one recording gives the fills of its backtest, price by price, with every order, price and execution over
 * the wire through Binance's library.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { LoadedDesk } from '../../src/desk/load.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { BY_VOLUME } from '../pack/support/by-volume.js';
import { temporaryFolder, waves, writeMinutes } from '../validation/support/validations.js';
import { backtest } from './support/backtests.js';
import { liveRun, pricesOf } from './support/live-runs.js';
import { writeWalk } from './support/walks.js';

const DATA = resolve('../shared/data');
const BEGIN_MS = Date.parse('2026-03-02T00:00:00Z');
const SECOND_MS = 1000;

/** Averages that cross all the time. */
const QUICK = { fastBars: 3, slowBars: 7, atrBars: 5, atrStopMultiple: 1 };

/** Inside a bar the market goes on: what waits for another message meets another price. */
const IN_BARS = { cancelsAtOnce: true };

interface Variant {
  readonly symbols?: readonly string[];
  readonly paper?: object;
  readonly strategy?: object;
  readonly lotSize?: string;
}

/** The shipped desk without slippage, which is the venue's own to have. */
function deskOf(
  folder: string,
  { symbols = ['BTC/USDT'], paper, strategy, lotSize }: Variant = {},
): LoadedDesk {
  const desk = parse(readFileSync(resolveDesk('crypto-bot'), 'utf8'));
  const [first] = desk.strategies;
  const quick = { ...first, parameters: { ...first.parameters, ...QUICK } };
  const instruments = desk.instruments.filter(({ symbol }: { symbol: string }) => symbols.includes(symbol));
  const file = join(folder, 'desk.yaml');
  const changed = {
    ...desk,
    instruments: instruments.map((one: object) => ({
      ...one,
      ...(lotSize === undefined ? {} : { lotSize }),
    })),
    strategies: [{ ...quick, ...strategy, symbols }],
    paper: { ...desk.paper, slippageTicks: 0, ...paper },
    breakers: { ...desk.breakers, strategyMaxConsecutiveLosses: 100 },
  };
  writeFileSync(file, JSON.stringify(changed));
  return loadDesk(file);
}

/** Each type of entry in turn, each with other exits. */
const TRIES_ALL = `import { strategy } from 'fermata/strategy';

export default strategy({
  suits: 'trending',
  enters: ['market', 'limit', 'stop', 'trailingStop'],
  parameters: { every: { whole: true, min: 2, max: 100, default: 7, meaning: 'bars from one entry to the next' } },
  create({ parameters: { every } }) {
    let bars = 0;
    let tried = 0;
    return {
      warmupBars: 2,
      onBar(desk) {
        bars += 1;
        if (bars % every !== 0 || desk.lots !== 0 || Number.isNaN(desk.bid)) return;
        tried += 1;
        const { bid, ask } = desk;
        const common = { side: 'buy', because: 'it is its turn' };
        const targets = [{ ticks: ask + 1500, part: 0.5 }, { ticks: ask + 3500 }];
        const kind = tried % 6;
        if (kind === 0) desk.enter({ ...common, type: 'market', slippage: { ticks: 40 }, exits: { stop: { ticks: bid - 2500 }, targets } });
        else if (kind === 1) desk.enter({ ...common, type: 'limit', ticks: bid - 300, restBars: 5, exits: { stop: { ticks: bid - 2800 }, trail: { ticks: 1800 } } });
        else if (kind === 2) desk.enter({ ...common, type: 'stop', ticks: ask + 400, slippage: { ticks: 100 }, restBars: 5, exits: { stop: { ticks: bid - 2000 }, breakEvenAt: { ticks: ask + 1700 }, targets } });
        else if (kind === 3) desk.enter({ ...common, type: 'market', slippage: { ticks: 40 }, exits: { stop: { ticks: bid - 9000 }, maxBars: 4 } });
        else if (kind === 4) desk.enter({ ...common, type: 'trailingStop', trail: { ticks: 200 }, slippage: { ticks: 100 }, restBars: 5, exits: { stop: { ticks: bid - 2000 }, targets } });
        else desk.enter({ ...common, type: 'limit', ticks: ask + 20, restBars: 5, exits: { stop: { ticks: bid - 1500 }, targets } });
      },
      state: () => 'tried ' + tried,
    };
  },
});
`;

/** Follows each quote: enters once the bid has risen so far from its lowest. A quote that is told twice changes nothing. */
const FOLLOWS_QUOTES = `import { strategy } from 'fermata/strategy';

export default strategy({
  suits: 'trending',
  enters: ['market'],
  parameters: { rise: { whole: true, min: 1, max: 100000, default: 500, meaning: 'ticks from the lowest bid' } },
  create({ parameters: { rise } }) {
    let lowest = Infinity;
    return {
      warmupBars: 0,
      onBar() {},
      onQuote(desk) {
        const { bid, ask } = desk;
        lowest = Math.min(lowest, bid);
        if (desk.lots !== 0 || bid < lowest + rise) return;
        lowest = bid;
        desk.enter({
          side: 'buy', type: 'market', slippage: { ticks: 50 }, because: 'it rises',
          exits: { stop: { ticks: bid - 600 }, targets: [{ ticks: ask + 400, part: 0.5 }, { ticks: ask + 900 }] },
        });
      },
      state: () => 'lowest ' + lowest,
    };
  },
});
`;

function ownStrategy(folder: string, text = TRIES_ALL): object {
  mkdirSync(join(folder, 'strategies'), { recursive: true });
  writeFileSync(join(folder, 'strategies', 'own.ts'), text);
  return { name: 'own', kind: './strategies/own.ts', parameters: {} };
}

/** Waves with ripples: on long ones averages cross, short ones turn right after an entry, so that stops go off. */
function rippled(count: number) {
  const ripple = (at: number): number => {
    const half = at % 48 < 24 ? 12 : 4;
    return 700 * Math.abs((at % (2 * half)) - half);
  };
  return waves(count).map((minute, at) => {
    const [open, close] = [minute.open + ripple(at), minute.close + ripple(at + 1)];
    return { ...minute, open, close, high: Math.max(open, close) + 3, low: Math.min(open, close) - 40 };
  });
}

/** Best bid and ask on the same waves, with a spread that changes. */
function writeQuotes(folder: string, count: number, everySeconds = 10): string {
  const rows = Array.from({ length: count }, (_, at) => {
    const minute = (at * everySeconds) / 60;
    const half = minute % 48 < 24 ? 12 : 4;
    const bid = Math.round((60_000 + 700 * Math.abs((minute % (2 * half)) - half) + ((at * 7) % 11)) * 100);
    return [
      BEGIN_MS + at * everySeconds * SECOND_MS,
      text(bid),
      text(bid + 1 + ((at * 13) % 300)),
      '3',
      '3',
    ].join(',');
  });
  const file = join(folder, 'quotes.csv');
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${rows.join('\n')}\n`);
  return file;
}

const text = (ticks: number): string => (ticks / 100).toFixed(2);

/** At which price of the recording, for what, by which order, how much, at what price and for which fee. */
function shown(fill: Fill, orders: ReadonlyMap<string, OrderIntent>, times: readonly number[]): string {
  const price = times.filter((ms) => ms <= fill.marketMs).length;
  const intent = orders.get(fill.clientId);
  return [
    ...[`price ${price}`, intent?.purpose, intent?.type, `instrument ${fill.instrument}`, fill.side],
    ...[fill.quantityLots, fill.priceTicks, fill.liquidity, fill.feeIn?.asset, fill.feeIn?.amount],
  ].join(' ');
}

type Files = Parameters<typeof liveRun>[0]['files'];
type Order = Pick<Parameters<typeof liveRun>[0], 'lateNews' | 'fillsFirst' | 'cancelsAtOnce'>;

async function bothFills(loaded: LoadedDesk, files: Files, folder: string, order: Order = {}) {
  const { desk, configHash } = loaded;
  const times = await pricesOf(loaded, files);
  const { kept } = await backtest('', { desk, configHash, files });
  const orders = new Map([...kept.orders].map(([id, { intent }]) => [id, intent]));
  const fills = kept.fills.map((fill) => shown(fill, orders, times));
  const live = await liveRun({ loaded, files, folder, latencyMs: desk.paper.latencyMs, ...order });
  const inLive = live.fills.map((fill) => shown(fill, live.orders, times));
  const feesApart = live.fills.map(({ fee }, at) => Math.abs(fee - (kept.fills[at]?.fee ?? 0)));
  return { live, fills, inLive, feesApart };
}

/** `feeUnits`: how many units of 1e-8 a fee in cash may differ by. The exchange cuts a unit's part off, the paper venue rounds it. */
async function sameFills(
  loaded: LoadedDesk,
  files: Files,
  folder: string,
  { feeUnits = 1, ...order }: Order & { readonly feeUnits?: number } = {},
) {
  const both = await bothFills(loaded, files, folder, order);
  expect(both.inLive).toEqual(both.fills);
  expect(Math.max(...both.feesApart)).toBeLessThanOrEqual(feeUnits);
  // What the desk believes to have is what the exchange has.
  expect(BigInt(both.live.engine.view.cash)).toBe(both.live.exchangeCash);
  return both;
}

const countOf = (fills: readonly string[], word: string): number =>
  fills.filter((line) => line.includes(word)).length;

describe('on a recording made up here', () => {
  it('the shipped desk: limit entries that rest, stops, exits, fees in coins', async () => {
    const folder = temporaryFolder();
    const files = [{ symbol: 'BTC/USDT', file: writeMinutes(folder, rippled(144)) }];
    const { fills, live } = await sameFills(deskOf(folder), files, folder, IN_BARS);
    expect(fills.length).toBeGreaterThan(15);
    for (const word of ['maker BTC', 'protective', 'exit market'])
      expect(countOf(fills, word)).toBeGreaterThan(2);
    expect(live.requests).toContain('POST /api/v3/order');
  });

  it('a strategy of its user’s own on two instruments: market, limit, stop and trailing entries, targets in parts, stops that move', async () => {
    const folder = temporaryFolder();
    const symbols = ['BTC/USDT', 'ETH/USDT'];
    const files = symbols.map((symbol, at) => ({
      symbol,
      file: writeWalk(join(folder, `walk-${at}.csv`), 300, at + 1),
    }));
    const loaded = deskOf(folder, { symbols, strategy: ownStrategy(folder) });
    const { fills, live } = await sameFills(loaded, files, folder, IN_BARS);
    expect(fills.length).toBeGreaterThan(60);
    for (const word of ['entry market', 'entry limit', 'entry stop', 'maker', 'protective', 'exit market'])
      expect(countOf(fills, word), word).toBeGreaterThan(5);
    expect(
      [...live.orders.values()].filter(({ waited }) => waited === 'trailingStop').length,
    ).toBeGreaterThan(2);
    for (const request of ['PUT /api/v3/order/amend/keepPriority', 'POST /api/v3/order/cancelReplace'])
      expect(live.requests).toContain(request);
  });

  it('a strategy that enters by the volume of its minutes, of longer bars, and by the day’s average price', async () => {
    const folder = temporaryFolder();
    const files = [{ symbol: 'BTC/USDT', file: writeWalk(join(folder, 'walk.csv'), 150, 6) }];
    const { fills } = await sameFills(
      deskOf(folder, { strategy: ownStrategy(folder, BY_VOLUME) }),
      files,
      folder,
      IN_BARS,
    );
    expect(countOf(fills, 'entry')).toBeGreaterThan(4);
  });

  it('quotes every ten seconds with a spread that changes', async () => {
    const folder = temporaryFolder();
    const files = [{ symbol: 'BTC/USDT', file: writeQuotes(folder, 700) }];
    const { fills } = await sameFills(deskOf(folder), files, folder);
    expect(fills.length).toBeGreaterThan(5);
  });

  it('lots so large that the exchange’s fees are whole units: also the fees, to the unit', async () => {
    const folder = temporaryFolder();
    const files = [{ symbol: 'BTC/USDT', file: writeMinutes(folder, rippled(100)) }];
    const loaded = deskOf(folder, { lotSize: '0.001', paper: { balance: '100000' } });
    const { fills } = await sameFills(loaded, files, folder, { ...IN_BARS, feeUnits: 0 });
    expect(countOf(fills, 'sell')).toBeGreaterThan(3);
  });

  it('the shipped desk also where prices come before their fills, and news takes as long as an order', async () => {
    const folder = temporaryFolder();
    const files = [{ symbol: 'BTC/USDT', file: writeQuotes(folder, 700) }];
    const loaded = deskOf(folder, { paper: { latencyMs: 250 } });
    await sameFills(loaded, files, folder, { lateNews: true, fillsFirst: false });
  });

  it('where prices overtake orders, entries arrive at the same price, and what takes another message comes later', async () => {
    const folder = temporaryFolder();
    const files = [{ symbol: 'BTC/USDT', file: writeQuotes(folder, 2_000, 2) }];
    const loaded = deskOf(folder, { strategy: ownStrategy(folder), paper: { latencyMs: 3_000 } });
    const { fills, inLive } = await bothFills(loaded, files, folder);
    const entries = (all: readonly string[]) => all.filter((line) => / entry (?:market|limit) /.test(line));
    expect(entries(fills).length).toBeGreaterThan(3);
    expect(entries(inLive)).toEqual(entries(fills));
    expect(inLive).not.toEqual(fills);
  });
});

/** The first rows of a recorded file, as a file of its own. */
function beginningOf(name: string, folder: string, keeps: (at: number, tsMs: number) => boolean): string {
  const [head, ...rows] = gunzipSync(readFileSync(join(DATA, name)))
    .toString('utf8')
    .trim()
    .split('\n');
  const file = join(folder, 'piece.csv');
  const kept = rows.filter((row, at) => keeps(at, Number(row.slice(0, row.indexOf(',')))));
  writeFileSync(file, `${[head, ...kept].join('\n')}\n`);
  return file;
}

const MINUTES = 'binance-BTCUSDT-1m-2024-12.csv.gz';
const QUOTES = 'binance-BTCUSDT-quotes-2024-08-09.csv.gz';

describe.skipIf(!existsSync(join(DATA, MINUTES)))('on a piece of a real recording, of ../shared/data', () => {
  it('five hours of minutes of December 2024', async () => {
    const folder = temporaryFolder();
    const files = [{ symbol: 'BTC/USDT', file: beginningOf(MINUTES, folder, (at) => at < 300) }];
    const loaded = deskOf(folder, { strategy: ownStrategy(folder) });
    const { fills } = await sameFills(loaded, files, folder, IN_BARS);
    expect(fills.length).toBeGreaterThan(20);
  });

  it('best prices of August 2024, one every second', async () => {
    const folder = temporaryFolder();
    let nextMs = 0;
    const piece = beginningOf(QUOTES, folder, (_at, tsMs) => {
      if (tsMs < nextMs) return false;
      nextMs = tsMs + SECOND_MS;
      return true;
    });
    const files = [{ symbol: 'BTC/USDT', file: piece }];
    const loaded = deskOf(folder, { strategy: ownStrategy(folder, FOLLOWS_QUOTES) });
    const { fills } = await sameFills(loaded, files, folder);
    expect(fills.length).toBeGreaterThan(2);
  });
});
