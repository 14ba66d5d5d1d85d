/**
 * Each type of order, its terms, each set of exits and what a strategy asks for while it holds, worked out by hand and
 * carried out by core, gate, order path and paper venue. Between two bars a strategy is heard about one entry, so a
 * second one is asked for in the next minute.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BacktestSetting } from '../../src/backtest/run-backtest.js';
import type { ExitPlan, ExitTarget } from '../../src/domain/exits.js';
import type { Side, WishType } from '../../src/domain/order.js';
import type {
  EntryWish,
  ExitsWish,
  LimitEntry,
  Strategy,
  StrategyContext,
} from '../../src/engine/strategies/strategy.js';
import { BEGIN_MS, MINUTE_MS, temporaryFolder } from '../validation/support/validations.js';
import { asPeer, type Row as BarRow, type PeerDesk, SYMBOL, writeRows } from './published/support/peers.js';
import { PLAIN_FILLS } from './support/backtests.js';

const LOTS = 10;
const SECOND_MS = 1000;
const DESK: PeerDesk = { cash: '10000', tickSize: '0.01', lotSize: '1' };
/** Orders get what the quotes offer, and no more. */
const SIZES_COUNT = { fillModel: { ...PLAIN_FILLS, volumePartPct: 100 } };
/** Bids before the order, which leaves at the last of them. */
const BEFORE = ['100.00', '100.00', '100.00'];

interface Row {
  readonly side: Side;
  readonly type: WishType;
  readonly price: number;
  readonly worst: number;
  readonly terms: Terms;
  readonly stop: number;
  readonly exits: ExitPlan;
  readonly later: readonly Act[];
  readonly bids: readonly string[];
  readonly fills: readonly string[];
}

/** Each is left out where the row doesn't say it. */
interface Terms {
  /** Minutes of the bars. */
  readonly rest?: string;
  readonly until?: string;
  readonly lead?: string;
  readonly hours?: string;
  readonly flat?: string;
  /** What each quote offers, on either side. */
  readonly size?: string;
  /** `IOC`, `FOK`, `post-only`, `day`, `becomes a limit`. */
  readonly [word: string]: string | undefined;
}

/** Once, at the first quote with this bid after the order. */
interface Act {
  readonly bidTicks: number;
  readonly words: readonly string[];
}

const ticks = (text = ''): number => Math.round(Number(text) * 100);

/** `target 101 half; target 102; break-even 101; trail 1.00; time 2` */
function planOf(text: string): ExitPlan {
  const targets: ExitTarget[] = [];
  let plan: ExitPlan = {};
  for (const [name, value, part] of text.split('; ').map((one) => one.split(' '))) {
    if (name === 'target')
      targets.push({ ticks: ticks(value), closedPpm: part === 'half' ? 500_000 : 1_000_000 });
    if (name === 'break-even') plan = { ...plan, breakEvenAtTicks: ticks(value) };
    if (name === 'trail') plan = { ...plan, trailTicks: ticks(value) };
    if (name === 'time') plan = { ...plan, maxBars: Number(value) };
  }
  return targets.length === 0 ? plan : { ...plan, targets };
}

/** `IOC; size 4; hours 00:00-00:02 00:04-00:10` */
function termsOf(text: string): Terms {
  return Object.fromEntries(
    text.split('; ').map((term) => {
      const [word = '', ...values] = term.split(' ');
      return [word, values.join(' ')];
    }),
  );
}

/** `at 101.00 exit 50%; at 102.00 adjust stop 100.50` */
function actsOf(text: string): readonly Act[] {
  return text.split('; ').map((act) => {
    const [, bid, ...words] = act.split(' ');
    return { bidTicks: ticks(bid), words };
  });
}

const TABLE = readFileSync(new URL('./tables/orders.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1);
const ROWS = TABLE.map((line): [string, Row] => {
  const [
    name = '',
    side,
    type,
    price,
    worst,
    terms = '',
    stop,
    exits = '',
    later = '',
    bids = '',
    fills = '',
  ] = line.split(',');
  return [
    name,
    {
      ...{ side: side as Side, type: type as WishType, price: ticks(price), worst: ticks(worst) },
      ...{ terms: termsOf(terms), stop: ticks(stop), exits: planOf(exits), later: actsOf(later) },
      ...{ bids: bids.split(' '), fills: fills === '' ? [] : fills.split('; ') },
    },
  ];
});

function wishOf({ side, type, price, worst, terms, stop, exits }: Row): EntryWish {
  const common = { side, protectTicks: stop, exits, size: { lots: LOTS }, because: 'the table says so' };
  const slippageTicks = Math.abs(worst - price);
  const restBars = Number(terms.rest ?? 9);
  const becomesLimit = terms.becomes !== undefined;
  return {
    market: { ...common, type: 'market', slippageTicks: 0 } as const,
    limit: { ...common, type: 'limit', limitTicks: price, restBars, ...limitTermsOf(terms) } as const,
    stop: { ...common, type: 'stop', stopTicks: price, slippageTicks, restBars } as const,
    ifTouched: {
      ...common,
      type: 'ifTouched',
      touchTicks: price,
      restBars,
      limitTicks: becomesLimit ? worst : null,
      slippageTicks: becomesLimit ? null : slippageTicks,
    } as const,
    trailingStop: {
      ...common,
      type: 'trailingStop',
      trailTicks: price,
      slippageTicks: worst,
      restBars,
    } as const,
    atOpen: { ...common, type: 'atOpen', slippageTicks: 0 } as const,
    atClose: { ...common, type: 'atClose', slippageTicks: 0, leadMs: secondsMs(terms.lead) } as const,
  }[type];
}

function limitTermsOf(terms: Terms): Partial<LimitEntry> {
  return {
    ...(terms.IOC === undefined ? {} : { timeInForce: 'IOC' }),
    ...(terms.FOK === undefined ? {} : { timeInForce: 'FOK' }),
    ...(terms['post-only'] === undefined ? {} : { postOnly: true }),
    ...(terms.day === undefined ? {} : { day: true }),
    ...(terms.until === undefined ? {} : { untilMs: BEGIN_MS + secondsMs(terms.until) }),
  };
}

/** `90s` */
const secondsMs = (text = ''): number => Number(text.replace('s', '')) * SECOND_MS;

function carryOut(context: StrategyContext, [what = '', ...words]: readonly string[]): void {
  const because = 'the table says so';
  if (what === 'exit' && words.length === 0) context.exit(because);
  else if (what === 'exit') context.exit(because, Number(words[0]?.replace('%', '')) * 10_000);
  else if (what === 'adjust') context.adjust({ ...changeOf(words.join(' ')), because });
  else {
    const [side, lots, , stop, ...plan] = what === 'reverse' ? words.slice(1) : [what, ...words];
    context.enter({
      ...{ type: 'market', side: side as Side, slippageTicks: 0, protectTicks: ticks(stop) },
      ...{ size: { lots: Number(lots) }, exits: planOf(plan.join(' ')), because },
      ...(what === 'reverse' ? { reverses: true } : {}),
    });
  }
}

/** `stop 100.50`, `target 102 half and target 104`, `trail none` */
function changeOf(text: string): Omit<ExitsWish, 'because'> {
  if (text === 'target none') return { targets: [] };
  if (text === 'trail none') return { trailTicks: null };
  const [what, value] = text.split(' ');
  return what === 'stop' ? { stopTicks: ticks(value) } : planOf(text.replaceAll(' and ', '; '));
}

function follows(row: Row): Strategy {
  const left = new Set(row.later);
  let quotes = 0;
  return {
    warmupBars: 0,
    state: () => 'it has asked',
    onBar: () => undefined,
    onQuote: (context) => {
      quotes += 1;
      if (quotes === BEFORE.length) context.enter(wishOf(row));
      if (quotes <= BEFORE.length) return;
      for (const act of left) {
        if (act.bidTicks !== context.lastQuote?.bidTicks) continue;
        left.delete(act);
        carryOut(context, act.words);
      }
    },
  };
}

const fillsOf = (file: string, row: Row, desk: PeerDesk = DESK): Promise<readonly string[]> =>
  fillsIn(
    file,
    () => follows(row),
    { ...desk, ...sessionsOf(row) },
    row.terms.size === undefined ? {} : SIZES_COUNT,
  );

function sessionsOf({ terms: { hours, flat } }: Row): Partial<PeerDesk> {
  if (hours === undefined) return {};
  const flatBy = flat === undefined ? {} : { flatByCloseMinutes: Number(flat.replace('m', '')) };
  return { sessions: { zone: 'UTC', hours: { mon: hours.split(' ') }, ...flatBy } };
}

async function fillsIn(
  file: string,
  create: () => Strategy,
  desk: PeerDesk = DESK,
  given: Partial<BacktestSetting> = {},
): Promise<readonly string[]> {
  const { kept } = await asPeer(desk, file, create, given);
  return kept.fills.map(
    ({ side, quantityLots, priceTicks }) => `${side} ${quantityLots} at ${(priceTicks / 100).toFixed(2)}`,
  );
}

it.each(ROWS)('%s', async (_, row) => {
  expect(await fillsOf(quotesOf(row), row)).toEqual(row.fills);
});

const canBeSpot = ({ side, later }: Row): boolean =>
  side === 'buy' && !later.some(({ words }) => words[0] === 'reverse');

// What is sold there has to be free of its stop first; a part of it while the stop keeps the rest.
it.each(ROWS.filter(([, row]) => canBeSpot(row)))(
  '%s, where a stop locks what it protects',
  async (_, row) => {
    expect(await fillsOf(quotesOf(row), row, { ...DESK, spot: true })).toEqual(row.fills);
  },
);

/** A price stands for two quotes, as it does where nothing trades for a second, or until the minute of the next one. */
function quotesOf({ bids, terms: { size = '' } }: Row): string {
  const file = join(temporaryFolder(), 'quotes.csv');
  const quotes: string[] = [...BEFORE];
  for (const word of bids) {
    if (!word.startsWith('@')) quotes.push(word, word);
    else {
      const last = quotes.at(-1) as string;
      while (quotes.length * SECOND_MS < Number.parseInt(word.slice(1), 10) * MINUTE_MS) quotes.push(last);
    }
  }
  const lines = quotes.map((bid, at) => `${BEGIN_MS + at * SECOND_MS},${pairOf(bid)},${size},${size}`);
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${lines.join('\n')}\n`);
  return file;
}

/** The spread is a tick. */
const pairOf = (bid: string): string => `${bid},${(Number(bid) + 0.01).toFixed(2)}`;

it.each([
  ['a stop at its price', '', ['100.00', '100.50', '97.00', '98.00'], 'sell 10 at 99.00'],
  ['a stop behind a gap at the open', '', ['98.00', '100.50', '97.00', '98.00'], 'sell 10 at 98.00'],
  ['a target at its price', 'target 101', ['100.00', '104.00', '99.50', '103.00'], 'sell 10 at 101.00'],
  [
    'a target at its price where only the bar of a day goes so far beyond it',
    'target 105',
    ['100.00', '140.00', '99.50', '101.00'],
    // 40.50 in the 20 s from low to high, so 0.0405 in the 20 ms until the order is there; a bid is rounded down.
    'sell 10 at 105.04',
  ],
  [
    'a target before a gap at the open',
    'target 101',
    ['103.00', '104.00', '99.50', '103.00'],
    'sell 10 at 103.00',
  ],
  ['the nearer extreme first', 'target 101', ['100.00', '102.00', '97.00', '98.00'], 'sell 10 at 101.00'],
] as const)(
  'inside a bar the market passes every price: %s',
  async (_, exits, [open, high, low, close], fill) => {
    const flat = ['100.00', '100.00', '100.00', '100.00'] as const;
    const bars: BarRow[] = [
      [BEGIN_MS, ...flat],
      [BEGIN_MS + MINUTE_MS, open, high, low, close],
    ];
    const row: Row = {
      ...{ side: 'buy', type: 'market', price: 0, worst: 0, terms: {}, stop: ticks('99') },
      ...{ exits: planOf(exits), later: [], bids: [], fills: [] },
    };
    expect(await fillsOf(writeRows(temporaryFolder(), bars), row)).toEqual(['buy 10 at 100.01', fill]);
  },
);

/**
 * Bars of three hours, so an hour from price to price: from 03:00 on 100.00, 97.00 at 04:00, 112.00 at 05:00, 103.00 at
 * 06:00. Of a minute it is 20 s from price to price. The ask is a tick above.
 */
describe('what time brings inside a bar meets the price of that moment', () => {
  const HOUR_MS = 60 * MINUTE_MS;
  const FLAT = ['100.00', '100.00', '100.00', '100.00'] as const;
  const MOVES = ['100.00', '112.00', '97.00', '103.00'] as const;
  const AT_ONCE: PeerDesk = { ...DESK, latencyMs: 0 };
  const bars = (spanMs: number, ...more: readonly BarRow[]): string =>
    writeRows(temporaryFolder(), [[BEGIN_MS, ...FLAT], [BEGIN_MS + spanMs, ...MOVES], ...more]);
  const hours = (...more: readonly BarRow[]): string => bars(3 * HOUR_MS, ...more);
  const common = { side: 'buy', protectTicks: ticks('50'), size: { lots: LOTS }, because: 'once' } as const;

  /** Asks for it at the end of the first bar. */
  const first = (wish: EntryWish) => (): Strategy => {
    let bars = 0;
    return {
      warmupBars: 0,
      state: () => '',
      onBar: (context) => {
        bars += 1;
        if (bars === 1) context.enter(wish);
      },
    };
  };
  const bought = (exits: ExitPlan = {}): (() => Strategy) =>
    first({ ...common, type: 'market', slippageTicks: 0, exits });

  it('the time exit of a trade', async () => {
    // Opened at 03:00, so its 91st minute ends at 04:31: 97.00 and 31 of 60 parts of 15.00.
    expect(await fillsIn(hours(), bought({ maxBars: 90 }), AT_ONCE)).toEqual([
      'buy 10 at 100.01',
      'sell 10 at 104.75',
    ]);
  });

  it('the end of a session', async () => {
    const sessions = { zone: 'UTC', hours: { mon: ['00:00-04:30'] }, flatByCloseMinutes: 10 };
    // 97.00 and 20 of 60 parts of 15.00.
    expect(await fillsIn(hours(), bought(), { ...AT_ONCE, sessions })).toEqual([
      'buy 10 at 100.01',
      'sell 10 at 102.00',
    ]);
  });

  it('a timer of a strategy, whose stop is met on the rest of the way', async () => {
    const seen: string[] = [];
    const create = (): Strategy => ({
      ...{ warmupBars: 0, state: () => '', onBar: () => undefined, timerMs: HOUR_MS / 2 },
      onTimer: (context, dueMs) => {
        const at = (dueMs - BEGIN_MS) / HOUR_MS;
        if (at >= 3) seen.push(`${at} h: ${context.lastQuote!.bidTicks / 100}`);
        if (at === 4.5)
          context.enter({ ...common, type: 'market', slippageTicks: 0, protectTicks: ticks('104') });
      },
    });
    // 97.00 and half of 15.00; from 112.00 on the way to 103.00 it passes 104.00.
    expect(await fillsIn(hours(), create, AT_ONCE)).toEqual(['buy 10 at 104.51', 'sell 10 at 104.00']);
    expect(seen).toEqual([
      ...['3 h: 100', '3.5 h: 98.5', '4 h: 97', '4.5 h: 104.5', '5 h: 112', '5.5 h: 107.5', '6 h: 103'],
    ]);
  });

  it('each of many moments on one way, none of them further off by the rounding of those before', async () => {
    const seen: number[] = [];
    const create = (): Strategy => ({
      ...{ warmupBars: 0, state: () => '', onBar: () => undefined, timerMs: MINUTE_MS },
      onTimer: (context, dueMs) => {
        const minute = (dueMs - BEGIN_MS) / MINUTE_MS - 4 * 60;
        const { bidTicks, askTicks } = context.lastQuote!;
        if (minute > 0 && minute < 60 && minute % 10 === 5) seen.push(bidTicks, askTicks);
      },
    });
    const slow: BarRow = [BEGIN_MS + 3 * HOUR_MS, '100.00', '100.10', '99.99', '100.05'];
    await fillsIn(writeRows(temporaryFolder(), [[BEGIN_MS, ...FLAT], slow]), create, AT_ONCE);
    // 11 ticks in 60 minutes, from a bid of 9,999 and an ask of 10,000: after 5 minutes 0.92, after 15 2.75, then 4.58, 6.42,
    // 8.25 and 10.08. The bid is rounded down, the ask up.
    expect(seen).toEqual([
      ...[9_999, 10_001, 10_001, 10_003, 10_003, 10_005, 10_005, 10_007, 10_007, 10_009, 10_009, 10_011],
    ]);
  });

  it('on bars of bid and ask each side on its own way, rounded against the order', async () => {
    const file = join(temporaryFolder(), 'both.csv');
    const lines = [
      [BEGIN_MS, ...FLAT, '100.10', '100.10', '100.10', '100.10', ''],
      [
        BEGIN_MS + 3 * HOUR_MS,
        '100.00',
        '112.00',
        '97.01',
        '103.00',
        '100.10',
        '112.50',
        '97.20',
        '103.40',
        '',
      ],
    ];
    const header = 'ts,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close,volume';
    writeFileSync(file, `${header}\n${lines.join('\n')}\n`);
    const create = (): Strategy => ({
      ...{ warmupBars: 0, state: () => '', onBar: () => undefined, timerMs: HOUR_MS / 3 },
      onTimer: (context, dueMs) => {
        const thirds = Math.round((dueMs - BEGIN_MS) / (HOUR_MS / 3));
        if (thirds === 10) context.enter({ ...common, type: 'market', slippageTicks: 0 });
        if (thirds === 11) context.exit('its time');
      },
    });
    // At 03:20 the ask is 100.10 less a third of 2.90, 99.1333; at 03:40 the bid is 100.00 less two thirds of 2.99, 98.0067.
    expect(await fillsIn(file, create, AT_ONCE)).toEqual(['buy 10 at 99.14', 'sell 10 at 98.00']);
  });

  it('a pause between bars has none: the last price stands until there is another', async () => {
    const later: BarRow = [BEGIN_MS + 9 * HOUR_MS, '120.00', '120.00', '120.00', '120.00'];
    expect(await fillsIn(hours(later), bought({ maxBars: 240 }), AT_ONCE)).toEqual([
      'buy 10 at 100.01',
      'sell 10 at 103.00',
    ]);
  });

  it('where volume counts, a bar has four prices alone', async () => {
    const rows = [
      [BEGIN_MS, ...FLAT],
      [BEGIN_MS + 3 * HOUR_MS, ...MOVES],
    ].map((row) => `${row.join()},100`);
    const file = join(temporaryFolder(), 'volume.csv');
    writeFileSync(file, `ts,open,high,low,close,volume\n${rows.join('\n')}\n`);
    // Of what is left of the 25 at 04:00.
    expect(await fillsIn(file, bought({ maxBars: 90 }), AT_ONCE, SIZES_COUNT)).toEqual([
      'buy 10 at 100.01',
      'sell 10 at 97.00',
    ]);
  });

  /** In ten seconds it falls from 100.00 to 98.50, in four to 99.40, in eight to 98.80. */
  it.each([
    ['an order at the market', 10, { ...common, type: 'market', slippageTicks: 0 }, ['buy 10 at 98.51']],
    [
      'a limit that the market has passed',
      10,
      { ...common, limitTicks: ticks('99'), restBars: 9 },
      ['buy 10 at 98.51'],
    ],
    ['a limit that it has not', 10, { ...common, limitTicks: ticks('98'), restBars: 9 }, ['buy 10 at 98.00']],
    [
      'a limit that may only rest',
      10,
      { ...common, limitTicks: ticks('99'), restBars: 9, postOnly: true },
      [],
    ],
    [
      'a stop whose trigger it has passed',
      10,
      {
        ...common,
        side: 'sell',
        type: 'stop',
        stopTicks: ticks('99'),
        slippageTicks: 100,
        restBars: 9,
        protectTicks: ticks('150'),
      },
      ['sell 10 at 98.50'],
    ],
    [
      'a stop whose trigger it has passed, beyond the worst price that it takes, once the market is back there',
      10,
      {
        ...common,
        side: 'sell',
        type: 'stop',
        stopTicks: ticks('99'),
        slippageTicks: 10,
        restBars: 9,
        protectTicks: ticks('150'),
      },
      ['sell 10 at 98.90'],
    ],
    [
      'the stop of what was bought on the way',
      4,
      { ...common, type: 'market', slippageTicks: 0, protectTicks: ticks('99') },
      ['buy 10 at 99.41', 'sell 10 at 98.80'],
    ],
  ] as const)('where an order takes seconds to arrive: %s', async (_, seconds, wish, fills) => {
    const desk = { ...DESK, latencyMs: seconds * SECOND_MS };
    expect(await fillsIn(bars(MINUTE_MS), first(wish), desk)).toEqual(fills);
  });
});

describe('on bars of bid and ask, buys are filled on the path of the ask and sells on that of the bid', () => {
  const FLAT = ['100.00', '100.00', '100.00', '100.00'] as const;
  const FLAT_ASK = ['100.10', '100.10', '100.10', '100.10'] as const;
  const one = (given: Partial<Row>): Row => ({
    ...{ side: 'buy', type: 'market', price: 0, worst: 0, terms: {}, stop: ticks('99') },
    ...{ exits: {}, later: [], bids: [], fills: [] },
    ...given,
  });
  const CASES = [
    [
      'a long stop at its price, once the bid is there',
      one({}),
      ['100.00', '100.50', '97.00', '98.00'],
      ['100.10', '100.60', '97.80', '98.80'],
      ['buy 10 at 100.10', 'sell 10 at 99.00'],
    ],
    [
      'no long stop while the bid is above it, however low the ask',
      one({}),
      ['100.00', '100.00', '99.01', '99.50'],
      ['100.10', '100.10', '99.01', '99.50'],
      ['buy 10 at 100.10'],
    ],
    [
      'a short stop at its price, once the ask is there, though the bid never is',
      one({ side: 'sell', stop: ticks('101') }),
      ['100.00', '100.20', '99.50', '100.00'],
      ['100.10', '101.40', '99.70', '100.10'],
      ['sell 10 at 100.00', 'buy 10 at 101.00'],
    ],
    [
      'a short target at the ask',
      one({ side: 'sell', stop: ticks('103'), exits: planOf('target 99') }),
      ['100.00', '100.20', '98.00', '98.50'],
      ['100.10', '101.40', '98.90', '99.30'],
      ['sell 10 at 100.00', 'buy 10 at 99.00'],
    ],
    [
      'no limit to buy that only the bid reaches',
      one({ type: 'limit', price: ticks('99.50'), worst: ticks('99.50'), stop: ticks('90') }),
      ['100.00', '100.00', '99.00', '99.60'],
      ['100.10', '100.20', '99.51', '99.90'],
      [],
    ],
    [
      'a limit to buy that the ask reaches on its way',
      one({ type: 'limit', price: ticks('99.50'), worst: ticks('99.50'), stop: ticks('90') }),
      ['100.00', '100.00', '99.00', '99.60'],
      ['100.10', '100.20', '99.40', '99.90'],
      ['buy 10 at 99.50'],
    ],
  ] as const;

  it.each(CASES)('%s: one file of both', async (_, row, bid, ask, fills) => {
    const file = join(temporaryFolder(), 'both.csv');
    const lines = [
      [BEGIN_MS, ...FLAT, ...FLAT_ASK, ''],
      [BEGIN_MS + MINUTE_MS, ...bid, ...ask, ''],
    ];
    const header = 'ts,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close,volume';
    writeFileSync(file, `${header}\n${lines.join('\n')}\n`);
    expect(await fillsIn(file, () => follows(row))).toEqual(fills);
  });

  it.each(CASES)('%s: a file of each', async (_, row, bid, ask, fills) => {
    const folder = temporaryFolder();
    const rowsOf = (flat: typeof FLAT | typeof FLAT_ASK, next: typeof bid | typeof ask): BarRow[] => [
      [BEGIN_MS, ...flat],
      [BEGIN_MS + MINUTE_MS, ...next],
    ];
    const files = [
      { symbol: SYMBOL, side: 'bid', file: writeRows(folder, rowsOf(FLAT, bid), 'bid.csv') },
      { symbol: SYMBOL, side: 'ask', file: writeRows(folder, rowsOf(FLAT_ASK, ask), 'ask.csv') },
    ] as const;
    expect(await fillsIn(files[0].file, () => follows(row), DESK, { files })).toEqual(fills);
  });

  it('and the report says so, instead of the desk file’s spread', async () => {
    const folder = temporaryFolder();
    const bars = [[BEGIN_MS, ...FLAT] as BarRow];
    const files = [
      { symbol: SYMBOL, side: 'bid', file: writeRows(folder, bars, 'bid.csv') },
      { symbol: SYMBOL, side: 'ask', file: writeRows(folder, bars, 'ask.csv') },
    ] as const;
    const sidesTold = (await asPeer(DESK, files[0].file, () => follows(one({})), { files })).report.execution;
    const barsTold = (await asPeer(DESK, files[0].file, () => follows(one({})))).report.execution;
    const ofFile =
      'Around the single price of a bar or trade lies the spread of the desk file: PEER/USDT 0.01.';
    expect(barsTold).toContain(ofFile);
    expect(sidesTold).not.toContain(ofFile);
    expect(sidesTold).toContain(
      'The spread of PEER/USDT is the recorded one: buys go by the ask, sells by the bid.',
    );
  });
});

describe('on recorded books an order takes what the levels have', () => {
  /** `100.01x4 100.02x3`, best first; three levels at most. */
  const levelsOf = (text: string): readonly string[] =>
    Array.from({ length: 3 }, (_, at) => text.split(' ')[at]?.split('x') ?? ['', '']).flat();

  /** In Tardis' columns, a snapshot a second: asks and bids. */
  function booksOf(...books: readonly (readonly [asks: string, bids: string])[]): string {
    const file = join(temporaryFolder(), 'books.csv');
    const columns = Array.from({ length: 3 }, (_, at) =>
      ['asks', 'bids'].flatMap((side) => [`${side}[${at}].price`, `${side}[${at}].amount`]),
    ).flat();
    const lines = books.map(([askText, bidText], second) => {
      const [asks, bids] = [levelsOf(askText), levelsOf(bidText)];
      const cells = [0, 2, 4].flatMap((at) => [asks[at], asks[at + 1], bids[at], bids[at + 1]]);
      const us = `${BEGIN_MS + second * SECOND_MS}000`;
      return ['binance', 'PEERUSDT', us, us, ...cells].join();
    });
    writeFileSync(file, `exchange,symbol,timestamp,local_timestamp,${columns.join()}\n${lines.join('\n')}\n`);
    return file;
  }

  const DEEP = ['100.01x50', '100.00x50'] as const;
  /** The order leaves at the third, and finds it as it was. */
  const BEFORE_IT = [DEEP, DEEP] as const;
  const buys = (given: Partial<Row> = {}): Row => ({
    ...{ side: 'buy', type: 'market', price: 0, worst: 0, terms: {}, stop: ticks('99') },
    ...{ exits: {}, later: [], bids: [], fills: [] },
    ...given,
  });
  const limit = (price: string, terms: Terms = {}): Row =>
    buys({ type: 'limit', price: ticks(price), worst: ticks(price), stop: ticks('90'), terms });
  const wide = (row: Row): Strategy => {
    let quotes = 0;
    return {
      ...follows(row),
      onQuote: (context) => {
        quotes += 1;
        const size = { side: 'buy', protectTicks: row.stop, size: { lots: LOTS }, because: 'once' } as const;
        if (quotes === 3) context.enter({ ...size, type: 'market', slippageTicks: 100 });
      },
    };
  };

  it.each([
    [
      'a market order level by level',
      [['100.01x4 100.02x3 100.05x9', '100.00x9']],
      ['buy 4 at 100.01', 'buy 3 at 100.02', 'buy 3 at 100.05'],
    ],
    [
      'the rest of an entry expires where the levels end',
      [
        ['100.01x4 100.02x3', '100.00x9'],
        ['100.01x40', '100.00x9'],
      ],
      ['buy 4 at 100.01', 'buy 3 at 100.02'],
    ],
    [
      'a stop by what bids there are, its rest by those of the next snapshot',
      [
        ['100.01x10', '100.00x9'],
        ['99.10x9', '98.99x2 98.90x3'],
        ['99.10x9', '98.80x20'],
      ],
      ['buy 10 at 100.01', 'sell 2 at 98.99', 'sell 3 at 98.90', 'sell 5 at 98.80'],
    ],
  ] as const)('%s', async (_, books, fills) => {
    expect(await fillsIn(booksOf(...BEFORE_IT, ...books), () => wide(buys()))).toEqual(fills);
  });

  it('a limit that rested gets what comes to it, at its price, and waits with the rest', async () => {
    const file = booksOf(
      ...[...BEFORE_IT, DEEP, DEEP],
      ['99.50x3 99.60x9', '99.40x9'],
      ['99.40x2 99.50x2 99.60x9', '99.30x9'],
      ['99.60x9', '99.30x9'],
    );
    expect(await fillsIn(file, () => follows(limit('99.50')))).toEqual(['buy 3 at 99.50', 'buy 4 at 99.50']);
  });

  it('which the report says', async () => {
    const { report } = await asPeer(DESK, booksOf(DEEP, DEEP), () => wide(buys()));
    expect(report.execution).toContain('Orders are filled whole elsewhere, whatever traded.');
    expect(report.execution).toContainEqual(
      expect.stringMatching(/^On recorded books orders get what is at/),
    );
  });

  it('all or nothing is nothing where the levels within its price are too few', async () => {
    const file = booksOf(...BEFORE_IT, ['100.01x4 100.02x3 100.05x9', '100.00x9'], DEEP);
    expect(await fillsIn(file, () => follows(limit('100.02', { FOK: '' })))).toEqual([]);
    expect(await fillsIn(file, () => follows(limit('100.05', { FOK: '' })))).toEqual([
      ...['buy 4 at 100.01', 'buy 3 at 100.02', 'buy 3 at 100.05'],
    ]);
  });

  it('and a part of each level where a part of the volume counts', async () => {
    const file = booksOf(...BEFORE_IT, ['100.01x4 100.02x3 100.05x20', '100.00x9']);
    expect(
      await fillsIn(file, () => wide(buys()), DESK, { fillModel: { ...PLAIN_FILLS, volumePartPct: 50 } }),
    ).toEqual(['buy 2 at 100.01', 'buy 1 at 100.02', 'buy 7 at 100.05']);
  });
});

describe('of a market so thin that it takes minutes', () => {
  /** A lot at each price from the eleventh minute on, a hundred before. */
  function thin(price: string): string {
    const file = join(temporaryFolder(), 'thin.csv');
    const lines = Array.from({ length: 60 }, (_, minute) => {
      const [at, volume] = minute < 10 ? ['100.00', 4_000] : [price, 40];
      return `${BEGIN_MS + minute * MINUTE_MS},${at},${at},${at},${at},${volume}`;
    });
    writeFileSync(file, `ts,open,high,low,close,volume\n${lines.join('\n')}\n`);
    return file;
  }

  /** Buys in the second minute; leaves in the fifteenth if it is told to. */
  const holder = (leaves: boolean) => (): Strategy => {
    let asked = 0;
    return {
      warmupBars: 0,
      state: () => '',
      onBar: (context, { openMs }) => {
        const wish = { side: 'buy', protectTicks: 9_800, size: { lots: 50 }, because: 'its time' } as const;
        if (asked === 0) context.enter({ ...wish, type: 'market', slippageTicks: 0 });
        else if (leaves && asked === 1 && openMs > BEGIN_MS + 14 * MINUTE_MS) context.exit('its time');
        else return;
        asked += 1;
      },
    };
  };

  it.each([
    ['a stop', '97.00', false, 'stop', true],
    ['a stop of contracts', '97.00', false, 'stop', false],
    ['an exit', '100.00', true, 'strategy', true],
    ['an exit of contracts', '100.00', true, 'strategy', false],
  ] as const)('%s is no fault while its rest waits for volume', async (_, price, leaves, reason, isSpot) => {
    const desk: PeerDesk = { ...DESK, ...(isSpot ? { spot: true } : {}) };
    const { report } = await asPeer(desk, thin(price), holder(leaves), {
      fillModel: { ...PLAIN_FILLS, volumePartPct: 10 },
    });
    expect(report.halts).toEqual([]);
    expect(report.trades).toMatchObject([{ why: reason, quantity: '50' }]);
    expect(report.fills).toBeGreaterThan(30);
    expect(report.positions).toEqual([]);
  });
});

it('a recording that ends on a quote which nothing confirms is no difference of the books', async () => {
  const bids = [...BEFORE, ...BEFORE, '140.00'];
  const row: Row = {
    ...{ side: 'buy', type: 'market', price: 0, worst: 0, terms: {}, stop: ticks('99') },
    ...{ exits: {}, later: [], bids, fills: [] },
  };
  const lines = bids.map((bid, at) => `${BEGIN_MS + at * SECOND_MS},${pairOf(bid)},,`);
  const file = join(temporaryFolder(), 'quotes.csv');
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${lines.join('\n')}\n`);
  const { report } = await asPeer(DESK, file, () => follows(row));
  expect(report.positions).toHaveLength(1);
  expect(report.data.problems).toEqual([]);
});

it.each([
  ['whose sizes stand still too', '7', []],
  ['whose sizes change', '', ['buy 10 at 100.01']],
])('an entry on a recorded quote that stands still, %s', async (_, size, fills) => {
  const file = join(temporaryFolder(), 'quotes.csv');
  const lines = Array.from(
    { length: 60 },
    (__, second) => `${BEGIN_MS + second * SECOND_MS},100.00,100.01,${size || second + 1},7`,
  );
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${lines.join('\n')}\n`);
  let quotes = 0;
  const create = (): Strategy => ({
    warmupBars: 0,
    state: () => 'it has asked',
    onBar: () => undefined,
    onQuote: (context) => {
      quotes += 1;
      const wish = { side: 'buy', protectTicks: 9_000, size: { lots: LOTS }, because: 'once' } as const;
      if (quotes === 40) context.enter({ ...wish, type: 'market', slippageTicks: 0 });
    },
  });
  expect(await fillsIn(file, create, { ...DESK, risk: { frozenQuoteSeconds: 20 } })).toEqual(fills);
});

it.each([
  ['is cancelled at that time, though the prices pause over it', 9.5, []],
  ['is filled before that time', 15, ['buy 10 at 99.00']],
] as const)('an entry that may rest until a time %s', async (_, minutes, fills) => {
  const file = join(temporaryFolder(), 'quotes.csv');
  const bids = [
    ...BEFORE.map((bid, at) => [at * SECOND_MS, bid] as const),
    [10 * MINUTE_MS, '98.00'] as const,
  ];
  const lines = bids.map(([atMs, bid]) => `${BEGIN_MS + atMs},${pairOf(bid)},,`);
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${lines.join('\n')}\n`);
  const create = (): Strategy => {
    let quotes = 0;
    return {
      warmupBars: 0,
      state: () => 'it has asked',
      onBar: () => undefined,
      onQuote: (context) => {
        quotes += 1;
        if (quotes !== BEFORE.length) return;
        const until = { untilMs: BEGIN_MS + minutes * MINUTE_MS, restBars: 99, size: { lots: LOTS } };
        context.enter({
          side: 'buy',
          limitTicks: 9_900,
          protectTicks: 9_000,
          because: 'for a while',
          ...until,
        });
      },
    };
  };
  expect(await fillsIn(file, create)).toEqual(fills);
});
