import { describe, expect, it } from 'vitest';
import { EfficiencyRatio } from '../../src/engine/strategies/indicators.js';
import { RegimeMeter } from '../../src/engine/strategies/market-meters.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { FUTURES } from '../support/engine-config.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Buys and loses (or wins) by the strategy's own exit, `count` times. */
function roundTrips(
  desk: DeskUnderTest,
  count: number,
  result: 'loss' | 'win' | 'even' = 'loss',
  fee = 0,
): void {
  for (let trip = 0; trip < count; trip += 1) {
    const { entry } = desk.hold(0);
    const priceTicks = (entry.limitTicks ?? 0) + { loss: -10, win: 10, even: 0 }[result];
    for (const close of [9_900, 9_800, 9_700]) desk.bar(0, close);
    const [exit] = desk.live('exit', 0);
    if (exit === undefined) throw new Error('the strategy did not leave');
    desk.accept(exit);
    desk.fill(exit, priceTicks, exit.quantityLots, fee);
    desk.happen({ kind: 'tick' });
    for (const stop of desk.live('protective', 0))
      desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
  }
}

const switches = (desk: DeskUnderTest) =>
  desk.recorded('strategy.toggled').map(({ enabled, automatic, by }) => ({ enabled, automatic, by }));

const OFF = { enabled: false, automatic: true, by: 'fermata' };
const ON = { enabled: true, automatic: true, by: 'fermata' };

/** Quiet hours, minute by minute, that end in a straight line or in a zigzag. */
function market(desk: DeskUnderTest, hours: number, shape: 'trend' | 'range'): void {
  for (let minute = 0; minute < hours * 60; minute += 1) {
    desk.bar(0, shape === 'trend' ? 10_000 + minute : 10_000 + (minute % 2) * 5);
  }
}

describe('the strategy tracker', () => {
  it('S2-088 switches a strategy off by itself after the configured number of losses in a row', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    roundTrips(desk, 2);
    expect(switches(desk)).toEqual([]);
    roundTrips(desk, 1);
    expect(switches(desk)).toEqual([OFF]);
    const reason = '3 losses in a row; looked at again after 4 h of market time';
    expect(desk.engine.view.strategies[0]).toMatchObject({
      enabled: false,
      lossesInARow: 3,
      trades: 3,
      wins: 0,
      off: { by: 'fermata', reason },
    });
    expect(desk.recorded('note')).toContainEqual(
      expect.objectContaining({ level: 'warn', text: `cross was switched off: ${reason}` }),
    );
    expect(desk.engine.view.mode).toBe('ACTIVE');
    expect(() => desk.enter(0)).toThrow('no entry was made');
  });

  it('a profit ends the streak, and a trade that came out even neither adds to it nor ends it', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    roundTrips(desk, 2);
    roundTrips(desk, 1, 'even');
    expect(desk.engine.view.strategies[0]?.lossesInARow).toBe(2);
    roundTrips(desk, 1, 'win');
    expect(desk.engine.view.strategies[0]?.lossesInARow).toBe(0);
    roundTrips(desk, 2);
    expect(switches(desk)).toEqual([]);
  });

  it('takes resting entries of the strategy off the market, and leaves its position protected', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.hold(1);
    roundTrips(desk, 3);
    expect(desk.lots(1)).toBeGreaterThan(0);
    expect(desk.live('protective', 1)).toHaveLength(1);
    for (const switchOff of [
      (other: DeskUnderTest) => roundTrips(other, 3),
      (other: DeskUnderTest) => other.command({ name: 'toggle', strategy: 'cross', enabled: false }),
    ]) {
      const other = new DeskUnderTest({ capabilities: FUTURES }).active();
      const resting = other.enter(1);
      other.accept(resting);
      expect(other.stateOf(resting)).toBe('working');
      switchOff(other);
      expect(other.stateOf(resting)).toBe('cancelling');
    }
  });

  it('S2-089 looks at it again after the configured hours of market time, and switches it on in its own regime', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    roundTrips(desk, 3);
    const offAtMs = desk.marketMs;
    market(desk, 3.9, 'trend');
    expect(switches(desk)).toEqual([OFF]);
    market(desk, 0.2, 'trend');
    expect(switches(desk)).toEqual([OFF, ON]);
    expect(desk.recorded('strategy.toggled').at(-1)).toMatchObject({
      reason: 'looked at again: BTC/USDT is trending',
    });
    expect(desk.recorded('note')).toContainEqual(
      expect.objectContaining({ level: 'info', text: 'cross is on again: BTC/USDT is trending' }),
    );
    expect(desk.marketMs - offAtMs).toBeGreaterThanOrEqual(4 * HOUR_MS);
    expect(desk.engine.view.strategies[0]).toMatchObject({ enabled: true, lossesInARow: 0, off: null });
  });

  it('S2-089 leaves it off for as long again where the market is not made for it', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    roundTrips(desk, 3);
    market(desk, 4.1, 'range');
    expect(switches(desk)).toEqual([OFF, OFF]);
    expect(desk.engine.view.strategies[0]?.off?.reason).toBe(
      'looked at again: BTC/USDT is ranging; it stays off for 4 h of market time',
    );
    const reviewMs = desk.engine.view.strategies[0]?.nextReviewMs ?? 0;
    expect(reviewMs - desk.marketMs).toBeGreaterThan(3.8 * HOUR_MS);
    market(desk, 4.1, 'trend');
    expect(switches(desk)).toEqual([OFF, OFF, ON]);
  });

  it('S2-090 a strategy that a person switched off stays off, whatever the market does', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const outcome = desk.command({ name: 'toggle', strategy: 'cross', enabled: false });
    expect(outcome.ok).toBe(true);
    market(desk, 9, 'trend');
    expect(switches(desk)).toEqual([{ enabled: false, automatic: false, by: 'operator' }]);
    expect(desk.engine.whyNotTrading().find(({ subject }) => subject.startsWith('cross'))).toMatchObject({
      reason: 'switched off by operator: test',
      waitsFor: 'a person who switches it on',
    });
  });

  it('a person who switches it off after the tracker did has the last word, and one who switches it on too', () => {
    const kept = new DeskUnderTest({ capabilities: FUTURES }).active();
    roundTrips(kept, 3);
    kept.command({ name: 'toggle', strategy: 'cross', enabled: false });
    market(kept, 9, 'trend');
    expect(kept.engine.view.strategies[0]?.enabled).toBe(false);
    const back = new DeskUnderTest({ capabilities: FUTURES }).active();
    roundTrips(back, 3);
    back.command({ name: 'toggle', strategy: 'cross', enabled: true });
    expect(back.engine.view.strategies[0]).toMatchObject({ enabled: true, lossesInARow: 0 });
  });

  it('survives a restart: off, its streak, and when it is looked at again', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    roundTrips(desk, 3);
    const again = new DeskUnderTest({ capabilities: FUTURES }, 2, desk.records);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
    again.marketMs = desk.marketMs + MINUTE_MS;
    again.begin();
    expect(again.engine.view.strategies[0]).toMatchObject({ enabled: false, lossesInARow: 3 });
    expect(again.engine.view.strategies[0]?.nextReviewMs).toBe(desk.engine.view.strategies[0]?.nextReviewMs);
  });

  it('S2-086 tells the statistics of each strategy: trades, wins, result, streak, regime', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    roundTrips(desk, 1, 'win');
    expect(desk.status().strategies[0]?.realised).toBe('0.99');
    const fee = 12_000_000;
    roundTrips(desk, 2, 'loss', fee);
    market(desk, 1.2, 'trend');
    expect(desk.engine.view.strategies[0]).toMatchObject({
      name: 'cross',
      trades: 3,
      wins: 1,
      lossesInARow: 2,
      regime: 'trending',
    });
    // 0.99, and two losses of about 1 with a fee of 0.12 each.
    expect(desk.status().strategies[0]?.realised).toBe('-1.2499');
    expect(desk.engine.view.strategies[1]).toMatchObject({ trades: 0, regime: 'unknown' });
  });
});

describe('the market regime', () => {
  it('S2-087 is trending for a straight line, ranging for back and forth, and unknown before 61 bars', () => {
    const line = new RegimeMeter();
    const zigzag = new RegimeMeter();
    for (let bar = 0; bar < 60; bar += 1) {
      line.update(bar, 1_000 + bar);
      zigzag.update(bar, 1_000 + (bar % 2));
    }
    expect([line.regime, zigzag.regime]).toEqual(['unknown', 'unknown']);
    line.update(60, 1_060);
    zigzag.update(60, 1_000);
    expect([line.regime, zigzag.regime]).toEqual(['trending', 'ranging']);
    expect([line.efficiency, zigzag.efficiency]).toEqual([1, 0]);
    // 60 ticks of path, of which 18 or 16 are gained: 0.3 is a trend.
    for (const [gained, regime] of [
      [18, 'trending'],
      [16, 'ranging'],
    ] as const) {
      const meter = new RegimeMeter();
      const back = (60 - gained) / 2;
      for (let bar = 0; bar <= 60; bar += 1) meter.update(bar, 1_000 + (bar <= back ? -bar : bar - 2 * back));
      expect(meter.regime, String(gained)).toBe(regime);
    }
  });

  it('the efficiency ratio is the net move over the path, worked by hand', () => {
    const ratio = new EfficiencyRatio(4);
    for (const close of [100, 103, 101, 105]) ratio.update(close);
    expect(ratio.value).toBeNull();
    ratio.update(104);
    expect(ratio.value).toBeCloseTo(4 / 10);
    ratio.update(110);
    expect(ratio.value).toBeCloseTo(7 / 13);
    for (let bar = 0; bar < 5; bar += 1) ratio.update(110);
    expect(ratio.value).toBe(0);
  });
});
