import { describe, expect, it } from 'vitest';
import { DeskUnderTest } from '../engine/support/desk.js';
import { FUTURES } from '../support/engine-config.js';

const HALF = 500_000;

function lots(desk: DeskUnderTest): number {
  return desk.enter(0).quantityLots;
}

describe('position size', () => {
  it('is lowered at once by anybody: resting entries leave, the next one is smaller', () => {
    const full = lots(new DeskUnderTest().active());
    const desk = new DeskUnderTest().active();
    const resting = desk.enter(1);
    expect(desk.command({ name: 'resize', sizeFactorPpm: HALF, authorised: false })).toMatchObject({
      ok: true,
    });
    expect(desk.sent('cancel')).toEqual([resting.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: resting.clientId });
    expect(lots(desk)).toBeLessThanOrEqual(Math.ceil(full / 2));
    expect(desk.engine.view.sizeFactorPpm).toBe(HALF);
  });

  it('is raised only with a decision, and a refusal changes nothing', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'resize', sizeFactorPpm: HALF, authorised: false });
    expect(desk.command({ name: 'resize', sizeFactorPpm: HALF + 1, authorised: false })).toMatchObject({
      ok: false,
      code: 'approval-needed',
    });
    expect(desk.engine.view.sizeFactorPpm).toBe(HALF);
    expect(desk.command({ name: 'resize', sizeFactorPpm: 1_000_000, authorised: true })).toMatchObject({
      ok: true,
    });
    expect(desk.recorded('size.factor').map(({ sizeFactorPpm }) => sizeFactorPpm)).toEqual([HALF, 1_000_000]);
  });

  it('is a part of what the settings in force allow, not of the desk file, and the limit shown is what it leaves', () => {
    const desk = new DeskUnderTest().active();
    const allowed = () => desk.engine.view.risk.find(({ limit }) => limit === 'position-size')?.value;
    const { version } = desk.engine.view.settings;
    const values = { 'risk.maxPositionSizePct': 8 };
    desk.command({ name: 'reload', baseVersion: version, values, approvedBy: [] });
    expect(allowed()).toBe('8 % of equity');
    const made = desk.command({ name: 'resize', sizeFactorPpm: HALF, authorised: false });
    expect(made).toMatchObject({ detail: 'position size is 50 % of the full size' });
    expect(allowed()).toBe('4 % of equity');
  });

  it.each([0, 9_999, 1_000_001, Number.NaN, 1.5])('refuses %s parts per million', (sizeFactorPpm) => {
    const desk = new DeskUnderTest().active();
    expect(desk.command({ name: 'resize', sizeFactorPpm, authorised: true })).toMatchObject({
      ok: false,
      code: 'bad-size',
    });
  });

  it('survives a restart', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'resize', sizeFactorPpm: HALF, authorised: false });
    const again = new DeskUnderTest({}, 2, desk.records);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
    expect(again.begin().engine.view.sizeFactorPpm).toBe(HALF);
  });
});

describe('loss halts', () => {
  /** Long BTC, then a price that takes `lossPct` of equity. */
  function lose(desk: DeskUnderTest, lossPct: number): void {
    const { entry } = desk.hold(0);
    const ticks = (100 * lossPct * 100_000) / entry.quantityLots;
    desk.quote(0, Math.round((entry.limitTicks ?? 0) - ticks));
  }
  const risk = {
    staleDataSeconds: 10,
    maxPositionSizePct: 90,
    maxConcurrentPositions: 2,
    stopLossPct: 50,
    maxDrawdownPct: 15,
  };

  it('S2-075 the daily loss limit halts for the rest of the day, and the rule lifts it on the next', () => {
    const desk = new DeskUnderTest({
      capabilities: FUTURES,
      risk: { ...risk, dailyLossLimitPct: 3 },
    }).active();
    lose(desk, 2.9);
    expect(desk.engine.view.halts).toEqual([]);
    // It counts from where the day began, however late it is by then.
    desk.marketMs += 3_600_000;
    desk.quote(0, desk.engine.view.quotes[0]?.bidTicks ?? 0);
    desk.quote(0, (desk.engine.view.quotes[0]?.bidTicks ?? 0) - 20);
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'daily-loss', resume: 'next-day' }]);
    desk.snapshot();
    expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'authority' });
    desk.marketMs += 13 * 3_600_000;
    desk.wallMs += 1_000;
    desk.monotonicMs += 1_000;
    desk.quote(0, desk.engine.view.quotes[0]?.bidTicks ?? 0);
    expect(desk.arm('rule')).toMatchObject({ ok: true });
  });

  it('S2-076 maximum drawdown halts until a person decides, on no other day either', () => {
    const desk = new DeskUnderTest({
      capabilities: FUTURES,
      risk: { ...risk, dailyLossLimitPct: 99 },
    }).active();
    // 8 % up, from where 15 % below the peak are 8.2 % of what it began with.
    const { entry } = desk.hold(0);
    const ticksOf = (pct: number) =>
      Math.round((entry.limitTicks ?? 0) + (100 * pct * 100_000) / entry.quantityLots);
    desk.quote(0, ticksOf(8));
    desk.quote(0, ticksOf(-8));
    expect(desk.engine.view.halts).toEqual([]);
    desk.quote(0, ticksOf(-8.4));
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'drawdown', resume: 'person' }]);
    desk.snapshot();
    desk.marketMs += 48 * 3_600_000;
    desk.quote(0, desk.engine.view.quotes[0]?.bidTicks ?? 0);
    expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'authority' });
    expect(desk.arm('person')).toMatchObject({ ok: true });
  });

  it('S2-077 the person who lifts a drawdown halt can choose a smaller size with it; the rule can not', () => {
    const desk = new DeskUnderTest({
      capabilities: FUTURES,
      risk: { ...risk, dailyLossLimitPct: 99 },
    }).active();
    lose(desk, 16);
    desk.snapshot();
    const haltId = desk.engine.view.haltId ?? '';
    const arm = { name: 'arm', haltId, configHash: 'hash', sizeFactorPpm: HALF } as const;
    expect(desk.command({ ...arm, authority: 'rule' }).ok).toBe(false);
    expect(desk.engine.view.sizeFactorPpm).toBe(1_000_000);
    expect(desk.command({ ...arm, authority: 'person' }).ok).toBe(true);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', sizeFactorPpm: HALF });
  });
});
