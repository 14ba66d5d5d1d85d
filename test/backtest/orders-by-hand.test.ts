/** Each type of order and each set of exits, worked out by hand and carried out by core, gate, order path and paper venue. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ExitPlan, ExitTarget } from '../../src/domain/exit-plan.js';
import type { EntryType, Side } from '../../src/domain/order.js';
import type { EntryWish, Strategy } from '../../src/engine/strategies/strategy.js';
import { BEGIN_MS, MINUTE_MS, temporaryFolder } from '../validation/support/validations.js';
import { asPeer, type Row as BarRow, type PeerDesk, writeRows } from './published/support/peers.js';

const LOTS = 10;
const SECOND_MS = 1000;
const DESK: PeerDesk = { cash: '10000', tickSize: '0.01', lotSize: '1' };
/** Bids before the order, which leaves at the last of them. */
const BEFORE = ['100.00', '100.00', '100.00'];

interface Row {
  readonly side: Side;
  readonly type: EntryType;
  readonly price: number;
  readonly worst: number;
  readonly stop: number;
  readonly exits: ExitPlan;
  readonly bids: readonly string[];
  readonly fills: readonly string[];
}

const ticks = (text = ''): number => Math.round(Number(text) * 100);

/** `target 101 half; target 102; break-even 101; trail 1.00` */
function planOf(text: string): ExitPlan {
  const targets: ExitTarget[] = [];
  let plan: ExitPlan = {};
  for (const [name, value, part] of text.split('; ').map((one) => one.split(' '))) {
    if (name === 'target')
      targets.push({ ticks: ticks(value), closedPpm: part === 'half' ? 500_000 : 1_000_000 });
    if (name === 'break-even') plan = { ...plan, breakEvenAtTicks: ticks(value) };
    if (name === 'trail') plan = { ...plan, trailTicks: ticks(value) };
  }
  return targets.length === 0 ? plan : { ...plan, targets };
}

const TABLE = readFileSync(new URL('./tables/orders.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1);
const ROWS = TABLE.map((line): [string, Row] => {
  const [name = '', side, type, price, worst, stop, exits = '', bids = '', fills = ''] = line.split(',');
  return [
    name,
    {
      ...{ side: side as Side, type: type as EntryType, price: ticks(price), worst: ticks(worst) },
      ...{ stop: ticks(stop), exits: planOf(exits), bids: bids.split(' ') },
      fills: fills === '' ? [] : fills.split('; '),
    },
  ];
});

function asksOnce({ side, type, price, worst, stop, exits }: Row): Strategy {
  const common = { side, protectTicks: stop, exits, size: { lots: LOTS }, because: 'the table says so' };
  const wish: EntryWish = {
    market: { ...common, type: 'market', slippageTicks: 0 } as const,
    limit: { ...common, type: 'limit', limitTicks: price, restBars: 9 } as const,
    stop: {
      ...common,
      type: 'stop',
      stopTicks: price,
      slippageTicks: Math.abs(worst - price),
      restBars: 9,
    } as const,
  }[type];
  let quotes = 0;
  return {
    warmupBars: 0,
    state: () => 'it has asked',
    onBar: () => undefined,
    onQuote: ({ enter }) => {
      quotes += 1;
      if (quotes === BEFORE.length) enter(wish);
    },
  };
}

const fillsOf = (file: string, row: Row, desk = DESK): Promise<readonly string[]> =>
  fillsIn(file, () => asksOnce(row), desk);

async function fillsIn(file: string, create: () => Strategy, desk = DESK): Promise<readonly string[]> {
  const { kept } = await asPeer(desk, file, create);
  return kept.fills.map(
    ({ side, quantityLots, priceTicks }) => `${side} ${quantityLots} at ${(priceTicks / 100).toFixed(2)}`,
  );
}

it.each(ROWS)('%s', async (_, row) => {
  expect(await fillsOf(quotesOf(row), row)).toEqual(row.fills);
});

// What is sold there has to be free of its stop first; a part of it while the stop keeps the rest.
it.each(ROWS.filter(([, { side }]) => side === 'buy'))(
  '%s, where a stop locks what it protects',
  async (_, row) => {
    expect(await fillsOf(quotesOf(row), row, { ...DESK, spot: true })).toEqual(row.fills);
  },
);

function quotesOf(row: Row): string {
  const file = join(temporaryFolder(), 'quotes.csv');
  // Each price stands for two quotes, as it does where nothing trades for a second.
  const bids = [...BEFORE, ...row.bids.flatMap((bid) => [bid, bid])];
  const lines = bids.map(
    (bid, at) => `${BEGIN_MS + at * SECOND_MS},${bid},${(Number(bid) + 0.01).toFixed(2)},,`,
  );
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${lines.join('\n')}\n`);
  return file;
}

it.each([
  ['a stop at its low, below the stop', '', ['100.00', '100.50', '97.00', '98.00'], 'sell 10 at 97.00'],
  [
    'a target at its high, above the target',
    'target 101',
    ['100.00', '104.00', '99.50', '103.00'],
    'sell 10 at 104.00',
  ],
] as const)('a bar has four prices and no others: %s', async (_, exits, [open, high, low, close], fill) => {
  const flat = ['100.00', '100.00', '100.00', '100.00'] as const;
  const bars: BarRow[] = [
    [BEGIN_MS, ...flat],
    [BEGIN_MS + MINUTE_MS, open, high, low, close],
  ];
  const row: Row = {
    ...{ side: 'buy', type: 'market', price: 0, worst: 0, stop: ticks('99'), exits: planOf(exits) },
    ...{ bids: [], fills: [] },
  };
  expect(await fillsOf(writeRows(temporaryFolder(), bars), row)).toEqual(['buy 10 at 100.01', fill]);
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
  const lines = bids.map(([atMs, bid]) => `${BEGIN_MS + atMs},${bid},${(Number(bid) + 0.01).toFixed(2)},,`);
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${lines.join('\n')}\n`);
  const create = (): Strategy => {
    let quotes = 0;
    return {
      warmupBars: 0,
      state: () => 'it has asked',
      onBar: () => undefined,
      onQuote: ({ enter }) => {
        quotes += 1;
        if (quotes !== BEFORE.length) return;
        const until = { untilMs: BEGIN_MS + minutes * MINUTE_MS, restBars: 99, size: { lots: LOTS } };
        enter({ side: 'buy', limitTicks: 9_900, protectTicks: 9_000, because: 'for a while', ...until });
      },
    };
  };
  expect(await fillsIn(file, create)).toEqual(fills);
});
