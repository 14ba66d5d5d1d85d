/** Splits and dividends worked out by hand: what is held, where its stop is, what was paid out, and the result. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { inLieuMoney, parseSplit, splitShares } from '../../src/domain/corporate-action.js';
import { parseDecimal } from '../../src/domain/decimal.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { parseMoney, parseUnits, writeUnits } from '../../src/domain/money.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import { averageTicks, fundsOf, heldAt, stepsAt } from '../../src/engine/books.js';
import { MarketBook } from '../../src/engine/market-book.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { createState, type EngineState } from '../../src/engine/state.js';
import { stateHash } from '../../src/engine/state-hash.js';

const CASH = parseMoney('100000');

interface Row {
  readonly side: 'buy' | 'sell';
  readonly lot: string;
  readonly shares: string;
  readonly entry: string;
  readonly stop: string;
  readonly ratio: string;
  readonly price: string;
  readonly sharesAfter: string;
  readonly averageAfter: string;
  readonly stopAfter: string;
  readonly inLieu: string;
  readonly exit: string;
  readonly fees: string;
  readonly result: string;
  readonly source: string;
}

function rowsOf<R>(name: string): readonly R[] {
  const [head = '', ...lines] = readFileSync(new URL(`./tables/${name}`, import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const keys = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, at) => [keys[at], cell])) as R);
}

function share(lotSize: string): Instrument {
  const fees = { makerFeePpm: 0, takerFeePpm: 0, minNotional: '0' };
  return buildInstrument(0, { symbol: 'AAPL/USD', kind: 'stock', tickSize: '0.01', lotSize, ...fees });
}

/** A book of one stock, and what happens to it. */
class Book {
  readonly state: EngineState = createState();
  readonly records: EngineRecord[] = [];
  #orders = 0;

  constructor(readonly instrument: Instrument) {
    const of = { desk: 'desk', configHash: 'hash', symbols: ['AAPL/USD'], instruments: [instrument] };
    this.add({ type: 'config', ...of, startingCash: CASH, incarnation: 'abc123', marketMs: 0 });
  }

  add(record: EngineRecord): void {
    applyRecord(this.state, record);
    this.records.push(record);
    const [closed] = this.state.tradesToTell;
    expect(closed === undefined || closed.instrument === 0).toBe(true);
  }

  trade(
    side: 'buy' | 'sell',
    shares: string,
    price: string,
    fee: string,
    more: Partial<OrderIntent> = {},
  ): void {
    const { tickSize, lotSize } = this.instrument;
    this.#orders += 1;
    const clientId = `fabc123-${this.#orders}`;
    const quantityLots = parseDecimal(shares, lotSize);
    const order: OrderIntent = {
      ...{ clientId, instrument: 0, strategy: 'cross', purpose: 'entry', side, type: 'market', quantityLots },
      ...{ limitTicks: null, stopTicks: null, protectTicks: null, reduceOnly: false, timeInForce: 'IOC' },
      ...more,
    };
    this.add({ type: 'order.intended', order, marketMs: 1 });
    const fill = { tradeId: `t${this.#orders}`, clientId, instrument: 0, side, quantityLots };
    const priceTicks = parseDecimal(price, tickSize);
    const paid = {
      priceTicks,
      fee: parseMoney(fee),
      liquidity: 'taker',
      marketMs: 1,
      simulated: true,
    } as const;
    this.add({ type: 'fill', fill: { ...fill, ...paid } });
  }

  split(ratioText: string, price: string): void {
    const ratio = parseSplit(ratioText)!;
    const steps = stepsAt(this.state, 0);
    const { lots, over } = splitShares(BigInt(this.lots) * steps.perLot, ratio, steps);
    const priceTicks = parseDecimal(price, this.instrument.tickSize);
    const inLieu = writeUnits(inLieuMoney(over, ratio, priceTicks, steps));
    const of = { actionId: 'a1', instrument: 0, ...ratio, quantityLots: Number(lots), priceTicks, inLieu };
    this.add({ type: 'split', ...of, by: 'operator', reason: 'test', marketMs: 2 });
  }

  get lots(): number {
    return this.state.positions[0]!.quantityLots;
  }

  equityAt(price: string, after?: string): number {
    const book = new MarketBook([this.instrument]);
    const ticks = parseDecimal(price, this.instrument.tickSize);
    book.quote(0, ticks, ticks, 0);
    if (after !== undefined) book.split(0, parseSplit(after)!);
    book.hold([heldAt(this.state, this.state.positions[0]!)], fundsOf(this.state));
    return book.equity;
  }
}

const money = (text: string): number => Number(parseUnits(text));

describe('a split', () => {
  it.each(
    rowsOf<Row>('splits.csv').map(
      (row) => [`${row.side} ${row.shares} at ${row.entry}, ${row.ratio}: ${row.source}`, row] as const,
    ),
  )('%s', (_, row) => {
    const book = new Book(share(row.lot));
    const { tickSize, lotSize } = book.instrument;
    const ticks = (price: string): number => parseDecimal(price, tickSize);
    const fee = (Number(row.fees) / 2).toString();
    book.trade(row.side, row.shares, row.entry, fee, { protectTicks: ticks(row.stop) });
    const position = book.state.positions[0]!;
    const { cost } = position;
    const cash = fundsOf(book.state);
    const opened = { ...position.trade! };

    book.split(row.ratio, row.price);

    const sign = row.side === 'buy' ? 1 : -1;
    expect(position.quantityLots * sign).toBe(parseDecimal(row.sharesAfter, lotSize));
    expect(fundsOf(book.state) - cash).toBe(money(row.inLieu));
    if (row.inLieu === '0') expect(position.cost).toBe(cost);
    if (position.quantityLots !== 0) {
      expect(averageTicks(book.state, position)).toBeCloseTo(Number(row.averageAfter) * 100, 6);
      expect(position.trade).toMatchObject({
        id: opened.id,
        protectTicks: ticks(row.stopAfter),
        risk: opened.risk,
      });
      const { entryLots, entryTickLots, exitLots } = position.trade!;
      expect(entryLots - exitLots).toBe(Math.abs(position.quantityLots));
      expect(Number(entryTickLots) / entryLots).toBeCloseTo(Number(row.averageAfter) * 100, 1);
      book.trade(row.side === 'buy' ? 'sell' : 'buy', row.sharesAfter, row.exit, fee, { purpose: 'exit' });
    }
    expect(book.state.trips.get('cross/0')).toMatchObject({
      trades: 1,
      realised: BigInt(money(row.result)) * stepsAt(book.state, 0).perMoney,
    });
    expect(book.state.positions[0]).toMatchObject({ quantityLots: 0, cost: 0n, trade: null });
    expect(fundsOf(book.state) - CASH).toBe(money(row.result));
  });

  it('leaves equity as it was at the price that follows from it', () => {
    const book = new Book(share('1'));
    book.trade('buy', '100', '400', '1', { protectTicks: 38_000 });
    const before = book.equityAt('404');
    book.split('4:1', '101');
    expect(book.equityAt('404', '4:1')).toBe(before);
    expect(book.equityAt('101')).toBe(before);
  });

  it('changes the exits of a trade, and what was sold of it, alike', () => {
    const book = new Book(share('1'));
    const targets = [
      { ticks: 42_000, closedPpm: 500_000 },
      { ticks: 44_000, closedPpm: 1_000_000 },
    ];
    const plan = { targets, trailTicks: 2_000, breakEvenAtTicks: 41_000, maxBars: 9 };
    book.trade('buy', '90', '400', '0', { protectTicks: 38_000, exits: plan });
    book.trade('sell', '30', '410', '0', { purpose: 'exit' });
    book.split('3:1', '136.67');
    expect(book.state.positions[0]).toMatchObject({
      quantityLots: 180,
      trade: { entryLots: 270, exitLots: 90 },
    });
    expect(book.state.positions[0]!.trade).toMatchObject({
      ...{ entryTickLots: 3_600_000n, exitTickLots: 1_230_000n, protectTicks: 12_667 },
      exits: { soldBefore: 0, reached: 0 },
    });
    expect(book.state.positions[0]!.trade!.exits!.plan).toEqual({
      targets: [
        { ticks: 14_000, closedPpm: 500_000 },
        { ticks: 14_667, closedPpm: 1_000_000 },
      ],
      ...{ trailTicks: 667, breakEvenAtTicks: 13_667, maxBars: 9 },
    });
  });

  it('gives what fractions of two trades make together to the older one, and pays out nothing twice', () => {
    const book = new Book(share('1'));
    book.trade('buy', '1', '300', '0', { protectTicks: 29_000, ownTrade: true });
    book.trade('buy', '1', '303', '0', { protectTicks: 29_000, ownTrade: true, strategy: 'other' });
    const position = book.state.positions[0]!;
    const cash = fundsOf(book.state);
    book.split('3:2', '200');
    expect(position.quantityLots).toBe(3);
    expect(position.parts.map(({ quantityLots }) => quantityLots)).toEqual([2, 1]);
    expect(fundsOf(book.state)).toBe(cash);
    const cost = position.parts.reduce((sum, part) => sum + part.cost, 0n);
    const realised = position.parts.reduce((sum, part) => sum + part.trade!.result, 0n);
    expect(cost).toBe(position.cost);
    // 603 was paid in all: half a share of the second trade went for 100 that had cost 101.
    expect(cost - realised).toBe(parseUnits('603') * stepsAt(book.state, 0).perMoney);
    expect(realised).toBe(parseUnits('-1') * stepsAt(book.state, 0).perMoney);
  });

  it('comes to the same state when its records are replayed, and to none where they contradict it', () => {
    const book = new Book(share('1'));
    book.trade('buy', '105', '4', '1', { protectTicks: 350 });
    book.split('1:10', '40');
    const again = createState();
    for (const record of book.records) applyRecord(again, record);
    expect(stateHash(again)).toBe(stateHash(book.state));
    const split = book.records.find(({ type }) => type === 'split') as EngineRecord;
    const wrong = createState();
    for (const record of book.records.slice(0, -1)) applyRecord(wrong, record);
    expect(() => applyRecord(wrong, { ...split, quantityLots: 11 } as EngineRecord)).toThrow(
      /leaves 11 lots/,
    );
  });
});

describe('a dividend', () => {
  const rows = rowsOf<{
    side: 'buy' | 'sell';
    shares: string;
    perShare: string;
    amount: string;
    result: string;
  }>('dividends.csv');

  it.each(
    rows.map(
      (row) => [`of ${row.perShare} on ${row.shares} shares, ${row.side}: ${row.amount}`, row] as const,
    ),
  )('%s', (_, { side, shares, perShare, amount, result }) => {
    const book = new Book(share('1'));
    book.trade(side, shares, '50', '1', { protectTicks: side === 'buy' ? 4_900 : 5_100 });
    const cash = fundsOf(book.state);
    const paid = { actionId: 'd1', instrument: 0, perShare, amount: money(amount) };
    book.add({ type: 'dividend', ...paid, by: 'operator', reason: 'test', marketMs: 2 });
    expect(fundsOf(book.state) - cash).toBe(money(amount));
    book.trade(side === 'buy' ? 'sell' : 'buy', shares, '50', '1', { purpose: 'exit' });
    expect(book.state.trips.get('cross/0')!.realised).toBe(
      BigInt(money(result)) * stepsAt(book.state, 0).perMoney,
    );
    expect(fundsOf(book.state) - CASH).toBe(money(result));
  });

  it('is divided between the trades of a position by what each holds', () => {
    const book = new Book(share('1'));
    book.trade('buy', '10', '50', '0', { protectTicks: 4_900, ownTrade: true });
    book.trade('buy', '20', '50', '0', { protectTicks: 4_900, ownTrade: true, strategy: 'other' });
    const paid = { actionId: 'd1', instrument: 0, perShare: '0.1', amount: money('3') };
    book.add({ type: 'dividend', ...paid, by: 'operator', reason: 'test', marketMs: 2 });
    const { perMoney } = stepsAt(book.state, 0);
    expect(book.state.positions[0]!.parts.map(({ trade }) => trade!.result)).toEqual([
      parseUnits('1') * perMoney,
      parseUnits('2') * perMoney,
    ]);
  });
});
