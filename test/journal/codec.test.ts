import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { CODEC, isSameRecord, RECORD_TYPES, recordCodec } from '../../src/trader/journal/v2/codec.js';
import { LAYOUTS, type Layout, type RecordOf, type RecordType } from '../../src/trader/journal/v2/layouts.js';
import { SlotReader } from '../../src/trader/journal/v2/slot-reader.js';
import { SlotWriter } from '../../src/trader/journal/v2/slot-writer.js';
import { livePast, PAST_KINDS } from '../journals/past-desk.js';

const JSON_LAYOUT = 0;
/** Written seldom, or read by people only: they stand as JSON. A new type goes here, or gets slots in `layouts.ts`. */
const WITHOUT_SLOTS: readonly RecordType[] = [
  ...([
    'config',
    'order.denied',
    'halt',
    'armed',
    'command',
    'day',
    'strategy.toggled',
    'closeAll.begun',
    'fill.foreign',
  ] as const),
  ...([
    'flat.proven',
    'flat.escalated',
    'reconciled',
    'position.adopted',
    'settings',
    'size.factor',
  ] as const),
  ...(['golive.granted', 'golive.voided', 'fee.valued', 'cash', 'coins.counted', 'coins.claimed'] as const),
  ...([
    'order.amended',
    'stop.gap',
    'trade.closed',
    'trades.crossed',
    'target.reached',
    'stop.moved',
    'exits.changed',
    'entry.waits',
    'entry.over',
  ] as const),
  ...(['split', 'dividend'] as const),
  ...(['signal', 'signal.withdrawn', 'signal.refused'] as const),
];

function written(record: EngineRecord, codec = CODEC): { layout: number; bytes: Buffer } {
  const to = new SlotWriter(8);
  codec.write(to, record);
  return { layout: to.bytes[1]!, bytes: Buffer.from(to.bytes.subarray(0, to.at)) };
}

function readBack(bytes: Buffer, codec = CODEC): EngineRecord {
  const from = new SlotReader(bytes, 0, bytes.length);
  const record = codec.read(from);
  expect(from.at).toBe(bytes.length);
  return record;
}

/** What few orders have, so that no slot is kept for it: of each an example. A new one does not compile before it is named. */
const RARE: Required<Pick<OrderIntent, RareMember>> = {
  exits: { trailTicks: 40 },
  why: 'trailingStop',
  group: 'g1',
  signal: { source: 'tv', id: '1', revision: 1 },
  besideRestOf: 'fabc12300',
  keepsStop: true,
  keepsExits: true,
  ownTrade: true,
  leg: true,
  postOnly: true,
  untilMs: 5,
  waited: 'atOpen',
  changes: 'fabc12300',
  oneOf: 'o1',
};
type RareMember = {
  [Member in keyof OrderIntent]-?: undefined extends OrderIntent[Member] ? Member : never;
}[keyof OrderIntent];

/** Every field that a record of a hot type can have: a new field does not compile here before it is named. */
const INTENT: Required<Omit<OrderIntent, RareMember>> = {
  clientId: 'fabc12301',
  instrument: 3,
  strategy: 'ema-cross',
  purpose: 'protective',
  side: 'sell',
  type: 'stop',
  quantityLots: 123_456,
  limitTicks: 1,
  stopTicks: 5_000_000,
  protectTicks: 4_900_000,
  reduceOnly: true,
  timeInForce: 'IOC',
};
const FILL: Required<Omit<Fill, 'rate' | 'feeExpected'>> = {
  tradeId: '44123',
  clientId: 'fabc12301',
  instrument: 1,
  side: 'buy',
  quantityLots: 7,
  priceTicks: 5_000_001,
  fee: -1_234_567,
  feeIn: { asset: 'BNB', amount: '0.00012345', priceTicks: 60_000, unvalued: true },
  feeLots: 2,
  liquidity: 'taker',
  marketMs: 1_768_000_000_000,
  simulated: true,
  caughtUp: false,
};
const STATE: Required<RecordOf<'order.state'>> = {
  type: 'order.state',
  clientId: 'fabc12301',
  state: 'absent',
  venueId: '77',
  reason: '-2010: no',
  marketMs: 1,
};
const EQUITY: Required<RecordOf<'equity'>> = {
  type: 'equity',
  equity: 2 ** 60,
  peak: 1.5,
  cash: -12,
  unrealised: -0.25,
  marketMs: 5,
};
const NOTE: Required<Omit<RecordOf<'note'>, 'correction' | 'refusedChange'>> = {
  type: 'note',
  level: 'alarm',
  text: 'für 5 € \0 \ud800',
  strategy: 'ema-cross',
  symbol: 'BTC/USDT',
  marketMs: 5,
};
const INTENDED: Required<RecordOf<'order.intended'>> = {
  type: 'order.intended',
  order: INTENT,
  replaces: 'fabc12300',
  marketMs: 1_768_000_000_001,
};
const FILLED: Required<RecordOf<'fill'>> = { type: 'fill', fill: FILL };
const HOT: readonly EngineRecord[] = [
  INTENDED,
  {
    ...{ type: 'order.intended', marketMs: 0 },
    order: { ...INTENT, limitTicks: null, stopTicks: null, protectTicks: null, reduceOnly: false },
  },
  STATE,
  { ...STATE, state: 'rejected', venueId: null, reason: '' },
  FILLED,
  { type: 'fill', fill: { ...FILL, caughtUp: true, feeIn: { asset: 'BTC', amount: '0.00000001' } } },
  EQUITY,
  { ...EQUITY, equity: 1, peak: 1, cash: '90071992547409930', unrealised: 0 },
  NOTE,
  { ...NOTE, level: 'warn', text: '', strategy: null, symbol: null, marketMs: -5 },
];

it.each(HOT)('gives back each field of $type from its slots, present or not', (record) => {
  const { layout, bytes } = written(record);
  expect(layout).toBe(LAYOUTS[record.type]?.length);
  expect(readBack(bytes)).toStrictEqual(record);
  expect(HOT.filter((other) => isSameRecord(record, other))).toEqual([record]);
});

it.each<Partial<OrderIntent>>([
  ...Object.entries(RARE).map(([member, value]) => ({ [member]: value })),
  { timeInForce: 'FOK' },
])('keeps an entry with %o whole, as JSON: the slots of the others stay as they were', (terms) => {
  const record = { ...INTENDED, order: { ...INTENT, ...terms } };
  const { layout, bytes } = written(record);
  expect(layout).toBe(0);
  expect(readBack(bytes)).toStrictEqual(record);
});

it.each([{ rate: 0.5 }, { feeExpected: true } as const])('keeps a fill with %o whole, as JSON', (more) => {
  const { feeLots: _lots, feeIn: _in, ...fill } = FILL;
  const record: EngineRecord = { type: 'fill', fill: { ...fill, ...more } };
  const { layout, bytes } = written(record);
  expect(layout).toBe(0);
  expect(readBack(bytes)).toStrictEqual(record);
});

it.each([
  { correction: 'the trade t7 was taken back' },
  { refusedChange: { because: 'nearer', why: 'there is no fresh price' } },
])('keeps a note with %o whole, as JSON', (more) => {
  const record: EngineRecord = { ...NOTE, ...more };
  const { layout, bytes } = written(record);
  expect(layout).toBe(0);
  expect(readBack(bytes)).toStrictEqual(record);
});

it('reads every layout that was ever on main as it was meant', () => {
  const kept = JSON.parse(readFileSync(new URL('../journals/layouts.json', import.meta.url), 'utf8'));
  const layouts = new Set<string>();
  for (const { bytes, record } of kept as { bytes: string; record: EngineRecord }[]) {
    expect(readBack(Buffer.from(bytes, 'hex'))).toEqual(record);
    layouts.add(`${record.type} ${Number.parseInt(bytes.slice(2, 4), 16)}`);
  }
  const known = Object.entries(LAYOUTS).flatMap(([type, each]) => each.map((_, at) => `${type} ${at + 1}`));
  expect([...layouts].sort()).toEqual(known.sort());
});

it('gives back a whole history as it was decided', () => {
  const types = new Set<string>();
  for (const kind of PAST_KINDS) {
    for (const record of livePast(kind).records) {
      types.add(record.type);
      expect(readBack(written(record).bytes)).toEqual(record);
    }
  }
  expect(types.size).toBeGreaterThan(12);
});

it('keeps each record type in slots, or names it among those that stand as JSON', () => {
  const named = [...Object.keys(LAYOUTS), ...WITHOUT_SLOTS].sort();
  expect(named).toEqual(Object.keys(RECORD_TYPES).sort());
  expect(HOT.map(({ type }) => type)).toEqual(expect.arrayContaining(Object.keys(LAYOUTS)));
});

it('writes as JSON what does not fit its slots, and loses nothing of it', () => {
  for (const quantityLots of [0.5, 2 ** 60]) {
    const record: EngineRecord = { type: 'fill', fill: { ...FILL, quantityLots } };
    const { layout, bytes } = written(record);
    expect(layout).toBe(JSON_LAYOUT);
    expect(readBack(bytes)).toEqual(record);
  }
  for (const more of [
    { exits: { targets: [{ ticks: 9, closedPpm: 1 }] } },
    { why: 'target 1 of 2' },
    { group: 'fabc12302' },
    { besideRestOf: 'fabc12300' },
  ] as const) {
    const record: EngineRecord = { ...INTENDED, order: { ...INTENT, ...more } };
    const { layout, bytes } = written(record);
    expect(layout).toBe(JSON_LAYOUT);
    expect(readBack(bytes)).toEqual(record);
  }
  const state = { ...STATE, state: 'of a later core' } as unknown as EngineRecord;
  expect(readBack(written(state).bytes)).toEqual(state);
});

it('takes back the names of a record that did not fit', () => {
  const to = new SlotWriter(8);
  const odd: EngineRecord = { type: 'fill', fill: { ...FILL, clientId: 'only-here', quantityLots: 0.5 } };
  const plain: EngineRecord = { type: 'fill', fill: { ...FILL, clientId: 'only-here' } };
  CODEC.write(to, odd);
  CODEC.write(to, plain);
  const from = new SlotReader(to.bytes, 0, to.at);
  expect([CODEC.read(from), CODEC.read(from)]).toEqual([odd, plain]);
});

it('gives back each of several texts that are alike: what was read before is remembered by length, first and last character', () => {
  const text = `order-${'x'.repeat(20)}c`;
  const other = text.replace('xx', 'xy');
  const longer = `${text}${'-'.repeat(30)}b`;
  const words = [text, text, other, text, longer, text, longer, other, '', 'é', 'è', 'é', text];
  const to = new SlotWriter(16);
  for (const word of words) to.text(word);
  const from = new SlotReader(to.bytes, 0, to.at);
  expect(words.map(() => from.text())).toEqual(words);
});

it('gives back any text and any whole number', () => {
  const texts = fc.array(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }));
  const numbers = fc.array(fc.oneof(fc.maxSafeInteger(), fc.integer()));
  fc.assert(
    fc.property(texts, numbers, (words, amounts) => {
      const to = new SlotWriter(1);
      for (const word of words) to.text(word);
      for (const word of words) to.name(word);
      for (const amount of amounts) to.i53(amount);
      const from = new SlotReader(to.bytes, 0, to.at);
      expect(words.map(() => from.text())).toEqual(words);
      expect(words.map(() => from.name())).toEqual(words);
      expect(amounts.map(() => from.i53())).toEqual(amounts.map((amount) => amount + 0));
      expect(to.fits).toBe(true);
    }),
  );
});

it('never reads behind the end, whatever the bytes say', () => {
  fc.assert(
    fc.property(fc.constantFrom(...HOT), fc.nat(), fc.nat(255), (record, place, byte) => {
      const { bytes } = written(record);
      bytes[place % bytes.length] = byte;
      const from = new SlotReader(Buffer.concat([bytes, Buffer.alloc(64, 0xff)]), 0, bytes.length);
      try {
        CODEC.read(from);
      } catch (error) {
        expect((error as Error).name).toMatch(/SlotError|UnknownRecord/);
      }
      expect(from.at).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 2_000 },
  );
});

/** The redesign that this format leaves room for: trades inside positions, and groups of orders. */
describe('of a later core', () => {
  type Later = { readonly type: 'trade.opened'; readonly tradeId: string; readonly marketMs: number };
  const types = { ...RECORD_TYPES, 'trade.opened': 40 } as typeof RECORD_TYPES;
  const intended = LAYOUTS['order.intended']!;
  const withGroup: Layout<'order.intended'> = {
    write: (to, record) => {
      intended[0].write(to, record);
      const { id, role } = (record.order as unknown as { family: { id: string; role: string } }).family;
      to.name(id);
      to.name(role);
    },
    read: (from) => {
      const record = intended[0].read(from);
      const family = { id: from.name(), role: from.name() };
      return { ...record, order: { ...record.order, family } as OrderIntent };
    },
  };
  const opened = {
    write: (to: SlotWriter, { tradeId, marketMs }: Later) => {
      to.name(tradeId);
      to.i53(marketMs);
    },
    read: (from: SlotReader) => ({ type: 'trade.opened', tradeId: from.name(), marketMs: from.i53() }),
  };
  const layouts = { ...LAYOUTS, 'order.intended': [...intended, withGroup], 'trade.opened': [opened] };
  const later = recordCodec(types, layouts as unknown as typeof LAYOUTS);
  const grouped = {
    ...HOT[0],
    order: { ...INTENT, family: { id: 'g1', role: 'target' } },
  } as unknown as EngineRecord;
  const trade = { type: 'trade.opened', tradeId: 't1', marketMs: 3 } as unknown as EngineRecord;

  it('new fields and record types need no other format, and older layouts are still read', () => {
    for (const record of [grouped, trade]) {
      expect(readBack(written(record, later).bytes, later)).toEqual(record);
    }
    expect(readBack(written(HOT[0]!).bytes, later)).toEqual(HOT[0]);
  });

  it('what it wrote is refused by its kind, not misread', () => {
    expect(() => readBack(written(grouped, later).bytes)).toThrow('it holds a record of kind 2.2');
    expect(() => readBack(written(trade, later).bytes)).toThrow('it holds a record of kind 40.1');
  });
});
