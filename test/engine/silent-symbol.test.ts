import { describe, expect, it } from 'vitest';
import { DeskUnderTest } from './support/desk.js';

/** BTC has prices all the time, ETH has had none for 11 s. */
function silentEth(prepare: (desk: DeskUnderTest) => void = () => undefined): DeskUnderTest {
  const desk = new DeskUnderTest().active();
  prepare(desk);
  for (let second = 0; second < 11; second += 1) {
    desk.quote(0, 10_000);
    desk.pass(1_000);
  }
  return desk;
}

/** Bars that make the averages cross, without a quote of their symbol. */
function crossing(desk: DeskUnderTest, instrument: number): void {
  for (const close of [10_000, 9_990, 9_980, 9_970, 9_960, 10_100]) {
    desk.wait(100);
    desk.marketMs += 60_000;
    desk.quote(0, 10_000);
    desk.happen({
      kind: 'bar',
      instrument,
      openMs: desk.marketMs - 60_000,
      spanMs: 60_000,
      openTicks: close,
      highTicks: close + 20,
      lowTicks: close - 20,
      closeTicks: close,
      volumeLots: 1,
      warmup: false,
    });
  }
}

describe('a symbol without prices', () => {
  it('in which nothing is held stops entries in it, and in no other', () => {
    const desk = silentEth();
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', halts: [] });
    crossing(desk, 1);
    expect(desk.live('entry', 1)).toEqual([]);
    expect(desk.recorded('order.denied')).toMatchObject([{ limit: 'stale-data', order: { instrument: 1 } }]);
    crossing(desk, 0);
    expect(desk.live('entry', 0)).toMatchObject([{ instrument: 0 }]);
    expect(desk.engine.view.mode).toBe('ACTIVE');
  });

  it('in which a position is held halts the desk, and names it alone; its stop stays', () => {
    const desk = silentEth((held) => held.hold(1));
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'stale-data', mode: 'HALTED' }]);
    expect(desk.engine.view.reason).toContain('ETH/USDT');
    expect(desk.engine.view.reason).not.toContain('BTC/USDT');
    expect(desk.live('protective', 1)).toMatchObject([{ state: 'working' }]);
    crossing(desk, 0);
    expect(desk.live('entry', 0)).toEqual([]);
  });
});

describe('a symbol that the venue has halted', () => {
  const why = 'ETH/USDT is not trading at the exchange (BREAK)';

  it('is entered no more, says so once, and is entered again when the venue takes orders', () => {
    const desk = new DeskUnderTest().active();
    const read = (closed: boolean) => {
      desk.command({ name: 'reconcile' });
      desk.snapshot({ closedInstruments: closed ? [{ instrument: 1, why }] : [] });
    };
    read(true);
    read(true);
    expect(desk.recorded('note').filter(({ text }) => text.includes(why))).toHaveLength(1);
    expect(desk.engine.view.mode).toBe('ACTIVE');
    desk.quote(1, 10_000);
    crossing(desk, 1);
    expect(desk.live('entry', 1)).toEqual([]);
    expect(desk.recorded('order.denied')).toMatchObject([{ limit: 'closed-instrument', reason: why }]);
    expect(desk.enter(0)).toMatchObject({ instrument: 0, purpose: 'entry' });
    read(false);
    expect(desk.enter(1)).toMatchObject({ instrument: 1, purpose: 'entry' });
  });
});
