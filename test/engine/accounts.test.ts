import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMoney, parseMoney } from '../../src/domain/money.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import { cashUnits, fundsOf, heldPositions } from '../../src/engine/books.js';
import { MarketBook } from '../../src/engine/market-book.js';
import { createState, type EngineState } from '../../src/engine/state.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { deskConfig } from './support/desk-config.js';

interface Deal {
  readonly side: 'buy' | 'sell';
  readonly lots: number;
  readonly price: number;
  readonly fee: number;
  readonly feeLots?: number;
}

function account(kind: 'spot' | 'linear'): EngineState {
  const config = deskConfig({ capabilities: kind === 'spot' ? SPOT : FUTURES }, 1);
  const state = createState();
  applyRecord(state, {
    type: 'config',
    configHash: 'hash',
    desk: 'desk',
    symbols: ['BTC/USDT'],
    instruments: config.instruments,
    startingCash: parseMoney('10000'),
    marketMs: 0,
  });
  return state;
}

function deal(state: EngineState, { side, lots, price, fee, feeLots }: Deal): void {
  applyRecord(state, {
    type: 'fill',
    fill: {
      tradeId: `t${state.counters.fills}`,
      clientId: 'fabc1231',
      instrument: 0,
      side,
      quantityLots: lots,
      priceTicks: price,
      fee,
      ...(feeLots === undefined ? {} : { feeLots }),
      liquidity: 'taker',
      marketMs: 0,
      simulated: true,
    },
  });
}

function equityAt(state: EngineState, bidTicks: number): number {
  const market = new MarketBook(state.config!.instruments);
  market.quote(0, bidTicks, bidTicks, 0);
  market.hold(heldPositions(state), fundsOf(state));
  return market.equity;
}

describe('positions and cash', () => {
  it.each(['spot', 'linear'] as const)('equal the table worked by hand (%s)', (kind) => {
    const state = account(kind);
    const perTickLot = state.config!.instruments[0]!.moneyPerTickLot;
    expect(perTickLot).toBe(1_000);
    // quantity, cost, realised after each deal; lots of 0.001, ticks of 0.01
    const table: [Deal, number, string, string][] = [
      [{ side: 'buy', lots: 1_000, price: 10_000, fee: 0 }, 1_000, '100.00', '0.00'],
      [{ side: 'buy', lots: 1_000, price: 11_000, fee: 0 }, 2_000, '210.00', '0.00'],
      [{ side: 'sell', lots: 500, price: 12_000, fee: 0 }, 1_500, '157.50', '7.50'],
      [{ side: 'sell', lots: 1_500, price: 10_000, fee: 0 }, 0, '0.00', '0.00'],
    ];
    for (const [next, lots, cost, realised] of table) {
      deal(state, next);
      const position = state.positions[0]!;
      expect([
        position.quantityLots,
        formatMoney(position.cost, 2),
        formatMoney(position.realised, 2),
      ]).toEqual([lots, cost, realised]);
    }
    expect(formatMoney(cashUnits(state), 2)).toBe('10000.00');
  });

  it('hold what is left of a purchase whose fee the venue kept in coins, and cash pays the purchase alone', () => {
    const state = account('spot');
    const perTickLot = state.config!.instruments[0]!.moneyPerTickLot;
    const fee = 2 * 10_000 * perTickLot;
    deal(state, { side: 'buy', lots: 1_000, price: 10_000, fee, feeLots: 2 });
    const position = state.positions[0]!;
    expect(position.quantityLots).toBe(998);
    expect(formatMoney(position.cost, 2)).toBe('99.80');
    expect(formatMoney(cashUnits(state), 2)).toBe('9900.00');
    expect(equityAt(state, 10_000)).toBe(parseMoney('10000') - fee);
    deal(state, { side: 'sell', lots: 998, price: 10_000, fee: 0 });
    const [trip] = [...state.trips.values()];
    expect([position.quantityLots, trip!.trades, trip!.realised]).toEqual([0, 1, -BigInt(fee)]);
  });

  it('turn round in one fill: the old position is realised, the new one costs its price', () => {
    const state = account('linear');
    deal(state, { side: 'buy', lots: 1_000, price: 10_000, fee: 0 });
    deal(state, { side: 'sell', lots: 3_000, price: 10_100, fee: 0 });
    const position = state.positions[0]!;
    expect(position.quantityLots).toBe(-2_000);
    expect(formatMoney(position.realised, 2)).toBe('1.00');
    expect(formatMoney(position.cost, 2)).toBe('-202.00');
    expect(formatMoney(equityAt(state, 10_100), 2)).toBe('10001.00');
  });

  it('count a round trip as won only after its fees', () => {
    const state = account('spot');
    deal(state, { side: 'buy', lots: 1_000, price: 10_000, fee: parseMoney('0.6') });
    deal(state, { side: 'sell', lots: 1_000, price: 10_100, fee: parseMoney('0.6') });
    const trip = state.trips.get('fermata/0')!;
    expect([trip.trades, trip.wins, formatMoney(trip.realised, 2)]).toEqual([1, 0, '-0.20']);
  });

  const deals = fc.array(
    fc.record({
      side: fc.constantFrom('buy' as const, 'sell' as const),
      lots: fc.integer({ min: 1, max: 5_000 }),
      price: fc.integer({ min: 1, max: 50_000 }),
      fee: fc.integer({ min: -1_000, max: 100_000 }),
    }),
    { maxLength: 30 },
  );

  it.each(['spot', 'linear'] as const)('give an equity that every fill explains (%s)', (kind) => {
    fc.assert(
      fc.property(deals, fc.integer({ min: 1, max: 50_000 }), (made, mark) => {
        const state = account(kind);
        let expected = parseMoney('10000');
        let lots = 0;
        for (const next of made) {
          deal(state, next);
          const signed = next.side === 'buy' ? next.lots : -next.lots;
          lots += signed;
          expected -= signed * next.price * 1_000 + next.fee;
        }
        expect(state.positions[0]!.quantityLots).toBe(lots);
        expect(equityAt(state, mark)).toBe(expected + lots * mark * 1_000);
      }),
    );
  });

  it('keep equity where it was when the quantity of the venue is adopted', () => {
    for (const kind of ['spot', 'linear'] as const) {
      const state = account(kind);
      deal(state, { side: 'buy', lots: 1_000, price: 10_000, fee: 0 });
      const before = equityAt(state, 11_000);
      applyRecord(state, {
        type: 'position.adopted',
        instrument: 0,
        quantityLots: 250,
        priceTicks: 11_000,
        marketMs: 0,
      });
      expect(equityAt(state, 11_000)).toBe(before);
    }
  });

  it('are exact to the last unit where no number is any more', () => {
    const state = account('spot');
    deal(state, { side: 'buy', lots: 999_999_999_999, price: 999_999_999, fee: 1 });
    const cost = 999_999_999_999n * 999_999_999n * 1_000n;
    expect([state.positions[0]!.cost, cashUnits(state)]).toEqual([cost, 1_000_000_000_000n - cost - 1n]);
    deal(state, { side: 'sell', lots: 999_999_999_999, price: 999_999_999, fee: 0 });
    expect(cashUnits(state)).toBe(999_999_999_999n);
  });

  it('tell results by instrument with every place, so that their sum is rounded once', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000, 75, 450_000);
    desk.quote(0, 10_001);
    const said = () => desk.status({ startingCash: parseMoney('10000') });
    expect(said().positions.map(({ unrealised }) => unrealised)).toEqual(['0.00075']);
    const [stop] = desk.live('protective', 0);
    desk.accept(stop!);
    desk.fill(stop!, 9_800);
    expect(said().strategies.map(({ realised }) => realised)).toContain('-0.1545');
    expect(said().equity).toMatch(/^\d+\.\d\d$/);
  });
});
