import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import type { Fill } from '../../src/domain/order.js';
import type { EngineConfig } from '../../src/engine/config.js';
import { createEngine } from '../../src/engine/engine.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { coins, crossStrategy, FUTURES } from '../support/engine-config.js';
import { DeskUnderTest, START_MS } from './support/desk.js';
import { deskConfig } from './support/desk-config.js';
import { waiting } from './support/waiting.js';

/** Through JSON, as the journal keeps it. */
function fromDisk(records: readonly EngineRecord[]): EngineRecord[] {
  return JSON.parse(JSON.stringify(records));
}

describe('a start', () => {
  it('begins HALTED, with the cause, and reads the venue', () => {
    const desk = new DeskUnderTest().begin();
    expect(desk.engine.view).toMatchObject({ mode: 'HALTED' });
    expect(desk.engine.view.halts.map(({ cause, resume }) => [cause, resume])).toEqual([['startup', 'auto']]);
    expect(desk.effects.filter(({ kind }) => kind === 'requestSnapshot')).toHaveLength(1);
    expect(desk.records[0]).toMatchObject({ type: 'config', symbols: ['BTC/USDT', 'ETH/USDT'] });
  });

  it('is HALTED also where the journal ended ACTIVE, and KILLED where it ended KILLED', () => {
    const active = new DeskUnderTest().active();
    expect(new DeskUnderTest({}, 2, fromDisk(active.records)).begin().engine.view.mode).toBe('HALTED');
    active.command({ name: 'kill' });
    expect(new DeskUnderTest({}, 2, fromDisk(active.records)).begin().engine.view.mode).toBe('KILLED');
  });

  it('keeps the stop of a person from before: it does not resume by rule', () => {
    const before = new DeskUnderTest().active();
    before.command({ name: 'stop' });
    const desk = new DeskUnderTest({}, 2, fromDisk(before.records)).begin();
    desk.quote(0, 10_000);
    desk.snapshot();
    expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'authority' });
    expect(desk.arm('person').ok).toBe(true);
  });

  it('names the halt that decides, not the newest: a start lifts itself, the stop of a person before it does not', () => {
    const before = new DeskUnderTest().active();
    before.command({ name: 'stop' });
    const { view } = new DeskUnderTest({}, 2, fromDisk(before.records)).begin().engine;
    expect(view.halts.map(({ cause }) => cause)).toEqual(['person', 'startup']);
    expect(view).toMatchObject({ reason: 'test', haltId: view.halts.at(-1)?.haltId });
  });

  it('counts a new day, and equity, from prices and never from what its positions once cost', () => {
    const before = new DeskUnderTest().active();
    before.hold(0);
    before.quote(0, 12_000);
    const { equity } = before.engine.view;
    const desk = new DeskUnderTest({}, 2, fromDisk(before.records));
    const seen = desk.records.length;
    desk.marketMs += 86_400_000;
    desk.begin();
    desk.pass(1_000);
    desk.snapshot();
    desk.quote(1, 10_000);
    const types = () => desk.records.slice(seen).map(({ type }) => type);
    expect(types()).not.toContain('day');
    expect(types()).not.toContain('equity');
    expect(desk.arm()).toMatchObject({ ok: false, code: 'data-stale' });
    desk.quote(0, 12_000);
    expect(desk.recorded('day').at(-1)).toMatchObject({ startEquity: equity });
    expect(desk.recorded('equity').at(-1)).toMatchObject({ equity });
    expect(desk.arm()).toMatchObject({ ok: true });
  });

  it('replays to the very state that was live', () => {
    const desk = new DeskUnderTest().active();
    desk.hold(0);
    desk.enter(1);
    desk.command({ name: 'stop' });
    const replayed = createEngine(deskConfig());
    for (const record of fromDisk(desk.records)) replayed.apply(record);
    expect(replayed.stateHash()).toBe(desk.engine.stateHash());
    expect(replayed.view.cash).toBe(desk.engine.view.cash);
  });

  it('looks up what it may have sent, never sends it again, and never repeats a client id', () => {
    const before = new DeskUnderTest().active();
    const entry = before.enter(0);
    const desk = new DeskUnderTest({}, 2, fromDisk(before.records)).begin();
    expect(desk.sent('submit')).toEqual([]);
    expect(desk.sent('lookup')).toEqual([entry.clientId]);
    desk.happen({ kind: 'order.lookup', clientId: entry.clientId, found: null });
    desk.pass(3_000);
    desk.happen({ kind: 'order.lookup', clientId: entry.clientId, found: null });
    desk.quote(0, 10_000);
    desk.command({ name: 'reconcile' });
    desk.snapshot();
    desk.arm();
    const next = desk.enter(0);
    expect(next.clientId).not.toBe(entry.clientId);
  });

  it('of a stop that ended meanwhile says what it will do, and sends none for a position that is gone, too', () => {
    const before = new DeskUnderTest().active();
    const { stop } = before.hold(0);
    const desk = new DeskUnderTest({}, 2, fromDisk(before.records));
    Object.assign(desk, { wallMs: before.wallMs + 600_000, marketMs: before.marketMs + 600_000 });
    desk.begin().quote(0, 10_000);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.recorded('note').at(-1)?.text).toMatch(
      /nobody here cancelled it; another one is sent once the account has been read, if the position is still there$/,
    );
    desk.pass(1_000);
    for (let reading = 0; reading < 3; reading += 1) {
      desk.snapshot({ positions: [0, 0], openOrders: [] });
      expect(desk.sent('submit')).toEqual([]);
      desk.pass(1_000);
    }
    expect(desk.engine.view.positions).toEqual([]);
  });

  it('tells people, once, what an entry bought while no trader ran, and gives it its stop', () => {
    const startedAfter = (ms: number, incarnation = {}) => {
      const before = new DeskUnderTest().active();
      const entry = before.enter(0);
      before.accept(entry);
      const half = Math.floor(entry.quantityLots / 2);
      const fills = [half, entry.quantityLots - half].map((lots) => before.makeFill(entry, 10_000, lots));
      const desk = new DeskUnderTest(incarnation, 2, fromDisk(before.records));
      Object.assign(desk, { wallMs: before.wallMs + ms, marketMs: before.marketMs + ms });
      desk.begin().quote(0, 10_000);
      desk.snapshot({ positions: [entry.quantityLots, 0], openOrders: [], fills });
      expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: entry.quantityLots }]);
      return desk.recorded('note').flatMap(({ level, text }) => (level === 'alarm' ? [text] : []));
    };
    expect(startedAfter(20_000)).toEqual([
      expect.stringMatching(/^BTC\/USDT: an entry filled 20 s ago, while no trader ran; .* gets one now if /),
    ]);
    expect(startedAfter(86_400_000, { incarnation: 'def456' })).toEqual([
      expect.stringContaining('filled 24 h 0 min ago, after the backup that was put back; '),
    ]);
    expect(startedAfter(2_000)).toEqual([]);
  });

  it('takes an entry that still rests off the market: the desk is halted', () => {
    const before = new DeskUnderTest().active();
    const entry = before.enter(0);
    before.accept(entry);
    const desk = new DeskUnderTest({}, 2, fromDisk(before.records)).begin();
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
  });

  it('is refused while positions are open and the instruments have changed, and records nothing', () => {
    const before = new DeskUnderTest().active();
    before.hold(0);
    const instruments = [
      buildInstrument(0, {
        symbol: 'BTC/USDT',
        kind: 'spot',
        tickSize: '0.1',
        lotSize: '0.001',
        minNotional: '5',
        makerFeePpm: 1000,
        takerFeePpm: 1000,
      }),
    ];
    const strategies = deskConfig().strategies.map((strategy) => ({ ...strategy, symbols: ['BTC/USDT'] }));
    const engine = createEngine(deskConfig({ instruments, strategies }));
    for (const record of fromDisk(before.records)) engine.apply(record);
    const begun = engine.begin({ wallMs: 0, marketMs: 0, monotonicMs: 0 });
    expect(begun).toMatchObject({ ok: false });
    expect(begun.ok === false && begun.message).toContain('BTC/USDT');
  });

  it('goes on with a close-all that the end interrupted', () => {
    const before = new DeskUnderTest().active();
    const { stop } = before.hold(0);
    before.command({ name: 'closeAll' });
    const desk = new DeskUnderTest({}, 2, fromDisk(before.records)).begin();
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.sent('submit').map(({ purpose }) => purpose)).toEqual(['close']);
    desk.pass(30_000);
    expect(desk.engine.view.closeAll).toBe('escalated');
  });

  it('takes the day of an earlier market where a recording follows a live one', () => {
    const before = new DeskUnderTest().active();
    before.hold(0);
    before.quote(0, 10_000);
    // What is older than this reading by days counts as known.
    before.command({ name: 'reconcile' });
    before.snapshot({ asOfMs: before.marketMs });
    const desk = new DeskUnderTest({}, 2, fromDisk(before.records));
    desk.marketMs = Date.UTC(2021, 0, 8);
    desk.begin();
    const fill = desk.makeFill(before.live('protective', 0)[0]!, 9_900);
    desk.happen({ kind: 'fill', fill: { ...fill, tradeId: 'new', marketMs: desk.marketMs } });
    expect(desk.lots(0)).toBe(0);
  });

  it('on one recording that begins again books no fill twice', () => {
    const paper = { account: 'paper/recorded-1' };
    const before = new DeskUnderTest(paper).active();
    before.hold(0);
    before.command({ name: 'reconcile' });
    before.snapshot({ asOfMs: before.marketMs + 86_400_000 });
    const desk = new DeskUnderTest(paper, 2, fromDisk(before.records));
    desk.marketMs = START_MS;
    desk.begin();
    // The venue's book keeps what it filled, whatever the time of the market is now.
    desk.snapshot({ fills: [desk.recorded('fill')[0]!.fill] });
    expect(desk.recorded('fill')).toHaveLength(1);
  });

  it('with real money that thinks it is a week ago takes no fill from before the journal, and none twice', () => {
    const real = { account: 'Binance spot', historyBeginsMs: START_MS };
    const before = new DeskUnderTest(real).active();
    before.hold(0);
    before.command({ name: 'reconcile' });
    before.snapshot({ asOfMs: before.marketMs + 86_400_000 });
    const lots = before.lots(0);
    const desk = new DeskUnderTest(real, 2, fromDisk(before.records));
    desk.marketMs -= 7 * 86_400_000;
    desk.begin();
    const old = desk.makeFill({ ...before.live('protective', 0)[0]!, side: 'buy' }, 9_900);
    const twice = desk.recorded('fill')[0]!.fill;
    desk.snapshot({ fills: [{ ...old, tradeId: 'old', marketMs: START_MS - 3_600_000 }, twice] });
    expect(desk.lots(0)).toBe(lots);
    expect(desk.recorded('fill')).toHaveLength(1);
  });

  it('learns the id of its account at the first reading, and takes nothing of another one', () => {
    const real = { account: 'Binance spot', historyBeginsMs: START_MS };
    const old = new DeskUnderTest(real).active();
    old.hold(0);
    expect(old.recorded('config')).toHaveLength(1);
    old.command({ name: 'reconcile' });
    old.snapshot({ accountId: '12' });
    old.command({ name: 'reconcile' });
    old.snapshot({ accountId: '12' });
    expect(old.recorded('config').map(({ accountId }) => accountId)).toEqual([undefined, '12']);
    const replayed = createEngine(deskConfig(real));
    for (const record of fromDisk(old.records)) replayed.apply(record);
    expect(replayed.stateHash()).toBe(old.engine.stateHash());

    const start = (accountId?: string) =>
      new DeskUnderTest(
        { ...real, ...(accountId === undefined ? {} : { accountId }) },
        2,
        fromDisk(old.records),
      );
    const other = start('34');
    const before = other.records.length;
    expect(other.engine.begin(other.stamp())).toMatchObject({
      ok: false,
      message: expect.stringContaining('34'),
    });
    expect(other.records).toHaveLength(before);

    expect(start('12').begin().recorded('config')).toHaveLength(2);
    const late = start().begin();
    const lots = late.lots(0);
    late.snapshot({ positions: [0, 0], accountId: '34' });
    late.pass(10_000);
    late.snapshot({ positions: [0, 0], accountId: '34' });
    expect(late.lots(0)).toBe(lots);
    expect(late.arm('two-people')).toMatchObject({ ok: false });
    expect(late.engine.view.halts.at(-1)?.reason).toContain('the key is of the account 34');
  });
});

describe('a symbol that was out of the desk file for a while', () => {
  const real = { account: 'Binance spot', historyBeginsMs: START_MS, coinsNeedOwner: true };
  const deskOf = (names: readonly string[], past: DeskUnderTest): DeskUnderTest => {
    const instruments = coins(names);
    const changes: Partial<EngineConfig> = { ...real, instruments, strategies: crossStrategy(instruments) };
    const desk = new DeskUnderTest(changes, names.length, fromDisk(past.records));
    desk.marketMs = past.marketMs + 60_000;
    return desk;
  };
  /** Has traded ETH, and so has another hand; the newest fills are the last ones that the account has. */
  const traded = (): DeskUnderTest => {
    const desk = new DeskUnderTest(real).active();
    const { stop } = desk.hold(1);
    desk.fill(stop, 9_500);
    const other = { ...stop, clientId: 'web_1', side: 'buy' as const };
    desk.happen({ kind: 'fill', fill: desk.makeFill(other, 9_500) });
    desk.command({ name: 'reconcile' });
    desk.snapshot();
    return desk;
  };
  const fillsOf = (desk: DeskUnderTest) =>
    [...desk.recorded('fill'), ...desk.recorded('fill.foreign')].map(({ fill }) => fill);
  const booksOf = ({ engine: { view } }: DeskUnderTest) => [
    view.cash,
    view.equity,
    view.fills,
    view.positions,
  ];

  it('is back with its fills known: none that the venue lists again is booked twice', () => {
    const before = traded();
    const fills = fillsOf(before);
    expect(fills.map(({ tradeId }) => tradeId)).toEqual(['t1', 't2', 't3']);
    const without = deskOf(['BTC'], before).active();
    without.command({ name: 'reconcile' });
    without.snapshot({ asOfMs: without.marketMs });
    const again = deskOf(['ETH', 'BTC'], without).active();
    const listed = fills.map((fill) => ({ ...fill, instrument: 0 }));
    again.command({ name: 'reconcile' });
    again.snapshot({ fills: listed });
    expect(fillsOf(again)).toHaveLength(3);
    expect(booksOf(again)).toEqual(booksOf(before));

    const onceMore = deskOf(['BTC', 'ETH'], deskOf(['BTC'], again).active()).active();
    onceMore.command({ name: 'reconcile' });
    onceMore.snapshot({ fills });
    expect(fillsOf(onceMore)).toHaveLength(3);
    expect(deskOf(['BTC', 'ETH'], onceMore).engine.stateHash()).toBe(onceMore.engine.stateHash());
  });

  it('whose fills an earlier build booked twice is replayed as it was booked', () => {
    const before = traded();
    const again = deskOf(['BTC', 'ETH'], deskOf(['BTC'], before).active()).begin();
    const replayed = createEngine(again.config);
    for (const record of fromDisk(again.records)) replayed.apply(record);
    const twice = before.recorded('fill');
    const [bought, sold] = twice.map(({ fill }) => fill);
    const result = sold!.quantityLots * (sold!.priceTicks - bought!.priceTicks) * 1_000;
    const { cash, fills } = replayed.view;
    for (const record of fromDisk(twice)) replayed.apply(record);
    expect([replayed.view.cash, replayed.view.fills]).toEqual([cash + result, fills + 2]);
  });
});

describe('a trade whose strategy the desk file no longer has', () => {
  const DIP = waiting('dip', 10_001, 10_011);
  const DIPPER = waiting('dipper', 10_001, 10_011);
  const BESIDE = {
    instruments: coins(['BTC'], { kind: 'linear', sideBySide: true, minNotional: '0' }),
    capabilities: FUTURES,
  };

  /** `dip` holds 400 lots, with their stop. */
  function heldByDip(changes: Partial<EngineConfig> = {}): DeskUnderTest {
    const desk = new DeskUnderTest({ strategies: [DIP], ...changes }, 1).active();
    desk.bar(0, 10_001);
    desk.fillEntry(0, 10_000);
    return desk;
  }

  const startedWith = (changes: Partial<EngineConfig>, before = heldByDip()): DeskUnderTest =>
    new DeskUnderTest(changes, 1, fromDisk(before.records)).active();

  const stopFill = (desk: DeskUnderTest): Fill => ({
    ...desk.makeFill(desk.live('protective', 0)[0]!, 9_800),
    tradeId: 'of the stop',
  });

  const alarms = (desk: DeskUnderTest): string[] =>
    desk
      .recorded('note')
      .filter(({ level }) => level === 'alarm')
      .map(({ text }) => text);

  const orphaned = (desk: DeskUnderTest) =>
    desk.engine.whyNotTrading().filter(({ reason }) => reason.startsWith('the trade of'));

  const REASON =
    'the trade of dip is held, and the desk file has no strategy of that name: its stop and exits stay, and no strategy closes it';
  const CLOSE = 'close the whole position: fermata position close BTC/USDT';
  const WAITS_FOR = `dip to be listed for BTC/USDT in the desk file again and a start, or people to ${CLOSE}`;

  it.each([
    ['where a position has one trade', {}],
    ['side by side', BESIDE],
  ])('is told to people once, and is a reason for as long as it is held, %s', (_where, changes) => {
    const desk = startedWith({ strategies: [DIPPER], ...changes }, heldByDip(changes));
    const told = [`BTC/USDT: ${REASON}. List dip for BTC/USDT in the desk file again and start, or ${CLOSE}`];
    expect(alarms(desk)).toEqual(told);
    expect(orphaned(desk)).toEqual([{ subject: 'BTC/USDT', reason: REASON, waitsFor: WAITS_FOR }]);
    desk.command({ name: 'reconcile' });
    desk.snapshot();
    expect(alarms(desk)).toEqual(told);
    desk.happen({ kind: 'fill', fill: stopFill(desk) });
    expect(desk.lots(0)).toBe(0);
    expect(orphaned(desk)).toEqual([]);
  });

  it('is not said to be held before the venue was read, which may have closed it in between', () => {
    const before = heldByDip();
    const desk = new DeskUnderTest({ strategies: [DIPPER] }, 1, fromDisk(before.records)).begin();
    desk.quote(0, 10_000);
    expect(alarms(desk)).toEqual([]);
    desk.snapshot({ fills: [stopFill(desk)], positions: [0], openOrders: [] });
    expect(desk.lots(0)).toBe(0);
    expect(alarms(desk)).toEqual([]);
  });

  it('is named in what another strategy’s entry is refused for', () => {
    const capabilities = FUTURES;
    const desk = startedWith({ strategies: [DIPPER], capabilities }, heldByDip({ capabilities }));
    desk.bar(0, 10_001);
    expect(desk.recorded('order.denied')).toMatchObject([
      {
        limit: 'taken',
        reason:
          'dip holds a trade here (the desk file has no strategy of that name), and a position has one trade on this account',
      },
    ]);
  });

  it('says so, too, where the strategy is there and no longer trades the instrument', () => {
    const before = new DeskUnderTest({ strategies: [{ ...DIP, symbols: ['BTC/USDT'] }] }).active();
    before.bar(0, 10_001);
    before.fillEntry(0, 10_000);
    const strategies = [{ ...DIP, symbols: ['ETH/USDT'] }];
    const desk = new DeskUnderTest({ strategies }, 2, fromDisk(before.records)).active();
    const reason =
      'the trade of dip is held, and the desk file does not list BTC/USDT for that strategy: its stop and exits stay, and no strategy closes it';
    expect(orphaned(desk)).toEqual([{ subject: 'BTC/USDT', reason, waitsFor: WAITS_FOR }]);
  });

  it('is none where the strategy is there, also switched off, nor where nobody’s is held or dust', () => {
    for (const strategies of [[DIP], [{ ...DIP, enabled: false }, DIPPER]]) {
      const desk = startedWith({ strategies });
      expect([alarms(desk), orphaned(desk)]).toEqual([[], []]);
    }

    const nobodys = new DeskUnderTest({ strategies: [DIPPER] }, 1).active();
    for (let reading = 0; reading < 2; reading += 1) {
      nobodys.pass(60_000);
      nobodys.quote(0, 10_000);
      nobodys.snapshot({ positions: [500] });
    }
    expect(nobodys.lots(0)).toBe(500);
    expect(orphaned(nobodys)).toEqual([]);

    const minNotional = '1000';
    const instruments = coins(['BTC'], { minNotional });
    const dust = new DeskUnderTest({ strategies: [DIPPER], instruments }, 1, fromDisk(heldByDip().records));
    expect(dust.engine.whyNotBegin()).toBeNull();
    dust.begin().snapshot();
    expect([alarms(dust), orphaned(dust)]).toEqual([[], []]);
  });

  it('leaves the state as it is: a replay comes to the same hash', () => {
    const desk = startedWith({ strategies: [DIPPER] });
    const replayed = createEngine(desk.config);
    for (const record of fromDisk(desk.records)) replayed.apply(record);
    expect(replayed.stateHash()).toBe(desk.engine.stateHash());
  });
});
