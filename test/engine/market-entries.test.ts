import { describe, expect, it } from 'vitest';
import type { StrategySize } from '../../src/engine/strategies/size-entry.js';
import type { MarketEntry } from '../../src/engine/strategies/strategy.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';
import { entriesInTurn, oneEntry } from './support/one-entry.js';

const BUY: MarketEntry = {
  ...{ side: 'buy', type: 'market', slippageTicks: 20, protectTicks: 9_900, because: 'now' },
};

type Changes = ConstructorParameters<typeof DeskUnderTest>[0];

function asked(wish: MarketEntry = BUY, changes: Changes = {}) {
  const desk = new DeskUnderTest({ strategies: [oneEntry(wish)], ...changes }, 1).active();
  desk.bar(0, 10_000);
  return desk;
}

describe('an entry at the market', () => {
  it('says the worst price that it takes, beyond the newest quote, and never rests', () => {
    const [entry] = asked().live('entry', 0);
    expect(entry).toMatchObject({ type: 'market', side: 'buy', limitTicks: 10_022, timeInForce: 'IOC' });
    expect(entry).toMatchObject({ protectTicks: 9_900, stopTicks: null, reduceOnly: false });
  });

  it('is bounded below the bid where it sells', () => {
    const sale: MarketEntry = { ...BUY, side: 'sell', protectTicks: 10_100 };
    const [entry] = asked(sale, { capabilities: { ...FUTURES, shorting: true } }).live('entry', 0);
    expect(entry).toMatchObject({ side: 'sell', limitTicks: 9_980 });
  });

  it('has its stop, targets and distance judged at that price', () => {
    const desk = asked({ ...BUY, slippageTicks: 600, protectTicks: 9_999 });
    // 603 ticks below 10,602 are more than the 5 % that the desk file allows; below the ask they would not be.
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'stop-loss-required', order: { limitTicks: 10_602 } },
    ]);
    const near = { targets: [{ ticks: 10_020, closedPpm: 1_000_000 }] };
    expect(asked({ ...BUY, exits: near }).recorded('order.denied')).toMatchObject([{ limit: 'exits' }]);
    const collar = { risk: { ...desk.config.risk, maxEntryDistancePct: 0.1 } };
    expect(asked(BUY, collar).recorded('order.denied')).toMatchObject([{ limit: 'price-collar' }]);
  });

  it.each<[string, MarketEntry, number]>([
    ['buys', BUY, 9_999],
    ['sells', { ...BUY, side: 'sell' }, 10_003],
  ])(
    'that %s is refused where the quote has reached its stop, though its worst price has not',
    (_, wish, good) => {
      const changes = { capabilities: { ...FUTURES, shorting: true } };
      const reached = wish.side === 'buy' ? good + 1 : good - 1;
      expect(asked({ ...wish, protectTicks: reached }, changes).recorded('order.denied')).toMatchObject([
        { limit: 'market-entry', reason: expect.stringContaining('has reached the stop-loss') },
      ]);
      expect(asked({ ...wish, protectTicks: good }, changes).live('entry', 0)).toHaveLength(1);
    },
  );

  it('is sized by that price too', () => {
    const size = { equityPct: 5 };
    const lots = (slippageTicks: number) =>
      asked({ ...BUY, slippageTicks, size }).live('entry', 0)[0]?.quantityLots ?? 0;
    // Equity is 10,000 or a hair less: 5 % of it ÷ the worst price of a lot.
    expect(lots(98)).toBeLessThan(lots(1));
    expect(lots(98) / lots(1)).toBeCloseTo(10_003 / 10_100, 3);
  });

  it('is refused, on record, before there is a price', () => {
    const desk = new DeskUnderTest({ strategies: [oneEntry(BUY)] }, 1).begin();
    desk.happen({
      ...{ kind: 'bar', instrument: 0, openMs: desk.marketMs - 60_000, spanMs: 60_000, warmup: false },
      ...{ openTicks: 10_000, highTicks: 10_000, lowTicks: 10_000, closeTicks: 10_000, volumeLots: 1 },
    });
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'size', reason: 'there is no price yet to enter at', order: { type: 'market' } },
    ]);
  });

  it('protects the part that a thin book gave, and can be made again', () => {
    const again = { ...BUY, because: 'once more' };
    const desk = new DeskUnderTest({ strategies: [entriesInTurn([BUY, again])] }, 1).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    const part = entry!.quantityLots / 2;
    desk.fill(entry!, 10_010, part);
    desk.happen({ kind: 'order.update', order: { ...venueOrder(entry!, part), state: 'expired' } });
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: part, stopTicks: 9_900 }]);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', entriesWorking: 0 });
  });

  it('that a venue keeps open is looked up, and cancelled at the next bar', () => {
    const desk = asked();
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.pass(desk.config.closeAll.answerTimeoutMs);
    expect(desk.sent('lookup')).toEqual([entry!.clientId]);
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toEqual([entry!.clientId]);
  });

  it('is the same after each record of its journal', () => {
    const desk = asked();
    desk.accept(desk.live('entry', 0)[0]!);
    desk.fill(desk.live('entry', 0)[0]!, 10_010);
    const again = new DeskUnderTest({ strategies: [oneEntry(BUY)] }, 1, desk.records);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
  });

  it('is known again as an entry where the book has lost it', () => {
    const desk = new DeskUnderTest({}, 1).begin();
    desk.quote(0, 10_000);
    const [entry] = asked().live('entry', 0);
    desk.snapshot({ openOrders: [venueOrder({ ...entry!, clientId: `f${desk.config.incarnation}zz` }, 0)] });
    expect(desk.recorded('order.intended').at(-1)?.order).toMatchObject({
      ...{ purpose: 'entry', type: 'market', reduceOnly: false, timeInForce: 'IOC' },
    });
  });
});

describe('the size of one entry', () => {
  const lots = (size: StrategySize | undefined, byDesk?: StrategySize) => {
    const listed = oneEntry(size === undefined ? {} : { size });
    const strategies = [byDesk === undefined ? listed : { ...listed, size: byDesk }];
    const desk = new DeskUnderTest({ strategies }, 1).active();
    desk.bar(0, 10_000);
    return desk.live('entry', 0)[0]?.quantityLots ?? desk.recorded('order.denied');
  };
  const most = lots(undefined) as number;

  it('is what it asks for, and never more than the limits leave', () => {
    expect(lots({ lots: most - 1 })).toBe(most - 1);
    expect(lots({ lots: most + 1 })).toBe(most);
    expect(lots({ equityPct: 100 })).toBe(most);
    expect(lots({ equityPct: 100, maxLots: 7_000 })).toBe(Math.min(most, 7_000));
  });

  it('is never more than the desk file’s own', () => {
    expect(lots({ lots: 3_000 }, { lots: 2_000 })).toBe(2_000);
    expect(lots({ lots: 1_500 }, { lots: 2_000 })).toBe(1_500);
    expect(lots({ lots: 3_000 }, { equityPct: 100, maxLots: 1_800 })).toBe(1_800);
  });

  it('that comes to no lot is refused with the figures', () => {
    expect(lots({ riskPct: 0.000_000_1 })).toMatchObject([
      { limit: 'size', reason: expect.stringContaining('not one lot fits') },
    ]);
  });
});
