import { describe, expect, it } from 'vitest';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest, START_MS } from './support/desk.js';
import { deskConfig } from './support/desk-config.js';

describe('stop', () => {
  it('cancels resting entries in the same call and leaves positions and their stops alone', () => {
    const desk = new DeskUnderTest().active();
    const { stop } = desk.hold(0);
    const entry = desk.enter(1);
    const outcome = desk.command({ name: 'stop' });
    expect(outcome.ok).toBe(true);
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    expect(desk.sent('submit')).toEqual([]);
    desk.happen({ kind: 'order.cancelled', clientId: entry.clientId });
    expect(desk.engine.view.entriesWorking).toBe(0);
    expect(desk.stateOf(stop)).toBe('working');
    expect(desk.lots(0)).toBeGreaterThan(0);
  });

  it('is not what a smaller size is, which cancels entries of the size before all the same', () => {
    const desk = new DeskUnderTest().active();
    const { stop } = desk.hold(0);
    const entry = desk.enter(1);
    desk.accept(entry);
    const resize = { name: 'resize', sizeFactorPpm: 500_000, authorised: false } as const;
    expect(desk.command(resize)).toMatchObject({ ok: true });
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    expect([desk.stateOf(entry), desk.stateOf(stop), desk.engine.view.mode]).toEqual([
      ...['cancelling', 'working', 'ACTIVE'],
    ]);
    const more = { ...resize, sizeFactorPpm: 500_001 };
    expect(desk.command(more)).toMatchObject({ ok: false, code: 'approval-needed' });
  });

  it('is recorded as a newer halt when the desk is halted already, so that older decisions arm nothing', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'stop' });
    const first = desk.engine.view.haltId!;
    desk.command({ name: 'stop' });
    expect(desk.engine.view.haltId).not.toBe(first);
    const outcome = desk.command({ name: 'arm', haltId: first, configHash: 'hash', authority: 'person' });
    expect(outcome).toMatchObject({ ok: false, code: 'stale-halt-id' });
  });

  it('sends the cancel again when the venue does not answer, and looks up what it refused to cancel', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.command({ name: 'stop' });
    desk.pass(2_000);
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    desk.happen({ kind: 'order.cancelRejected', clientId: entry.clientId, code: 'x', text: 'not open' });
    expect(desk.sent('lookup')).toEqual([entry.clientId]);
    expect(desk.sent('cancel')).toEqual([]);
  });

  it('keeps a fill that crossed the cancel, and protects it', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.command({ name: 'stop' });
    desk.fill(entry, 10_000);
    expect(desk.stateOf(entry)).not.toBe('working');
    expect(desk.lots(0)).toBe(entry.quantityLots);
    expect(desk.sent('submit').map(({ purpose }) => purpose)).toEqual(['protective']);
  });

  it('says why the mode is what it is, in the words of the person', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'stop' });
    expect(desk.engine.view).toMatchObject({ mode: 'HALTED', reason: 'test' });
    expect(desk.recorded('command').at(-1)).toMatchObject({ name: 'stop', by: 'operator', ok: true });
  });
});

describe('arm', () => {
  it('is refused for another version of the desk file', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'stop' });
    const haltId = desk.engine.view.haltId!;
    const outcome = desk.command({ name: 'arm', haltId, configHash: 'other', authority: 'person' });
    expect(outcome).toMatchObject({ ok: false, code: 'config-changed' });
  });

  it('by rule never lifts a stop of a person', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'stop' });
    expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'authority' });
    expect(desk.arm('person').ok).toBe(true);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', haltId: null });
  });

  it('works once: the same halt id does not arm again', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'stop' });
    const haltId = desk.engine.view.haltId!;
    const command = { name: 'arm', haltId, configHash: 'hash', authority: 'person' } as const;
    expect(desk.command(command).ok).toBe(true);
    expect(desk.command(command)).toMatchObject({ ok: false, code: 'not-halted' });
    desk.command({ name: 'stop' });
    expect(desk.command(command)).toMatchObject({ ok: false, code: 'stale-halt-id' });
  });

  it('waits for a clean reconciliation, a known fate of every order, and a fresh price', () => {
    const desk = new DeskUnderTest().begin();
    expect(desk.arm()).toMatchObject({ ok: false, code: 'not-reconciled' });
    desk.snapshot();
    expect(desk.arm()).toMatchObject({ ok: false, code: 'data-stale' });
    desk.quote(0, 10_000);
    desk.quote(1, 10_000);
    expect(desk.arm().ok).toBe(true);
    desk.enter(0);
    desk.command({ name: 'stop' });
    desk.command({ name: 'reconcile' });
    desk.happen({
      kind: 'order.cancelRejected',
      clientId: desk.live('entry', 0)[0]!.clientId,
      code: 'x',
      text: 'y',
    });
    desk.snapshot({ openOrders: [] });
    expect(desk.arm('person')).toMatchObject({ ok: false, code: 'unknown-orders' });
  });

  it('waits after a halt of the auditor for a reading of the venue that began since', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    const before = desk.effects.find(({ kind }) => kind === 'requestSnapshot');
    desk.command({ name: 'stop', why: { cause: 'auditor', resume: 'person' } });
    desk.snapshot({ requestId: before?.kind === 'requestSnapshot' ? before.requestId : 0 });
    expect(desk.arm('person')).toMatchObject({ ok: false, code: 'not-reconciled' });
    desk.snapshot();
    expect(desk.arm('person').ok).toBe(true);
  });

  it('by rule lifts a next-day halt only once the market day has changed; a person may earlier', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'stop', why: { cause: 'daily-loss', resume: 'next-day' } });
    expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'authority' });
    desk.marketMs = START_MS + 86_400_000;
    desk.quote(0, 10_000);
    desk.quote(1, 10_000);
    expect(desk.arm('rule').ok).toBe(true);
    desk.command({ name: 'stop', why: { cause: 'check-failed', resume: 'next-day' } });
    expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'authority' });
    expect(desk.arm('person').ok).toBe(true);
  });

  it('asks for the strictest of all halts', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'stop', why: { cause: 'check-failed', resume: 'two-people' } });
    desk.command({ name: 'stop', why: { cause: 'venue', resume: 'auto' } });
    expect(desk.arm('person')).toMatchObject({ ok: false, code: 'authority' });
    expect(desk.arm('two-people').ok).toBe(true);
  });

  it('is refused while positions are being closed', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.hold(0);
    desk.command({ name: 'closeAll' });
    desk.snapshot();
    expect(desk.arm('person')).toMatchObject({ ok: false });
    expect(desk.engine.view.mode).toBe('HALTED');
  });

  it('counts the daily loss from where a person resumed on the day of a halt for it, whose own result stays', () => {
    const desk = new DeskUnderTest({ risk: { ...deskConfig().risk, dailyLossLimitPct: 0.5 } }).active();
    desk.hold(0);
    const began = desk.engine.view.dayStartEquity;
    desk.quote(0, 8_000);
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'daily-loss' }]);
    const lost = desk.engine.view.equity;
    expect(desk.arm('two-people')).toMatchObject({ ok: true });
    expect(desk.engine.view).toMatchObject({ dayStartEquity: began, lossesFromEquity: lost, mode: 'ACTIVE' });
    const again = new DeskUnderTest(desk.config, 1, desk.records);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
    desk.quote(0, 6_000);
    expect(desk.engine.view.halts.at(-1)?.reason).toContain('since a person resumed on this day at');
    desk.pass(2 * 86_400_000);
    desk.quote(0, 6_000);
    const { dayStartEquity, lossesFromEquity, equity } = desk.engine.view;
    expect([dayStartEquity, lossesFromEquity]).toEqual([equity, equity]);
  });
});

describe('toggle', () => {
  it('switches a strategy off: its entries leave, its position keeps its stop', () => {
    const desk = new DeskUnderTest().active();
    const { stop } = desk.hold(0);
    const entry = desk.enter(1);
    desk.command({ name: 'toggle', strategy: 'cross', enabled: false });
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    expect(desk.stateOf(stop)).toBe('working');
    expect(desk.command({ name: 'toggle', strategy: 'nobody', enabled: true })).toMatchObject({
      ok: false,
      code: 'unknown-strategy',
    });
  });
});
