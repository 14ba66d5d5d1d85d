import { describe, expect, it } from 'vitest';
import { DeskUnderTest } from './support/desk.js';
import { deskConfig } from './support/desk-config.js';

const RISK = deskConfig().risk;

/** The size step that two people approved for this very desk. */
function goLive(desk: DeskUnderTest, step: number, maxConcurrentPositions = 1) {
  const { configHash, incarnation } = desk.config;
  const grant = {
    ...{ release: '1', attempt: 1, step, incarnation, configHash, fileConfigHash: configHash },
    haltId: step === 0 ? desk.engine.view.haltId : null,
    size: { maxPositionSizePct: 5 + step, maxConcurrentPositions },
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
    expect(desk.recorded('armed')).toMatchObject([{ authority: 'two-people', goLive: true }]);
    desk.hold(0);
    expect(goLive(desk, 1)).toMatchObject({ ok: true, detail: 'size step 1: 6 % a position, 1 position' });
    desk.quote(0, 9_700);
    expect(desk.engine.view.halts).toMatchObject([{ cause, mode: 'HALTED' }]);
  });
});

it('that begins past a loss limit says that the desk is halted again, not that it trades', () => {
  const desk = new DeskUnderTest({ goLiveRequired: true, risk: RISK }).begin();
  for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
  desk.snapshot();
  // 5 % of the day's first equity while it is halted, and 3 % are allowed.
  const movement = { id: 'l', kind: 'funding', amount: '-500', asset: 'USDT', source: 'x' } as const;
  desk.happen({ kind: 'venue.movement', movement: { ...movement, marketMs: desk.marketMs } });
  const detail = expect.stringMatching(
    /^live with 5 % a position, 1 position; armed, and halted again at once: equity .* has lost 3 % or more/,
  );
  expect(goLive(desk, 0)).toMatchObject({ ok: true, detail });
  expect(desk.engine.view).toMatchObject({ mode: 'HALTED', halts: [{ cause: 'daily-loss' }] });
});

it('that is granted is no more than what people set it to since', () => {
  const desk = new DeskUnderTest({ goLiveRequired: true, risk: RISK }).begin();
  for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
  desk.snapshot();
  const allowed = () =>
    desk.engine.view.risk.flatMap(({ limit, value }) =>
      limit === 'open-positions' || limit === 'position-size' ? [value] : [],
    );
  expect(goLive(desk, 0, 2)).toMatchObject({ ok: true });
  expect(allowed()).toEqual(['2', '5 % of equity']);
  const values = { 'risk.maxConcurrentPositions': 1, 'risk.maxPositionSizePct': 4 };
  const baseVersion = desk.engine.view.settings.version;
  expect(desk.command({ name: 'reload', baseVersion, values, approvedBy: [] })).toMatchObject({ ok: true });
  expect(allowed()).toEqual(['1', '4 % of equity']);
});

describe('a desk with real money and no go-live in force', () => {
  it('waits for a go-live, whatever lifts its halts: a person who resumes would be refused', () => {
    const desk = new DeskUnderTest({ goLiveRequired: true }).begin();
    desk.command({ name: 'stop' });
    const waits = desk.engine.whyNotTrading().filter(({ subject }) => subject === 'desk');
    expect(waits).toContainEqual({
      subject: 'desk',
      reason: 'real money is traded only after a go-live that people approved, and none is in force',
      waitsFor: 'a go-live that people approve: fermata go-live',
    });
    const halted = waits.filter(({ reason }) => reason.startsWith('HALTED'));
    expect(halted.map(({ waitsFor }) => waitsFor)).toEqual(
      desk.engine.view.halts.map(() => 'a go-live that people approve: fermata go-live'),
    );
  });

  it('says why the last one ended, at the start that found another desk file too', () => {
    const live = new DeskUnderTest({ goLiveRequired: true }).begin();
    for (const { id } of live.config.instruments) live.quote(id, 10_000);
    live.snapshot();
    goLive(live, 0);
    const ended = { release: '1', attempt: 1 };
    const changed = { goLiveRequired: true, configHash: 'edited' };
    const restarted = new DeskUnderTest(changed, 2, live.records).begin();
    expect(restarted.engine.view).toMatchObject({
      goLive: null,
      goLiveEnded: { ...ended, by: 'fermata', reason: 'the desk file was changed since' },
    });
    expect(restarted.engine.whyNotTrading().map(({ reason }) => reason)).toContainEqual(
      expect.stringMatching(/none is in force \(the last one ended: the desk file was changed since\)$/),
    );
    live.command({ name: 'revokeGoLive' });
    expect(live.engine.view.goLiveEnded).toEqual({ ...ended, by: 'operator', reason: 'test' });
    const again = new DeskUnderTest({ goLiveRequired: true }, 2, live.records).begin();
    expect(again.engine.view.goLiveEnded).toEqual({ ...ended, by: 'operator', reason: 'test' });
  });

  it.each([
    ['person', 'once a person resumes it'],
    ['two-people', 'once two people resume it'],
    ['auto', 'once everything is checked'],
  ] as const)('says after a start who lets it trade again where the rule is %s', (startup, words) => {
    const { engine } = new DeskUnderTest({ resume: { ...deskConfig().resume, startup } }).begin();
    expect(engine.view.reason).toBe(`the trader started; it trades again ${words}`);
  });

  it('says so first thing after a start; with one in force, a person resumes', () => {
    const before = new DeskUnderTest({ goLiveRequired: true }).begin();
    expect(before.engine.view.reason).toBe(
      'the trader started; it trades again only with a go-live that people approve',
    );
    for (const { id } of before.config.instruments) before.quote(id, 10_000);
    before.snapshot();
    goLive(before, 0);
    const { engine } = new DeskUnderTest({ goLiveRequired: true }, 2, before.records).begin();
    expect(engine.view.reason).toBe('the trader started; it trades again once everything is checked');
    expect(engine.whyNotTrading().map(({ waitsFor }) => waitsFor)).not.toContain(
      'a go-live that people approve: fermata go-live',
    );
  });
});
