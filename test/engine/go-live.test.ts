import { describe, expect, it } from 'vitest';
import { DeskUnderTest } from './support/desk.js';
import { deskConfig } from './support/desk-config.js';

const RISK = deskConfig().risk;

/** The size step that two people approved for this very desk. */
function goLive(desk: DeskUnderTest, step: number) {
  const { configHash, incarnation } = desk.config;
  const grant = {
    ...{ release: '1', attempt: 1, step, incarnation, configHash, fileConfigHash: configHash },
    haltId: step === 0 ? desk.engine.view.haltId : null,
    size: { maxPositionSizePct: 5 + step, maxConcurrentPositions: 1 },
    approvedBy: ['anna', 'ben'],
  };
  return desk.command({ name: 'goLive', grant, authority: 'two-people' });
}

describe('a larger size with real money', () => {
  it.each([
    ['daily-loss', { dailyLossLimitPct: 0.1 }],
    ['drawdown', { maxDrawdownPct: 0.1 }],
  ])('leaves %s in force from the first quote on', (cause, risk) => {
    const desk = new DeskUnderTest({ goLiveRequired: true, risk: { ...RISK, ...risk } }).begin();
    for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
    desk.snapshot();
    expect(goLive(desk, 0)).toMatchObject({ ok: true });
    desk.hold(0);
    expect(goLive(desk, 1)).toMatchObject({ ok: true, detail: 'size step 1: 6 % a position, 1 positions' });
    desk.quote(0, 9_700);
    expect(desk.engine.view.halts).toMatchObject([{ cause, mode: 'HALTED' }]);
  });
});
