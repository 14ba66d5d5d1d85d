import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  needsApproval,
  RISK_SPECS,
  type SettingValues,
  settingSpecs,
  settingValues,
} from '../../src/engine/settings/setting-specs.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';

function change(desk: DeskUnderTest, values: SettingValues, approvedBy: readonly string[] = []) {
  const { version } = desk.engine.view.settings;
  return desk.command({ name: 'reload', baseVersion: version, values, approvedBy });
}

function inForce(desk: DeskUnderTest): SettingValues {
  return { ...settingValues(desk.config), ...desk.engine.view.settings.changed };
}

const limit = (desk: DeskUnderTest, name: string): string | undefined =>
  desk.engine.view.risk.find((reading) => reading.limit === name)?.value;

describe('settings while the desk runs', () => {
  it('are tightened at once, with a new configuration hash, and counted', () => {
    const desk = new DeskUnderTest().active();
    expect(change(desk, { 'risk.maxPositionSizePct': 4 })).toMatchObject({ ok: true });
    expect(limit(desk, 'position-size')).toBe('4 % of equity');
    expect(desk.engine.view.settings).toMatchObject({
      version: 1,
      changed: { 'risk.maxPositionSizePct': 4 },
    });
    expect(desk.engine.view.configHash).not.toBe('hash');
    expect(desk.recorded('settings')).toMatchObject([
      {
        version: 1,
        changes: [{ key: 'risk.maxPositionSizePct', from: 10, to: 4 }],
        by: 'operator',
        reason: 'test',
        approvedBy: [],
      },
    ]);
  });

  it('are loosened by approval only', () => {
    const desk = new DeskUnderTest().active();
    expect(change(desk, { 'risk.maxPositionSizePct': 11 })).toMatchObject({
      ok: false,
      code: 'approval-needed',
    });
    expect(change(desk, { 'risk.stopLossPct': 4, 'risk.dailyLossLimitPct': 3.1 })).toMatchObject({
      ok: false,
      message: expect.stringContaining('risk.dailyLossLimitPct 3 → 3.1'),
    });
    expect(desk.engine.view.settings.version).toBe(0);
    expect(change(desk, { 'risk.maxPositionSizePct': 11 }, ['anna'])).toMatchObject({ ok: true });
    expect(limit(desk, 'position-size')).toBe('11 % of equity');
    expect(desk.recorded('settings')).toMatchObject([{ approvedBy: ['anna'] }]);
  });

  it('need approval for every number of a strategy, whose averages then begin anew', () => {
    const desk = new DeskUnderTest().active();
    desk.bar(0, 10_000);
    const slow = { 'strategies.cross.parameters.slowBars': 5 };
    expect(change(desk, slow)).toMatchObject({ ok: false, code: 'approval-needed' });
    expect(change(desk, slow, ['anna'])).toMatchObject({ ok: true });
    expect(desk.engine.view.strategies).toMatchObject([{ barsSeen: 0, warmupBars: 6 }, { barsSeen: 0 }]);
  });

  it('keep what the strategies have seen where only a limit changed', () => {
    const desk = new DeskUnderTest().active();
    desk.bar(0, 10_000);
    change(desk, { 'risk.maxPositionSizePct': 4 });
    expect(desk.engine.view.strategies[0]).toMatchObject({ barsSeen: 1 });
  });

  it('take resting entries off the market: they were let through under other limits', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    change(desk, { 'risk.maxPositionSizePct': 4 });
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
  });

  it('keep the position and its stop', () => {
    const desk = new DeskUnderTest().active();
    const { stop } = desk.hold(0);
    change(desk, { 'risk.maxConcurrentPositions': 1 });
    expect(desk.sent('cancel')).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId }]);
  });

  it('halt at once where the loss of the day is past the tighter limit', () => {
    const desk = new DeskUnderTest().active();
    desk.hold(0);
    desk.quote(0, 8_000);
    expect(desk.engine.view.mode).toBe('ACTIVE');
    change(desk, { 'risk.dailyLossLimitPct': 0.5 });
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'daily-loss' }]);
  });

  it('are refused where they were made for another version, are unknown, or out of bounds', () => {
    const desk = new DeskUnderTest().active();
    const stale = desk.command({
      name: 'reload',
      baseVersion: 3,
      values: { 'risk.stopLossPct': 1 },
      approvedBy: [],
    });
    expect(stale).toMatchObject({ ok: false, code: 'settings-changed' });
    for (const values of [
      { 'risk.stopLossPct': 0 },
      { 'risk.stopLossPct': Number.NaN },
      { 'risk.stopLossPct': '4' },
      { 'risk.maxConcurrentPositions': 1.5 },
      { 'venue.name': 1 },
      { constructor: 1 },
      { 'strategies.cross.parameters.nothing': 1 },
    ]) {
      expect(change(desk, values as SettingValues, ['anna']), JSON.stringify(values)).toMatchObject({
        ok: false,
        code: 'bad-setting',
      });
    }
    expect(desk.engine.view.settings.version).toBe(0);
  });

  it('come back from the journal after a restart', () => {
    const before = new DeskUnderTest().active();
    change(before, { 'risk.maxPositionSizePct': 4 });
    change(before, { 'strategies.cross.parameters.slowBars': 5 }, ['anna']);
    const after = new DeskUnderTest({}, 2, before.records);
    expect(after.engine.stateHash()).toBe(before.engine.stateHash());
    after.begin();
    expect(inForce(after)).toEqual(inForce(before));
    expect(after.engine.view.configHash).toBe(before.engine.view.configHash);
    expect(after.engine.view.strategies[0]).toMatchObject({ warmupBars: 6 });
    expect(limit(after, 'position-size')).toBe('4 % of equity');
  });

  it('give way to an edit of the desk file, each key by itself, and say so', () => {
    const before = new DeskUnderTest().active();
    change(before, { 'risk.maxPositionSizePct': 4, 'risk.maxDrawdownPct': 9 });
    const risk = { ...before.config.risk, maxDrawdownPct: 12 };
    const after = new DeskUnderTest({ configHash: 'edited', risk }, 2, before.records).begin();
    expect(inForce(after)).toMatchObject({ 'risk.maxPositionSizePct': 4, 'risk.maxDrawdownPct': 12 });
    expect(after.engine.view.settings.version).toBe(2);
    expect(after.recorded('settings').at(-1)).toMatchObject({
      changes: [{ key: 'risk.maxDrawdownPct', from: 9, to: 12 }],
      by: 'fermata',
    });
  });

  it('give way where what is traded now has a lower bound: nothing bought for cash is worth 400 % of equity', () => {
    const before = new DeskUnderTest({ capabilities: FUTURES }).active();
    change(before, { 'risk.maxPositionSizePct': 400, 'risk.maxDrawdownPct': 9 }, ['anna']);
    const after = new DeskUnderTest({ configHash: 'edited' }, 2, before.records).begin();
    expect(inForce(after)).toMatchObject({ 'risk.maxPositionSizePct': 10, 'risk.maxDrawdownPct': 9 });
    expect(limit(after, 'position-size')).toBe('10 % of equity');
    expect(after.recorded('settings').at(-1)).toMatchObject({
      changes: [{ key: 'risk.maxPositionSizePct', from: 400, to: 10 }],
      by: 'fermata',
    });
  });

  it('say the desk file’s own hash again once everything is as the file says', () => {
    const desk = new DeskUnderTest().active();
    change(desk, { 'risk.maxPositionSizePct': 4 });
    change(desk, { 'risk.maxPositionSizePct': 10 }, ['anna']);
    expect(desk.engine.view.settings).toMatchObject({ version: 2, changed: {} });
    expect(desk.engine.view.configHash).toBe('hash');
  });
});

describe('the direction of each key', () => {
  it.each(RISK_SPECS.map((spec) => [spec.key, spec] as const))('%s: only one is free', (_key, spec) => {
    const [less, more] = spec.tighter === 'lower' ? [9, 11] : [11, 9];
    expect(needsApproval(spec, 10, less)).toBe(false);
    expect(needsApproval(spec, 10, 10)).toBe(false);
    expect(needsApproval(spec, 10, more)).toBe(true);
  });

  it.each([
    ['coins', SPOT, 100],
    ['contracts on margin', FUTURES, 10_000],
  ] as const)('of %s, a position is worth at most so much of equity: %i %%', (_what, capabilities, most) => {
    const desk = new DeskUnderTest({ capabilities }).begin();
    expect(change(desk, { 'risk.maxPositionSizePct': most }, ['anna'])).toMatchObject({ ok: true });
    expect(change(desk, { 'risk.maxPositionSizePct': most + 1 }, ['anna'])).toMatchObject({ ok: false });
  });

  it('a parameter of a strategy has no safe direction', () => {
    const parameter = settingSpecs(new DeskUnderTest().config).find(({ key }) =>
      key.startsWith('strategies.'),
    );
    expect(needsApproval(parameter!, 10, 9)).toBe(true);
    expect(needsApproval(parameter!, 10, 11)).toBe(true);
  });
});

describe('whatever is asked for without approval', () => {
  const { config } = new DeskUnderTest();
  const specs = settingSpecs(config);
  const values = fc.dictionary(
    fc.constantFrom(...specs.map(({ key }) => key), 'venue.name'),
    fc.oneof(fc.double({ min: -1, max: 120 }), fc.integer({ min: 0, max: 20 })),
    { maxKeys: 4 },
  );

  it('never loosens a limit and never touches a strategy, in any sequence, restarts included', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(values, fc.boolean()), { maxLength: 12 }), (steps) => {
        let desk = new DeskUnderTest().begin();
        for (const [asked, restart] of steps) {
          const before = inForce(desk);
          change(desk, asked);
          if (restart) desk = new DeskUnderTest({}, 2, desk.records).begin();
          const after = inForce(desk);
          for (const { key, tighter } of specs) {
            if (tighter === 'lower') expect(after[key]).toBeLessThanOrEqual(before[key] as number);
            else expect(after[key]).toBe(before[key]);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
