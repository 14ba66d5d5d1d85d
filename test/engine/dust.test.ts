import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import type { EngineConfig } from '../../src/engine/config.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { deskConfig } from './support/desk-config.js';
import { waiting } from './support/waiting.js';

/** A close-all that sold all but 30 lots: 3 USDT, where the smallest order is 5. */
function leftOver() {
  const desk = new DeskUnderTest().active();
  const { stop } = desk.hold(0);
  desk.command({ name: 'closeAll' });
  desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
  const [close] = desk.live('close', 0);
  desk.accept(close!);
  desk.fill(close!, 10_000, close!.quantityLots - 30);
  desk.expire(close!.clientId);
  return desk;
}

describe('dust', () => {
  it('of 3 USDT left after a close-all is named and valued, is flat, and does not lock the desk', () => {
    const desk = leftOver();
    expect(desk.lots(0)).toBe(30);
    for (let second = 0; second < 5; second += 1) {
      desk.quote(0, 10_000);
      desk.quote(1, 10_000);
      desk.pass(1_000);
      desk.snapshot();
    }
    expect(desk.engine.view.closeAll).toBe('flat');
    expect(desk.recorded('flat.proven')).toHaveLength(1);
    expect(desk.recorded('note').map(({ text }) => text)).toContainEqual(
      'BTC/USDT: 0.030 BTC are left, worth 3.00 USDT: less than the smallest order of 5.00. Kept as dust; sold with the next position',
    );
    expect(desk.engine.view.positions).toMatchObject([{ quantityLots: 30, protection: 'dust' }]);
    expect(desk.arm('person')).toMatchObject({ ok: true });
    expect(desk.engine.view.orders).toEqual([]);
    expect(desk.enter(0)).toMatchObject({ purpose: 'entry' });
  });

  it('is part of equity', () => {
    const desk = leftOver();
    const { equity, cash } = desk.engine.view;
    expect(Math.round((equity - cash) / 1e8)).toBe(3);
  });

  it('is protected with the position that it becomes part of, and sold with it', () => {
    const desk = leftOver();
    desk.quote(0, 10_000);
    desk.quote(1, 10_000);
    desk.pass(1_000);
    desk.snapshot();
    desk.arm('person');
    const { entry, stop } = desk.hold(0);
    expect(stop.quantityLots).toBe(entry.quantityLots + 30);
    desk.command({ name: 'closeAll' });
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.live('close', 0)).toMatchObject([{ quantityLots: entry.quantityLots + 30 }]);
  });

  it('is what has filled of an entry that ended, or goes on: each part is protected as soon as it can be', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000, 30);
    for (let second = 0; second < 15; second += 1) {
      desk.quote(0, 10_000);
      desk.quote(1, 10_000);
      desk.pass(1_000);
    }
    expect(desk.live('protective', 0)).toEqual([]);
    expect(desk.engine.view).toMatchObject({
      mode: 'ACTIVE',
      positions: [{ quantityLots: 30, protection: 'dust' }],
    });
    desk.fill(entry, 10_000, 40);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 70 }]);
  });

  it('of one strategy beside the trade of another has no stop, and the status says so of it alone', () => {
    const strategies = [waiting('a', 10_001, 10_011), waiting('b', 10_002, 10_012, { protectTicks: 9_900 })];
    const desk = new DeskUnderTest({ strategies }, 1).active();
    desk.bar(0, 10_001);
    desk.fillEntry(0, 10_000);
    desk.bar(0, 10_002);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_000, 30);
    desk.expire(entry!.clientId);
    expect(desk.status().positions).toMatchObject([
      {
        ...{ quantity: '0.430', protection: 'confirmed', stopPrice: '98.00', withoutStopMs: null },
        parts: [
          { strategy: 'a', quantity: '0.400', protection: 'confirmed', stopPrice: '98.00' },
          { strategy: 'b', quantity: '0.030', protection: 'dust', stopPrice: null },
        ],
      },
    ]);
  });

  it('that fills while its position is being closed is no order of its own: it goes with what that one leaves', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000, entry.quantityLots - 30);
    for (const stop of desk.live('protective', 0)) desk.accept(stop);
    desk.command({ name: 'closeAll' });
    const [close] = desk.live('close', 0);
    expect(close).toMatchObject({ quantityLots: entry.quantityLots - 30 });
    desk.accept(close!);
    desk.fill(entry, 10_000, 30);
    for (let fills = 0; fills < 5; fills += 1) desk.fill(close!, 10_000, 10);
    expect(desk.live('close', 0)).toMatchObject([{ clientId: close!.clientId }]);
    desk.expire(close!.clientId);
    expect(desk.live('close', 0)).toMatchObject([{ quantityLots: entry.quantityLots - 50 }]);
  });

  it('is sold as soon as it is worth an order, while the desk is flat', () => {
    const desk = leftOver();
    desk.quote(0, 10_000);
    desk.pass(1_000);
    desk.snapshot();
    expect(desk.engine.view.closeAll).toBe('flat');
    desk.quote(0, 17_000);
    desk.pass(1_000);
    expect(desk.live('close', 0)).toMatchObject([{ type: 'market', side: 'sell', quantityLots: 30 }]);
  });

  it('below its stop is left alone, and protected once it is worth an order again', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [53, 0] });
    desk.pass(250);
    desk.snapshot({ positions: [53, 0] });
    const refuse = (wouldTrigger: boolean) => {
      for (const { clientId } of desk.live('protective', 0))
        desk.happen({ kind: 'order.rejected', clientId, code: '-2010', text: 'refused', wouldTrigger });
    };
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 53, stopTicks: 9_500 }]);
    refuse(false);
    for (let second = 0; second < 20; second += 1) {
      desk.quote(0, 9_400); // 4.98 USDT
      desk.pass(1_000);
      refuse(true);
    }
    expect(desk.engine.view.halts.map(({ cause }) => cause)).not.toContain('protection-missing');
    expect(desk.recorded('note').filter(({ text }) => text.endsWith('closed at the market now'))).toEqual([]);
    desk.quote(0, 9_600);
    desk.pass(1_000);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 53, stopTicks: 9_500 }]);
  });

  it('that its resting stop would not sell, far below that stop, is left alone, and raises no alarm', () => {
    const desk = new DeskUnderTest().active();
    const { stop } = desk.hold(0);
    desk.fill(stop, 9_400, stop.quantityLots - 53);
    desk.snapshot();
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId }]);
    for (let second = 0; second < 30; second += 1) {
      desk.quote(0, 9_400); // 53 lots: 4.98 USDT
      desk.quote(1, 10_000);
      desk.pass(1_000);
    }
    expect(desk.lots(0)).toBe(53);
    expect(desk.engine.view.halts.map(({ cause }) => cause)).not.toContain('protection-missing');
    expect(desk.recorded('note').filter(({ level }) => level === 'alarm')).toEqual([]);
  });

  it('without a price counts as a position: nobody knows yet what it is worth', () => {
    const before = leftOver();
    const desk = new DeskUnderTest({}, 2, before.records).begin();
    expect(desk.engine.view.positions[0]?.protection).not.toBe('dust');
    expect(desk.engine.isTradable(0, 30)).toBe(true);
    desk.quote(0, 10_000);
    expect(desk.engine.isTradable(0, 30)).toBe(false);
  });

  it('is without a price, too, what the venue takes no order for: once it has said so, none is tried', () => {
    const desk = new DeskUnderTest({}, 2, leftOver().records).begin();
    const quantityLimits = [{ instrument: 0, minLots: 31, maxLots: null, maxMarketLots: null }];
    desk.snapshot({ positions: [30, 0], quantityLimits });
    const [tried] = desk.live('close', 0);
    const why = { code: '-1013', text: 'Filter failure: LOT_SIZE', wouldTrigger: false };
    desk.happen({ kind: 'order.rejected', clientId: tried?.clientId ?? '', ...why });
    for (let second = 0; second < 15; second += 1) {
      desk.pass(1_000);
      desk.snapshot({ positions: [30, 0], quantityLimits });
    }
    expect(desk.engine.isTradable(0, 30)).toBe(false);
    expect(desk.live('close', 0)).toEqual([]);
    expect(desk.engine.view).toMatchObject({ closeAll: 'flat', positions: [{ protection: 'dust' }] });
  });

  it('is also what is below the smallest quantity that the venue names, whatever it is worth', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    const named = [{ instrument: 0, minLots: 100, maxLots: null, maxMarketLots: null }];
    desk.snapshot({ positions: [90, 0], quantityLimits: named });
    desk.pass(250);
    desk.snapshot({ positions: [90, 0], quantityLimits: named });
    desk.pass(1_000);
    // 9 USDT, where the smallest order is 5.
    expect(desk.engine.view.positions).toMatchObject([{ quantityLots: 90, protection: 'dust' }]);
    expect(desk.live('protective', 0)).toEqual([]);
    desk.command({ name: 'closeAll' });
    desk.pass(1_000);
    desk.snapshot();
    expect(desk.live('close', 0)).toEqual([]);
    expect(desk.engine.view.closeAll).toBe('flat');
    expect(desk.recorded('note').map(({ text }) => text)).toContainEqual(
      'BTC/USDT: 0.090 BTC are left, worth 9.00 USDT: less than the smallest order of 5.00 or 0.100 BTC. Kept as dust; sold with the next position',
    );
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [90, 0], quantityLimits: [{ ...named[0]!, minLots: 50 }] });
    expect(desk.engine.view.closeAll).toBe('running');
  });
});

describe('dust of a symbol that shows no price after a restart', () => {
  /** 30 lots that cost 3 USDT are left; ETH alone is quoted from now on. */
  const HALTED_SYMBOL = { closedInstruments: [{ instrument: 0, why: 'not trading at the exchange (HALT)' }] };
  function withoutPrice(changes: Partial<EngineConfig> = {}, count = 2) {
    const desk = new DeskUnderTest(changes, count, leftOver().records).begin();
    for (let round = 0; round < 15; round += 1) {
      for (const { clientId } of count === 1 ? [] : desk.live('close', 0))
        desk.happen({
          kind: 'order.rejected',
          clientId,
          code: '-1013',
          text: 'Market is closed.',
          wouldTrigger: false,
        });
      desk.quote(count - 1, 10_000);
      desk.pass(5_000);
      desk.snapshot(count === 1 ? {} : HALTED_SYMBOL);
    }
    return desk;
  }

  it('neither keeps the desk from arming nor halts it, is counted at its cost, and a close-all is flat', () => {
    const desk = withoutPrice();
    expect(desk.lots(0)).toBe(30);
    expect(desk.engine.view.positions).toMatchObject([{ quantityLots: 30, protection: 'dust' }]);
    expect(Math.round((desk.engine.view.equity - desk.engine.view.cash) / 1e8)).toBe(3);
    expect(desk.arm('person')).toMatchObject({ ok: true });
    desk.quote(1, 10_000);
    desk.pass(1_000);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', halts: [] });
    desk.command({ name: 'closeAll' });
    desk.snapshot(HALTED_SYMBOL);
    expect(desk.engine.view.closeAll).toBe('flat');
  });

  it('is what it was where the prices alone are away: no stop is taken off for what it cost', () => {
    const desk = new DeskUnderTest({}, 2, leftOver().records).begin();
    for (let round = 0; round < 15; round += 1) {
      desk.quote(1, 10_000);
      desk.pass(5_000);
      desk.snapshot();
    }
    expect(desk.engine.isTradable(0, 30)).toBe(true);
  });

  it('is a position again as soon as a price says so', () => {
    const desk = withoutPrice();
    expect(desk.engine.isTradable(0, 30)).toBe(false);
    desk.quote(0, 20_000);
    expect(desk.engine.isTradable(0, 30)).toBe(true);
  });

  it('does not hold a change of instruments up: it is left behind with its symbol', () => {
    const [, eth] = deskConfig().instruments;
    const instruments = [{ ...eth!, id: 0 }];
    const strategies = deskConfig().strategies.map((one) => ({ ...one, symbols: ['ETH/USDT'] }));
    const desk = withoutPrice({ instruments, strategies }, 1);
    expect(desk.engine.view.positions).toEqual([]);
    expect(desk.arm('person')).toMatchObject({ ok: true });
    expect(desk.enter(0)).toMatchObject({ purpose: 'entry' });
  });

  it('is as many coins in other steps', () => {
    const [btc, eth] = deskConfig().instruments;
    const finer = buildInstrument(0, {
      ...{ symbol: btc!.symbol, kind: 'spot', minNotional: '5', makerFeePpm: 1000, takerFeePpm: 1000 },
      tickSize: '0.1',
      lotSize: '0.0001',
    });
    const desk = withoutPrice({ instruments: [finer, eth!] });
    expect(desk.lots(0)).toBe(300);
    expect(Math.round((desk.engine.view.equity - desk.engine.view.cash) / 1e8)).toBe(3);
  });
});

it('coins that were nobody’s do not keep the desk from arming once their symbol is left out', () => {
  const before = new DeskUnderTest({ coinsNeedOwner: true }).begin();
  for (let round = 0; round < 2; round += 1) {
    before.command({ name: 'reconcile' });
    for (const id of [0, 1]) before.quote(id, 10_000);
    before.snapshot({ positions: [500, 0] });
    before.pass(300);
  }
  expect(before.engine.view.coins).toMatchObject([{ nobodys: 500 }]);
  const [, eth] = deskConfig().instruments;
  const instruments = [{ ...eth!, id: 0 }];
  const strategies = deskConfig().strategies.map((one) => ({ ...one, symbols: ['ETH/USDT'] }));
  const desk = new DeskUnderTest(
    { coinsNeedOwner: true, instruments, strategies },
    1,
    before.records,
  ).begin();
  desk.quote(0, 10_000);
  desk.snapshot();
  expect(desk.arm('rule')).toMatchObject({ ok: true });
});
