/** Lots, first in, first out: worked by hand for each kind of instrument, and beside the ledger's books by average cost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import { buildInstrument, withConversions } from '../../src/domain/build-instrument.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { parseUnits, type Units } from '../../src/domain/money.js';
import type { Fill } from '../../src/domain/order.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { Runtime } from '../../src/home/runtime.js';
import { applyBatch } from '../../src/ledger/apply-batch.js';
import { LOT_COLUMNS, LotBook } from '../../src/ledger/fifo-lots.js';
import { exportRecords } from '../../src/operations/export-records.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { entriesOf, INSTRUMENTS, recordsOfTrades } from './support/journal-of-trades.js';

const START_MS = Date.UTC(2026, 0, 5, 10);
const DAY_MS = 86_400_000;

type Row = Readonly<Record<(typeof LOT_COLUMNS)[number], string>>;
const rowOf = (cells: readonly string[]): Row =>
  Object.fromEntries(LOT_COLUMNS.map((name, at) => [name, cells[at] ?? ''])) as Row;

let count = 0;
/** A day after the one before. `fee` in hundredths of the currency. */
function trade(side: Fill['side'], quantityLots: number, priceTicks: number, more: Partial<Fill> = {}) {
  count += 1;
  const fill: Fill = {
    ...{ tradeId: `t${count}`, clientId: `fabc123${count}`, instrument: 0, side, quantityLots, priceTicks },
    ...{ fee: 0, liquidity: 'taker', marketMs: START_MS + count * DAY_MS, simulated: false },
    ...more,
  };
  return { type: 'fill', fill } as const;
}
const configOf = (instruments: readonly Instrument[], incarnation?: string): EngineRecord =>
  ({
    ...recordsOfTrades(1, 1)[0],
    instruments,
    ...(incarnation === undefined ? {} : { incarnation }),
  }) as EngineRecord;

/** What is closed, then what is held. */
function lotsOf(instruments: readonly Instrument[], records: readonly EngineRecord[]): readonly Row[] {
  count = 0;
  const valued = records.filter((record) => record.type === 'fee.valued');
  const book = new LotBook(valued);
  const closed = [configOf(instruments), ...records].flatMap((record) => book.take(record));
  return [...closed, ...book.open()].map(rowOf);
}

const spec = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 } as const;
const share = buildInstrument(0, {
  ...spec,
  symbol: 'AAPL/USD',
  kind: 'stock',
  tickSize: '0.01',
  lotSize: '1',
});
const coin = buildInstrument(0, {
  ...spec,
  symbol: 'BTC/USDT',
  kind: 'spot',
  tickSize: '0.01',
  lotSize: '0.001',
});

describe('a sale', () => {
  it('closes the oldest purchase first, each part with its share of both fees', () => {
    const CENT = 1_000_000;
    const rows = lotsOf(
      [share],
      [
        trade('buy', 100, 10_000, { fee: 100 * CENT }),
        trade('buy', 50, 12_000, { fee: 50 * CENT }),
        trade('sell', 120, 15_000, { fee: 240 * CENT }),
      ],
    );
    const apple = {
      symbol: 'AAPL/USD',
      side: 'long',
      value_currency: 'USD',
      currency: 'USD',
      rate: '',
      simulated: 'false',
    };
    const sold = { closed: '2026-01-08T10:00:00.000Z', closed_by: 't3', close_price: '150' };
    expect(rows).toEqual([
      {
        ...{
          ...apple,
          ...sold,
          quantity: '100',
          opened: '2026-01-06T10:00:00.000Z',
          opened_by: 't1',
          open_price: '100',
        },
        ...{ opened_value: '10000', closed_value: '15000', fees: '3', result: '4997' },
      },
      {
        ...{
          ...apple,
          ...sold,
          quantity: '20',
          opened: '2026-01-07T10:00:00.000Z',
          opened_by: 't2',
          open_price: '120',
        },
        ...{ opened_value: '2400', closed_value: '3000', fees: '0.6', result: '599.4' },
      },
      {
        ...{
          ...apple,
          quantity: '30',
          opened: '2026-01-07T10:00:00.000Z',
          opened_by: 't2',
          open_price: '120',
        },
        ...{
          closed: '',
          closed_by: '',
          close_price: '',
          closed_value: '',
          opened_value: '3600',
          fees: '0.3',
          result: '',
        },
      },
    ]);
  });

  it('of more than is held opens a short lot, which a purchase closes', () => {
    const rows = lotsOf(
      [share],
      [trade('buy', 10, 10_000), trade('sell', 25, 11_000), trade('buy', 15, 10_400)],
    );
    expect(rows).toMatchObject([
      { side: 'long', quantity: '10', result: '100' },
      { side: 'short', quantity: '15', open_price: '110', close_price: '104', result: '90', opened_by: 't2' },
    ]);
    expect(rows).toHaveLength(2);
  });
});

describe('what is not a purchase', () => {
  it('is a lot of its own: adopted, or given to the desk by a person; and what was taken away closes the oldest', () => {
    const marketMs = START_MS;
    const claimed = {
      symbol: 'BTC/USDT',
      quantityLots: 2_000,
      costTicks: 30_000_00,
      value: 0,
      by: 'anna',
      reason: 'mine',
    };
    const rows = lotsOf(
      [coin],
      [
        { type: 'coins.claimed', ...claimed, marketMs },
        { type: 'position.adopted', instrument: 0, quantityLots: 3_000, priceTicks: 40_000_00, marketMs },
        { type: 'position.adopted', instrument: 0, quantityLots: 500, priceTicks: 50_000_00, marketMs },
      ],
    );
    expect(rows).toMatchObject([
      { quantity: '2', opened_by: 'claimed', open_price: '30000', closed_by: 'adopted', result: '40000' },
      { quantity: '0.5', opened_by: 'adopted', open_price: '40000', closed_by: 'adopted', result: '5000' },
      { quantity: '0.5', opened_by: 'adopted', open_price: '40000', closed: '', simulated: '' },
    ]);
  });

  it('by a split: a lot keeps its day and its cost, and what is less than a share is paid out', () => {
    const split = { actionId: 'a1', instrument: 0, numerator: 3, denominator: 2, quantityLots: 16 };
    const records: EngineRecord[] = [
      ...[trade('buy', 5, 9_000), trade('buy', 6, 12_000)],
      // 7.5 and 9 new shares: half of one is paid out at 70.
      {
        type: 'split',
        ...split,
        inLieu: 35e8,
        priceTicks: 7_000,
        by: 'anna',
        reason: '3:2',
        marketMs: START_MS,
      },
      trade('sell', 16, 8_000),
    ];
    expect(lotsOf([share], records)).toMatchObject([
      {
        quantity: '0.5',
        opened_by: 't1',
        open_price: '60',
        closed_by: 'in lieu',
        close_price: '70',
        result: '5',
      },
      {
        quantity: '7',
        opened_by: 't1',
        open_price: '60',
        opened_value: '420',
        closed_value: '560',
        result: '140',
      },
      {
        quantity: '9',
        opened_by: 't2',
        open_price: '80',
        opened_value: '720',
        closed_value: '720',
        result: '0',
      },
    ]);
  });
});

describe('fees', () => {
  it('that were kept in the coin never became a lot, and are fees for what they were worth', () => {
    const fee = { fee: 50e8, feeIn: { asset: 'BTC', amount: '0.001' } };
    const rows = lotsOf([coin], [trade('buy', 1_000, 50_000_00, fee), trade('sell', 999, 60_000_00)]);
    expect(rows).toMatchObject([
      { quantity: '0.999', opened_value: '49950', closed_value: '59940', fees: '50', result: '9940' },
    ]);
  });

  it('that could only be valued later count with that value', () => {
    const feeIn = { asset: 'BNB', amount: '0.01', unvalued: true } as const;
    const valued = { instrument: 1, strategy: 's', asset: 'BNB', amount: '0.01', priceTicks: 1, fee: 6e8 };
    const rows = lotsOf(
      [coin],
      [
        ...[trade('buy', 1_000, 50_000_00, { feeIn }), trade('sell', 1_000, 50_000_00)],
        { type: 'fee.valued', ...valued, marketMs: START_MS },
      ],
    );
    expect(rows).toMatchObject([{ fees: '6', result: '-6' }]);
  });
});

describe('contracts', () => {
  it('are worth what the contract is worth: a future 20 dollars a point', () => {
    const nq = buildInstrument(0, {
      ...{
        ...spec,
        symbol: 'NQ/USD',
        kind: 'future',
        exchange: 'CME',
        multiplier: '20',
        tickSize: '0.25',
        lotSize: '1',
      },
    });
    const rows = lotsOf([nq], [trade('sell', 2, 80_000), trade('buy', 1, 79_960)]);
    expect(rows).toMatchObject([
      {
        side: 'short',
        quantity: '1',
        open_price: '20000',
        close_price: '19990',
        opened_value: '400000',
        result: '200',
      },
      { side: 'short', quantity: '1', closed: '' },
    ]);
  });

  it('that settle in their coin are worth less of it the higher the price', () => {
    const inverse = {
      ...spec,
      symbol: 'BTC/USD',
      kind: 'inverse',
      multiplier: '100',
      tickSize: '0.5',
      lotSize: '1',
    } as const;
    const rows = lotsOf(
      [buildInstrument(0, inverse)],
      [trade('buy', 10, 80_000), trade('sell', 10, 100_000)],
    );
    // 1,000 ÷ 40,000 − 1,000 ÷ 50,000.
    expect(rows).toMatchObject([
      {
        opened_value: '0.025',
        closed_value: '0.02',
        value_currency: 'BTC',
        result: '0.005',
        currency: 'BTC',
      },
    ]);
  });

  it('in another currency have their values in it, and their result in the desk’s at the rate of the closing', () => {
    const pair = {
      ...spec,
      kind: 'fx',
      tickSize: '0.01',
      pip: '0.01',
      lotSize: '1',
      multiplier: '100000',
    } as const;
    const pairs = ['GBP/JPY', 'USD/JPY'].map((symbol, id) => buildInstrument(id, { symbol, ...pair }));
    const rows = lotsOf(withConversions(pairs, 'USD'), [
      trade('buy', 1, 19_000, { rate: 1 / 125, fee: 4e8 }),
      trade('sell', 1, 19_100, { rate: 1 / 160, fee: 4e8 }),
    ]);
    expect(rows).toMatchObject([
      ...[
        {
          opened_value: '19000000',
          closed_value: '19100000',
          value_currency: 'JPY',
          fees: '8',
          result: '617',
        },
      ],
    ]);
    expect(rows[0]).toMatchObject({ currency: 'USD', rate: '0.00625' });
  });

  it('of a pair that begins with the desk’s currency are worth as much as any other', () => {
    const pair = { ...spec, kind: 'fx', tickSize: '0.001', pip: '0.01', lotSize: '0.01' } as const;
    const yen = buildInstrument(0, { symbol: 'USD/JPY', multiplier: '100000', ...pair });
    const rows = lotsOf(withConversions([yen], 'USD'), [
      trade('buy', 100, 150_000, { rate: 1 / 150, fee: 3.5e8 }),
      trade('sell', 50, 150_400, { rate: 1 / 160, fee: 3.5e8 }),
    ]);
    // 50,000 dollars rose by 0.4 yen: 20,000 yen, at 160 a dollar; less half of 3.50, and 3.50.
    expect(rows).toMatchObject([
      { opened_value: '7500000', closed_value: '7520000', quantity: '0.5', fees: '5.25', result: '119.75' },
      { opened_value: '7500000', quantity: '0.5', fees: '1.75', closed: '' },
    ]);
    expect(rows[0]).toMatchObject({ value_currency: 'JPY', currency: 'USD' });
  });
});

describe('fermata export lots', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  async function exported(desk: string, fromMs: number | null = null, untilMs: number | null = null) {
    const context = { pool: database.pool, desk: { desk } as Desk, runtime: { desk } as Runtime };
    let text = '';
    for await (const part of exportRecords(context, null, { kind: 'lots', fromMs, untilMs })) text += part;
    const [header = '', ...rows] = text.slice(0, -1).split('\n');
    expect(header).toBe(LOT_COLUMNS.join(','));
    return rows.map((row) => rowOf(row.split(',')));
  }
  const tell = async (desk: string, records: readonly EngineRecord[], incarnation = 'abc123') =>
    applyBatch(database.pool, { desk, simulated: true }, entriesOf(records, incarnation));

  it('comes to the ledger’s books by average cost: the same is held, and results and cost of it are one sum', async () => {
    await tell('many', recordsOfTrades(20261126, 1_500));
    const rows = await exported('many');
    expect(rows.filter(({ closed }) => closed !== '').length).toBeGreaterThan(300);
    const books = await database.pool.query<{
      symbol: string;
      quantity: string;
      cost: string;
      realised: string;
    }>(`select symbol, quantity::text, cost::text, realised::text from positions where desk = 'many'`);
    expect(books.rows).toHaveLength(INSTRUMENTS.length);
    for (const { symbol, quantity, cost, realised } of books.rows) {
      const of = rows.filter((row) => row.symbol === symbol);
      const sum = (part: readonly Row[], value: (row: Row) => Units) =>
        part.reduce((total, row) => total + (row.side === 'long' ? 1n : -1n) * value(row), 0n);
      const open = of.filter(({ closed }) => closed === '');
      const closed = of.filter((row) => row.closed !== '');
      expect(sum(open, (row) => parseUnits(row.quantity, 24))).toBe(parseUnits(quantity, 24));
      const held = sum(open, (row) => parseUnits(row.opened_value, 24));
      const gross = closed.reduce(
        (all, { result, fees }) => all + parseUnits(result, 24) + parseUnits(fees, 24),
        0n,
      );
      expect(held - gross).toBe(parseUnits(cost, 24) - parseUnits(realised, 24));
    }
    const paid = await database.pool.query<{ fees: string }>(
      `select sum(fee)::text as fees from fills where desk = 'many'`,
    );
    const fees = rows.reduce((all, row) => all + parseUnits(row.fees, 24), 0n);
    expect(fees).toBe(parseUnits(paid.rows[0]?.fees ?? '', 24));
  });

  it('tells each fill once where a journal was restored or set back', async () => {
    count = 100;
    const before = [configOf(INSTRUMENTS), trade('buy', 100, 5_000_000), trade('buy', 100, 5_100_000)];
    const lost = [trade('sell', 150, 5_200_000), trade('buy', 7, 5_000_000)];
    await tell('restored', [...before, ...lost]);
    const first = await exported('restored');
    expect(first.map(({ quantity, closed_by }) => [quantity, closed_by])).toEqual([
      ...[
        ['0.001', 't103'],
        ['0.0005', 't103'],
      ],
      ...[
        ['0.0005', ''],
        ['0.00007', ''],
      ],
    ]);
    // It hears again of one of the trades that it had lost; the other was counted in the venue's position.
    const adopted = { instrument: 0, quantityLots: 57, priceTicks: 5_000_000, marketMs: START_MS } as const;
    const again = [
      lost[0],
      { type: 'position.adopted', ...adopted },
      trade('sell', 57, 5_300_000),
    ] as EngineRecord[];
    await tell('restored', [...before, configOf(INSTRUMENTS, 'def456'), ...again], 'def456');
    const second = await exported('restored');
    expect(second.slice(0, 2)).toEqual(first.slice(0, 2));
    expect(second.slice(2)).toMatchObject([
      { quantity: '0.0005', opened_by: 't102', closed_by: 't105' },
      { quantity: '0.00007', opened_by: 't104', closed_by: 't105' },
    ]);
    expect(second).toHaveLength(4);
  });

  describe('where an older journal was put back, and people entered what it had forgotten again', () => {
    const held = async (desk: string) =>
      (await exported(desk)).map(({ quantity, opened_value, closed_by }) => [
        quantity,
        opened_value,
        closed_by,
      ]);
    const split = (numerator: number, quantityLots: number, inLieu = 0): EngineRecord => ({
      ...{ type: 'split', actionId: 'a1', instrument: 0, numerator, denominator: 2, quantityLots, inLieu },
      ...{ priceTicks: 5_000, by: 'anna', reason: 'effective Monday', marketMs: START_MS },
    });
    const claim = (costTicks: number): EngineRecord => ({
      ...{ type: 'coins.claimed', symbol: 'BTC/USDT', quantityLots: 2_000, costTicks, value: 0 },
      ...{ by: 'anna', reason: 'mine', marketMs: START_MS },
    });

    it('has a split once, and the next one as well', async () => {
      count = 300;
      const before = [configOf([share]), trade('buy', 11, 10_000)];
      const sale = trade('sell', 4, 7_000);
      // 16.5 new shares: half of one is paid out.
      await tell('split-again', [...before, split(3, 16, 25e8), sale]);
      const once = [
        ['0.5', '33.333333333333333333333333', 'in lieu'],
        ['4', '266.666666666666666666666667', 't302'],
      ];
      expect(await held('split-again')).toEqual([...once, ['12', '800', '']]);
      const again = [configOf([share], 'def456'), split(3, 16, 25e8), sale];
      await tell('split-again', [...before, ...again], 'def456');
      expect(await held('split-again')).toEqual([...once, ['12', '800', '']]);
      const third = [configOf([share], 'ghi789'), configOf([share], 'ghi789'), split(3, 16, 25e8), sale];
      await tell('split-again', [...before, ...third, split(3, 18)], 'ghi789');
      expect(await held('split-again')).toEqual([...once, ['18', '800', '']]);
    });

    it('has another split of the same ratio, where the first was adopted with the position', async () => {
      count = 400;
      const before = [configOf([share]), trade('buy', 10, 10_000)];
      await tell('split-later', [...before, split(4, 20)]);
      const adopted = { instrument: 0, quantityLots: 20, priceTicks: 5_000, marketMs: START_MS } as const;
      const later = [{ type: 'position.adopted', ...adopted }, split(4, 40)] as EngineRecord[];
      await tell('split-later', [...before, configOf([share], 'def456'), ...later], 'def456');
      expect(await held('split-later')).toEqual([['40', '1000', '']]);
    });

    it('has a claim once, however often the journal was put back, and one more that only looks the same', async () => {
      const before = [configOf([coin])];
      const anew = (incarnation: string, times: number) =>
        Array.from({ length: times }, () => configOf([coin], incarnation));
      await tell('claimed-again', [...before, claim(30_000_00), claim(31_000_00)]);
      const both = [
        ['2', '60000', ''],
        ['2', '62000', ''],
      ];
      const second = [...before, ...anew('def456', 2), claim(30_000_00), claim(31_000_00)];
      await tell('claimed-again', second, 'def456');
      expect(await held('claimed-again')).toEqual(both);
      const third = [...before, ...anew('ghi789', 4), claim(31_000_00), claim(30_000_00), claim(30_000_00)];
      await tell('claimed-again', third, 'ghi789');
      expect(await held('claimed-again')).toEqual([...both, ['2', '60000', '']]);
    });
  });

  it('has what was closed between two days, and then what was held at the end of the last', async () => {
    count = 200;
    const records = [
      ...[trade('buy', 10, 5_000_000), trade('sell', 1, 5_000_000), trade('sell', 2, 5_000_000)],
      ...[trade('sell', 3, 5_000_000), trade('buy', 4, 5_000_000)],
    ];
    await tell('span', [configOf(INSTRUMENTS), ...records]);
    const [, , second, third] = records.map(({ fill }) => fill.marketMs);
    const rows = await exported('span', second, third);
    expect(rows.map(({ quantity, closed_by }) => [quantity, closed_by])).toEqual([
      ...[
        ['0.00002', 't203'],
        ['0.00007', ''],
      ],
    ]);
  });
});
