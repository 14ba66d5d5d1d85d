/** Turning a trade round in one wish: closed first, and entered on the other side once nothing of it is left. */
import { describe, expect, it } from 'vitest';
import type { LimitEntry, MarketEntry, StrategyContext } from '../../src/engine/strategies/strategy.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { waiting } from './support/waiting.js';

type Changes = ConstructorParameters<typeof DeskUnderTest>[0];
const SHORTING = { capabilities: { ...FUTURES, shorting: true } };

/** Entered at the first bar that closes at 10,000; turned round at one that closes at 10,100. */
const TURN: MarketEntry = {
  ...{ side: 'sell', type: 'market', slippageTicks: 5, protectTicks: 10_300, size: { lots: 300 } },
  ...{ reverses: true, because: 'it turned' },
};
const turning = (wish: Parameters<StrategyContext['enter']>[0] = TURN, entry: Partial<LimitEntry> = {}) =>
  waiting('turns', 10_000, 10_001, entry, { 10100: (context) => context.enter(wish) });

/** Long 400 lots from 10,000, with its stop at 9,800; the turn is asked for. */
function turned(changes: Changes = SHORTING, strategies = [turning()]) {
  const desk = new DeskUnderTest({ strategies, ...changes }, 1).active();
  desk.bar(0, 10_000);
  const { stop } = desk.fillEntry(0, 10_000);
  desk.bar(0, 10_100);
  return { desk, stop };
}

const exitOf = (desk: DeskUnderTest) => desk.live('exit', 0)[0];
const over = (desk: DeskUnderTest) =>
  desk.recorded('entry.over').map(({ outcome, reason }) => [outcome, reason]);
const turns = (desk: DeskUnderTest) =>
  desk.recorded('order.intended').filter(({ order }) => order.waited === 'reversal');

/** Its stop, if it is not cancelled yet. */
function cancelStop(desk: DeskUnderTest): void {
  for (const { clientId } of desk.live('protective', 0)) desk.happen({ kind: 'order.cancelled', clientId });
}

describe('a trade that is turned round', () => {
  it('is closed first, and the other side is entered once nothing of it is left', () => {
    const { desk } = turned();
    const exit = exitOf(desk)!;
    expect(exit).toMatchObject({ side: 'sell', type: 'market', quantityLots: 400, reduceOnly: true });
    expect(turns(desk)).toEqual([]);
    expect(desk.engine.view.waiting).toMatchObject([{ type: 'reversal', side: 'sell' }]);
    desk.accept(exit);
    desk.fill(exit, 10_098, 150);
    expect(turns(desk)).toEqual([]);
    desk.fill(exit, 10_098, 250);
    expect(desk.lots(0)).toBe(0);
    // The old stop may still rest: on an account that nets it would open what nobody knows.
    expect(turns(desk)).toEqual([]);
    cancelStop(desk);
    expect(turns(desk)).toMatchObject([
      { order: { purpose: 'entry', side: 'sell', type: 'market', quantityLots: 300, limitTicks: 10_095 } },
    ]);
    expect(over(desk)).toEqual([['due', 'the trade that it turns round is closed']]);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_098);
    expect(desk.lots(0)).toBe(-300);
    expect(desk.live('protective', 0)).toMatchObject([{ side: 'buy', stopTicks: 10_300, quantityLots: 300 }]);
    expect(desk.recorded('trade.closed')).toMatchObject([{ side: 'long', quantityLots: 400 }]);
  });

  it('is an ordinary entry where nothing is held, and none on the side that is held', () => {
    const flat = new DeskUnderTest({ strategies: [turning()], ...SHORTING }, 1).active();
    flat.bar(0, 10_100);
    expect(flat.live('entry', 0)).toMatchObject([{ side: 'sell', type: 'market' }]);
    expect(flat.recorded('entry.waits')).toEqual([]);
    const same = turning({ ...TURN, side: 'buy', protectTicks: 9_900 });
    const { desk } = turned(SHORTING, [same]);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'reverses', reason: 'its trade is long: an entry on that side turns nothing round' },
    ]);
    expect(exitOf(desk)).toBeUndefined();
  });

  it('is left as it is where nothing can be sold short: neither closed nor entered', () => {
    const { desk } = turned({});
    expect(desk.recorded('order.denied')).toMatchObject([{ limit: 'shorting' }]);
    expect(exitOf(desk)).toBeUndefined();
    expect(desk.engine.view.waiting).toEqual([]);
  });

  it('stays closed where the limits deny the other side, on record', () => {
    const wide = turning({ ...TURN, protectTicks: 12_000 });
    const { desk } = turned(SHORTING, [wide]);
    desk.fill(exitOf(desk)!, 10_098);
    cancelStop(desk);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'stop-loss-required', order: { waited: 'reversal' } },
    ]);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', positions: [], waiting: [] });
  });

  it('is not entered again after a halt in between, and its stop protects what is left', () => {
    const { desk } = turned();
    const exit = exitOf(desk)!;
    desk.accept(exit);
    desk.fill(exit, 10_098, 150);
    desk.command({ name: 'stop' });
    expect(over(desk)).toEqual([['dropped', 'the desk is HALTED']]);
    desk.fill(exit, 10_098, 250);
    cancelStop(desk);
    expect(desk.lots(0)).toBe(0);
    expect(turns(desk)).toEqual([]);
  });

  it('is not entered by the fill that halts the desk', () => {
    const { desk } = turned(SHORTING, [turning(TURN, { size: { equityPct: 10 } })]);
    // A tenth of equity sold at nothing: more than a day may lose.
    desk.fill(exitOf(desk)!, 1);
    expect(desk.engine.view.mode).toBe('HALTED');
    cancelStop(desk);
    expect(turns(desk)).toEqual([]);
    expect(over(desk)).toEqual([['dropped', 'the desk is HALTED']]);
  });

  it('is not entered where it was not closed in time; the exit goes on', () => {
    const { desk } = turned();
    const exit = exitOf(desk)!;
    desk.accept(exit);
    for (let second = 0; second < 119; second += 1) {
      desk.quote(0, 10_100);
      desk.pass(1_000);
    }
    expect(desk.engine.view.waiting).toHaveLength(1);
    desk.quote(0, 10_100);
    desk.pass(1_000);
    expect(over(desk)).toEqual([['dropped', 'the trade that it was to turn round was not closed in time']]);
    desk.fill(exit, 10_098);
    cancelStop(desk);
    expect(turns(desk)).toEqual([]);
  });

  it('is dropped by a start, and asked for twice it is turned once', () => {
    const { desk } = turned();
    desk.bar(0, 10_100);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'waiting', reason: 'its long trade is being closed for another entry already' },
    ]);
    const again = new DeskUnderTest({ strategies: [turning()], ...SHORTING }, 1, desk.records);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
    again.marketMs = desk.marketMs;
    again.begin();
    expect(over(again)).toEqual([['dropped', 'the trader was started again']]);
  });

  it('is told as what it waits for', () => {
    const { desk } = turned();
    expect(desk.engine.whyNotTrading()).toMatchObject([
      {
        reason: 'an entry waits in the desk, not at the venue: sell, once its trade is closed',
        waitsFor: 'its trade to be closed',
      },
    ]);
  });

  it('follows with a limit order of its own terms', () => {
    const limit: LimitEntry = {
      ...{ side: 'sell', limitTicks: 10_120, protectTicks: 10_300, restBars: 2, because: 'it turned' },
      ...{ reverses: true },
    };
    const { desk } = turned(SHORTING, [turning(limit)]);
    desk.fill(exitOf(desk)!, 10_098);
    cancelStop(desk);
    const [entry] = desk.live('entry', 0);
    expect(entry).toMatchObject({ type: 'limit', side: 'sell', limitTicks: 10_120, timeInForce: 'GTC' });
    desk.accept(entry!);
    desk.bar(0, 10_090);
    expect(desk.sent('cancel')).toEqual([]);
    desk.bar(0, 10_090);
    expect(desk.sent('cancel')).toEqual([entry!.clientId]);
  });
});
