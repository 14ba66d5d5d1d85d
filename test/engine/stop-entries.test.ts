import { describe, expect, it } from 'vitest';
import type { StopEntry } from '../../src/engine/strategies/strategy.js';
import { ActivityLog } from '../../src/trader/status/activity.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';
import { entriesInTurn, oneEntry } from './support/one-entry.js';

/** The bid is 10,000 and the ask 10,002. */
const BUY: StopEntry = {
  ...{ side: 'buy', type: 'stop', stopTicks: 10_050, slippageTicks: 20, protectTicks: 9_900 },
  ...{ restBars: 3, because: 'it may break out' },
};
const SELL: StopEntry = { ...BUY, side: 'sell', stopTicks: 9_950, protectTicks: 10_100 };

type Changes = ConstructorParameters<typeof DeskUnderTest>[0];
const SHORTING = { capabilities: { ...FUTURES, shorting: true } };

function asked(wish: StopEntry = BUY, changes: Changes = {}) {
  const desk = new DeskUnderTest({ strategies: [oneEntry(wish)], ...changes }, 1).active();
  desk.bar(0, 10_000);
  return desk;
}

describe('an entry by a stop', () => {
  it('rests at its trigger, and says the worst price that it takes from there', () => {
    const [bought] = asked().live('entry', 0);
    expect(bought).toMatchObject({ type: 'stop', side: 'buy', stopTicks: 10_050, limitTicks: 10_070 });
    expect(bought).toMatchObject({ protectTicks: 9_900, reduceOnly: false, timeInForce: 'GTC' });
    const [sold] = asked(SELL, SHORTING).live('entry', 0);
    expect(sold).toMatchObject({ type: 'stop', side: 'sell', stopTicks: 9_950, limitTicks: 9_930 });
  });

  it.each<[string, StopEntry, number, string]>([
    ['buys', BUY, 10_002, 'a purchase above the ask, and the ask is 100.02'],
    ['sells', SELL, 10_000, 'a sale below the bid, and the bid is 100.00'],
  ])('that %s is refused where its trigger is reached already', (_, wish, reached, words) => {
    expect(asked({ ...wish, stopTicks: reached }, SHORTING).recorded('order.denied')).toMatchObject([
      {
        limit: 'stop-entry',
        reason: expect.stringContaining(`is on the wrong side: a stop is for ${words}`),
      },
    ]);
    const ahead = wish.side === 'buy' ? reached + 1 : reached - 1;
    expect(asked({ ...wish, stopTicks: ahead }, SHORTING).live('entry', 0)).toHaveLength(1);
  });

  it.each<[string, StopEntry, number]>([
    ['buys', BUY, 10_047],
    ['sells', SELL, 9_953],
  ])('that %s is refused where its stop-loss would go off as it is filled', (_, wish, good) => {
    const bad = wish.side === 'buy' ? good + 1 : good - 1;
    expect(asked({ ...wish, protectTicks: bad }, SHORTING).recorded('order.denied')).toMatchObject([
      { limit: 'stop-entry', reason: expect.stringContaining('so near its trigger') },
    ]);
    expect(asked({ ...wish, protectTicks: good }, SHORTING).live('entry', 0)).toHaveLength(1);
  });

  it('has its stop-loss, targets, distance and size judged at the worst price', () => {
    // 5 % of 10,150 are 507 ticks, and it is 550 away; from the trigger it would be 450 of 502.
    const wide = asked({ ...BUY, slippageTicks: 100, protectTicks: 9_600 });
    expect(wide.recorded('order.denied')).toMatchObject([
      { limit: 'stop-loss-required', order: { limitTicks: 10_150 } },
    ]);
    const near = { targets: [{ ticks: 10_065, closedPpm: 1_000_000 }] };
    expect(asked({ ...BUY, exits: near }).recorded('order.denied')).toMatchObject([{ limit: 'exits' }]);
    const collar = { risk: { ...wide.config.risk, maxEntryDistancePct: 0.6 } };
    expect(asked(BUY, collar).recorded('order.denied')).toMatchObject([{ limit: 'price-collar' }]);
    const lots = (slippageTicks: number) =>
      asked({ ...BUY, slippageTicks, size: { equityPct: 5 } }).live('entry', 0)[0]?.quantityLots ?? 0;
    expect(lots(100) / lots(1)).toBeCloseTo(10_051 / 10_150, 3);
  });

  it('is taken off once it has rested as long as it may, and by a stop at once', () => {
    const aged = asked();
    aged.accept(aged.live('entry', 0)[0]!);
    for (const _ of [1, 2]) aged.bar(0, 10_000);
    expect(aged.sent('cancel')).toEqual([]);
    aged.bar(0, 10_000);
    expect(aged.sent('cancel')).toHaveLength(1);

    const stopped = asked();
    const [entry] = stopped.live('entry', 0);
    stopped.accept(entry!);
    stopped.command({ name: 'stop' });
    expect(stopped.sent('cancel')).toEqual([entry!.clientId]);
  });

  it('that the market reached is no difference, and the part that was filled has its stop', () => {
    const desk = asked();
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    const part = entry!.quantityLots / 2;
    desk.fill(entry!, 10_060, part);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: part, stopTicks: 9_900 }]);
    desk.accept(desk.live('protective', 0)[0]!);
    desk.pass(desk.config.closeAll.answerTimeoutMs);
    expect(desk.sent('lookup')).toEqual([]);
    desk.command({ name: 'reconcile' });
    desk.snapshot();
    expect(desk.recorded('reconciled').at(-1)).toMatchObject({ clean: true });
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', entriesWorking: 1 });
  });

  it('that the venue refuses, since the market was faster, halts nothing and can be made again', () => {
    const strategies = [entriesInTurn([BUY, { ...BUY, stopTicks: 10_060 }])];
    const desk = new DeskUnderTest({ strategies }, 1).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    const refusal = { code: '-2010', text: 'Stop price would trigger immediately.', wouldTrigger: true };
    desk.happen({ kind: 'order.rejected', clientId: entry!.clientId, ...refusal });
    desk.bar(0, 10_000);
    expect(desk.live('entry', 0)).toMatchObject([{ stopTicks: 10_060 }]);
    expect(desk.engine.view.mode).toBe('ACTIVE');
  });

  it('is told as what rests, and what it waits for', () => {
    const desk = asked();
    expect(desk.engine.whyNotTrading()).toEqual([
      {
        subject: 'once BTC/USDT',
        reason: 'an entry rests: buy, triggers at 100.50, 100.70 at worst',
        waitsFor: 'the ask to reach its trigger',
      },
    ]);
    const { instruments } = desk.config;
    const log = new ActivityLog(instruments);
    for (const record of desk.records) log.add(record, 0);
    expect(log.newestFirst().map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/: entry order, buy [\d.]+ \(stop\), triggers at 100\.50, 100\.70 at worst$/),
    );
    expect(desk.status().orders).toMatchObject([{ type: 'stop', price: '100.50', worstPrice: '100.70' }]);
  });

  it('is the same after each record of its journal', () => {
    const desk = asked();
    desk.accept(desk.live('entry', 0)[0]!);
    desk.fill(desk.live('entry', 0)[0]!, 10_060);
    const again = new DeskUnderTest({ strategies: [oneEntry(BUY)] }, 1, desk.records);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
  });

  it('is known again as an entry where the book has lost it; what sells only what is held is a stop-loss', () => {
    const adopted = (wish: StopEntry, changes: Changes, of: Changes = changes) => {
      const desk = new DeskUnderTest(changes, 1).begin();
      desk.quote(0, 10_000);
      const [entry] = asked(wish, of).live('entry', 0);
      const clientId = `f${desk.config.incarnation}zz`;
      desk.snapshot({ openOrders: [venueOrder({ ...entry!, clientId }, 0)] });
      return desk.recorded('order.intended').at(-1)?.order;
    };
    const entry = { purpose: 'entry', type: 'stop', reduceOnly: false, timeInForce: 'GTC' };
    expect(adopted(BUY, {})).toMatchObject({ ...entry, side: 'buy' });
    expect(adopted(SELL, SHORTING)).toMatchObject({ ...entry, side: 'sell' });
    expect(adopted(SELL, {}, SHORTING)).toMatchObject({
      purpose: 'protective',
      side: 'sell',
      limitTicks: null,
    });
  });
});
