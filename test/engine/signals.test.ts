/** Signals from outside: recorded before anything acts on them, followed once, and only while they hold. */
import { describe, expect, it } from 'vitest';
import type { DeclaredValue } from '../../src/domain/declared-value.js';
import type { SignalRequest } from '../../src/domain/signal.js';
import type { EngineConfig } from '../../src/engine/config.js';
import type { CommandOutcome } from '../../src/engine/effect.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { ActivityLog } from '../../src/trader/status/activity.js';
import { coins, FUTURES } from '../support/engine-config.js';
import { DeskUnderTest, START_MS } from './support/desk.js';

/** The bid is 100.00 and the ask 100.02. */
const BUY: SignalRequest = {
  ...{ source: 'tv', id: '7', revision: 1, symbol: 'BTC/USDT', action: 'buy' },
  ...{ entry: '99.90', stop: '98.00', targets: ['102.00', '104.00'], text: '' },
  ...{ issuedMs: null, expiresMs: null, validMs: 600_000 },
};
const SELL = { action: 'sell', entry: '100.10', stop: '102.00', targets: ['98.00'] } as const;

type Parameters = Readonly<Record<string, DeclaredValue>>;
const following = (parameters: Parameters = {}): EngineConfig['strategies'][number] => ({
  ...{ name: 'ext', kind: 'externalSignals', symbols: ['BTC/USDT'], enabled: true },
  parameters: { sources: 'tv, desk-two', ...parameters },
});
const deskOf = (
  parameters: Parameters = {},
  more: Partial<EngineConfig> = {},
  past: readonly EngineRecord[] = [],
) => new DeskUnderTest({ strategies: [following(parameters)], ...more }, 2, past);
const SHORTING = { capabilities: { ...FUTURES, shorting: true } };

function send(desk: DeskUnderTest, changes: Partial<SignalRequest> = {}): CommandOutcome {
  return desk.command({ name: 'signal', signal: { ...BUY, ...changes } });
}

const withdraw = (desk: DeskUnderTest, id = '7'): CommandOutcome =>
  desk.command({ name: 'withdrawSignal', source: 'tv', id });
const entries = (desk: DeskUnderTest) =>
  desk.recorded('order.intended').filter(({ order }) => order.purpose === 'entry');
const refusals = (desk: DeskUnderTest) => desk.recorded('signal.refused').map(({ limit }) => limit);
const standing = (desk: DeskUnderTest) => desk.engine.view.signals[0]?.standing;

describe('a signal', () => {
  it('is recorded, then entered with its price, stop and targets', () => {
    const desk = deskOf().active();
    expect(send(desk)).toMatchObject({
      ok: true,
      detail: expect.stringContaining('its entry is on its way to the venue'),
    });
    const types = desk.records.map(({ type }) => type);
    expect(types.indexOf('signal')).toBeLessThan(types.indexOf('order.intended'));
    expect(desk.live('entry', 0)).toMatchObject([
      {
        ...{ type: 'limit', limitTicks: 9_990, protectTicks: 9_800, strategy: 'ext' },
        signal: { source: 'tv', id: '7', revision: 1 },
        exits: {
          targets: [
            { ticks: 10_200, closedPpm: 500_000 },
            { ticks: 10_400, closedPpm: 1_000_000 },
          ],
        },
      },
    ]);
    expect(standing(desk)).toBe('resting');
  });

  it('is told as at the venue once that has accepted its entry, and as refused where it was not sent', () => {
    const desk = deskOf().active();
    send(desk);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    expect(send(desk)).toMatchObject({ detail: expect.stringContaining('its entry is at the venue') });
    const other = deskOf().active();
    send(other);
    const { clientId } = other.live('entry', 0)[0]!;
    const text = 'Not sent: 5 NQZ6 would take 105000.00 of initial margin.';
    other.happen({ kind: 'order.rejected', clientId, code: 'NOT_SENT', text });
    const reason = `NOT_SENT: ${text}`;
    expect(other.engine.view.signals[0]).toMatchObject({
      standing: 'refused',
      refused: { limit: 'rejected', reason },
    });
    expect(other.engine.view.signalsRefused).toEqual(new Map([['rejected', 1]]));
    const log = new ActivityLog(other.config.instruments);
    for (const record of other.records) log.add(record, 0);
    expect(log.newestFirst().map(({ text: line }) => line)).toEqual(
      expect.arrayContaining([
        'an entry order was not sent: 5 NQZ6 would take 105000.00 of initial margin.',
        `order ${clientId} was rejected before it was sent: 5 NQZ6 would take 105000.00 of initial margin.`,
      ]),
    );
    expect(deskOf({}, {}, other.records).engine.stateHash()).toBe(other.engine.stateHash());
  });

  it('without an entry price is entered at the market, no worse than the slippage', () => {
    const desk = deskOf({ slippageTicks: 5 }).active();
    send(desk, { entry: null });
    expect(desk.sent('submit')).toMatchObject([{ type: 'market', limitTicks: 10_007, timeInForce: 'IOC' }]);
    // The bar of that very moment ends while the order is on its way.
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toEqual([]);
  });

  it('that sells is entered where the venue can', () => {
    const desk = deskOf({}, SHORTING).active();
    send(desk, SELL);
    expect(desk.live('entry', 0)).toMatchObject([{ side: 'sell', limitTicks: 10_010, protectTicks: 10_200 }]);
    const spot = deskOf().active();
    send(spot, SELL);
    expect(refusals(spot)).toEqual(['shorting']);
  });

  it('sent again is answered and not followed again, also after a restart', () => {
    const desk = deskOf().active();
    send(desk);
    expect(send(desk, { text: 'again' })).toMatchObject({
      ok: true,
      detail: expect.stringContaining('known already'),
    });
    expect(entries(desk)).toHaveLength(1);
    expect(desk.recorded('signal')).toHaveLength(1);
    // Another price, however like the rest, needs a revision of its own.
    const other = { targets: ['102.00', '103.00'] };
    expect(send(desk, other)).toMatchObject({ ok: false, code: 'signal-old-revision' });
    const order = desk.live('entry', 0)[0]!;
    desk.happen({ kind: 'order.cancelled', clientId: order.clientId });
    const again = deskOf({}, {}, desk.records).active();
    expect(send(again)).toMatchObject({ ok: true });
    expect(entries(again)).toHaveLength(1);
  });

  it('leaves the same state to a replay', () => {
    const desk = deskOf().active();
    send(desk);
    send(desk, { id: '8', stop: null });
    send(desk, { id: '9', validMs: null });
    withdraw(desk, 'never-came');
    desk.accept(desk.live('entry', 0)[0]!);
    desk.fill(desk.live('entry', 0)[0]!, 9_990, 1);
    const replayed = deskOf({}, {}, desk.records);
    expect(replayed.engine.stateHash()).toBe(desk.engine.stateHash());
    expect(replayed.engine.view.signals).toHaveLength(3);
  });

  it.each<[Partial<SignalRequest>, string, RegExp]>([
    [{ symbol: 'XRP/USDT' }, 'input', /^symbol: expected one of BTC\/USDT, ETH\/USDT; found XRP\/USDT$/],
    [{ entry: '99.905' }, 'input', /^entry: expected a multiple of 0\.01, found 99\.905$/],
    [{ stop: '0' }, 'input', /^stop: expected a price above zero, found 0$/],
    [{ stop: '99.95' }, 'input', /^stop: expected a price below the entry where action is buy$/],
    [{ targets: ['99.00'] }, 'input', /^targets\[0\]: expected a price above the entry where action is buy$/],
    [
      { targets: ['103.00', '102.00'] },
      'input',
      /^targets\[1\]: expected a price above the target before it/,
    ],
    [{ action: 'close' }, 'input', /^entry: expected none where action is close$/],
    [
      { expiresMs: START_MS },
      'input',
      /^expiresAt: expected it or validSeconds, one of the two; found both$/,
    ],
    [{ validMs: null }, 'input', /^expiresAt: .*; found neither$/],
    [
      { validMs: 8 * 86_400_000 },
      'input',
      /^expiresAt: expected a time after the original one, by seven days/,
    ],
    [{ issuedMs: START_MS - 700_000 }, 'expired', /^it expired at 2026-01-05T11:58:20\.000Z/],
    [{ issuedMs: START_MS - 600_000 }, 'expired', /^it expired at 2026-01-05T12:00:00\.000Z/],
    [{ issuedMs: START_MS + 61_000 }, 'issued-ahead', /^issuedAt: expected a time that has come/],
  ])('that is wrong is refused on record with its field: %j', (changes, limit, message) => {
    const desk = deskOf().active();
    const outcome = send(desk, changes);
    expect(outcome).toMatchObject({
      ok: false,
      code: `signal-${limit}`,
      message: expect.stringMatching(message),
    });
    expect(refusals(desk)).toEqual([limit]);
    send(desk, changes);
    expect([...desk.engine.view.signalsRefused]).toEqual([[limit, 2]]);
    expect(desk.recorded('signal')).toEqual([]);
    expect(entries(desk)).toEqual([]);
  });

  it('that comes while the desk is halted is recorded with the reason, and not followed later', () => {
    const desk = deskOf().active();
    desk.command({ name: 'stop' });
    expect(send(desk)).toMatchObject({
      ok: true,
      detail: expect.stringContaining('it is not followed: the desk is HALTED: test'),
    });
    expect(desk.recorded('signal')).toHaveLength(1);
    desk.snapshot();
    desk.arm('person');
    expect(desk.engine.view.mode).toBe('ACTIVE');
    send(desk);
    desk.pass(1_000);
    expect(entries(desk)).toEqual([]);
    expect(desk.engine.view.signalsRefused).toEqual(new Map([['halted', 1]]));
  });

  it('of a symbol that no strategy follows signals on is refused by name', () => {
    const desk = deskOf().active();
    send(desk, { symbol: 'ETH/USDT' });
    expect(refusals(desk)).toEqual(['no-strategy']);
  });
});

describe('what the shipped strategy does not follow', () => {
  it.each<[string, Partial<SignalRequest>, Parameters]>([
    ['source', { source: 'stranger' }, {}],
    ['source', {}, { sources: '' }],
    ['age', { issuedMs: START_MS - 61_000 }, { maxAgeSeconds: 60 }],
    ['no-stop', { stop: null }, {}],
    ['no-stop', { stop: null }, { minRewardToRisk: 0 }],
    ['reward-to-risk', { targets: [] }, {}],
    // 1.10 and 1.90 bring 1.50 on average for a risk of 1.90.
    ['reward-to-risk', { targets: ['101.00', '101.80'] }, { minRewardToRisk: 0.8 }],
    ['no-entry', { entry: null }, {}],
    ['stop-passed', { entry: null, stop: '100.20', targets: ['104.00'] }, { slippageTicks: 10 }],
    ['stop-passed', { entry: '103.00', stop: '101.00', targets: ['108.00'] }, {}],
    ['flat', { action: 'close', entry: null, stop: null, targets: [] }, {}],
    // 5 % of 99.90 are less than 9.90: the desk's own limit.
    ['stop-loss-required', { stop: '90.00', targets: ['120.00'] }, {}],
  ])('%s: %j', (limit, changes, parameters) => {
    const desk = deskOf(parameters).active();
    send(desk, changes);
    expect(entries(desk)).toEqual([]);
    expect([...desk.engine.view.signalsRefused]).toEqual([[limit, 1]]);
    expect(desk.engine.view.signals[0]).toMatchObject({ standing: 'refused', refused: { limit } });
  });

  it.each(['99.00', '100.02'])('stop-passed: a sale at whose stop, %s, the market is already', (stop) => {
    const desk = deskOf({}, SHORTING).active();
    send(desk, { action: 'sell', entry: '97.00', stop, targets: ['90.00'] });
    expect(entries(desk)).toEqual([]);
    expect(refusals(desk)).toEqual(['stop-passed']);
  });

  it('does follow what is just good enough', () => {
    const desk = deskOf({ minRewardToRisk: 1, maxAgeSeconds: 60 }).active();
    send(desk, { targets: ['101.00', '102.60'], issuedMs: desk.marketMs - 60_000 });
    expect(refusals(desk)).toEqual([]);
    expect(entries(desk)).toHaveLength(1);
  });

  it('is whatever comes while a position or an entry is open, or while it is off', () => {
    const desk = deskOf().active();
    send(desk);
    send(desk, { id: '8' });
    expect(refusals(desk)).toEqual(['busy']);
    desk.command({ name: 'toggle', strategy: 'ext', enabled: false });
    send(desk, { id: '9' });
    expect(refusals(desk)).toEqual(['busy', 'strategy-off']);
    expect(entries(desk)).toHaveLength(1);
  });
});

describe('an edit', () => {
  const accepted = (): DeskUnderTest => {
    const desk = deskOf().active();
    send(desk);
    desk.accept(desk.live('entry', 0)[0]!);
    return desk;
  };

  it('that tightens takes the entry off, and enters anew once that is final', () => {
    const desk = accepted();
    const [before] = desk.live('entry', 0);
    send(desk, { revision: 2, stop: '98.50' });
    expect(desk.sent('cancel')).toEqual([before!.clientId]);
    expect(entries(desk)).toHaveLength(1);
    desk.happen({ kind: 'order.cancelled', clientId: before!.clientId });
    expect(desk.live('entry', 0)).toMatchObject([{ protectTicks: 9_850, signal: { revision: 2 } }]);
    send(desk, { revision: 2, stop: '98.50' });
    expect(entries(desk)).toHaveLength(2);
  });

  it('whose former entry is filled after all enters nothing more', () => {
    const desk = accepted();
    const [before] = desk.live('entry', 0);
    send(desk, { revision: 2, stop: '98.50' });
    desk.fill(before!, 9_990);
    expect(entries(desk)).toHaveLength(1);
    expect(refusals(desk)).toEqual(['filled']);
    expect(standing(desk)).toBe('filled');
  });

  it('is taken off again by a fill of its former entry that is reported late', () => {
    const desk = deskOf().active();
    send(desk);
    const [first] = desk.live('entry', 0);
    desk.accept(first!);
    send(desk, { revision: 2, stop: '98.50' });
    desk.happen({ kind: 'order.cancelled', clientId: first!.clientId });
    const [second] = desk.live('entry', 0);
    desk.accept(second!);
    desk.fill(first!, 9_990, 60);
    expect(desk.sent('cancel')).toContain(second!.clientId);
    desk.happen({ kind: 'order.cancelled', clientId: second!.clientId });
    expect(desk.lots(0)).toBe(60);
    expect(standing(desk)).toBe('filled');
  });

  it('is not asked for again by a desk that was halted or restarted meanwhile', () => {
    const desk = accepted();
    const [before] = desk.live('entry', 0);
    send(desk, { revision: 2, stop: '98.50' });
    desk.command({ name: 'stop' });
    desk.happen({ kind: 'order.cancelled', clientId: before!.clientId });
    expect(entries(desk)).toHaveLength(1);
    expect(refusals(desk)).toEqual(['halted']);
    const restarted = accepted();
    send(restarted, { revision: 2, stop: '98.50' });
    const [resting] = restarted.live('entry', 0);
    const again = deskOf({}, {}, restarted.records).begin();
    again.happen({ kind: 'order.cancelled', clientId: resting!.clientId });
    for (const id of [0, 1]) again.quote(id, 10_000);
    again.snapshot();
    expect(again.arm()).toMatchObject({ ok: true });
    again.pass(1_000);
    expect(entries(again)).toHaveLength(1);
  });

  it.each<[string, Partial<SignalRequest>]>([
    ['symbol', { symbol: 'ETH/USDT' }],
    ['action', SELL],
    ['expiresAt', { validMs: 601_000 }],
    ['entry', { entry: '99.91' }],
    ['entry', { entry: null }],
    ['stop', { stop: '97.99' }],
    ['stop', { stop: null }],
    ['targets', { targets: ['102.00'] }],
    ['targets\\[1\\]', { targets: ['102.00', '104.01'] }],
  ])('that loosens %s is refused, and the signal stays as it was: %j', (field, changes) => {
    const desk = accepted();
    expect(send(desk, { revision: 2, ...changes })).toMatchObject({
      code: 'signal-looser',
      message: expect.stringMatching(new RegExp(`^an edit may only tighten a signal: ${field}: expected`)),
    });
    expect(desk.sent('cancel')).toEqual([]);
    expect(desk.engine.view.signals[0]?.signal).toMatchObject({ revision: 1, stopTicks: 9_800 });
  });

  it('has the time of the original, whatever it says itself', () => {
    const desk = accepted();
    send(desk, { revision: 2, stop: '98.50', issuedMs: START_MS - 60_000 });
    expect(desk.engine.view.signals[0]?.signal).toMatchObject({
      ...{ revision: 2, issuedMs: START_MS, expiresMs: START_MS + 600_000 },
    });
  });

  it('under a revision that is known, or older, is refused', () => {
    const desk = accepted();
    expect(send(desk, { stop: '98.50' })).toMatchObject({ code: 'signal-old-revision' });
    send(desk, { revision: 3, stop: '98.50' });
    expect(send(desk, { revision: 2, stop: '98.60' })).toMatchObject({ code: 'signal-old-revision' });
  });
});

describe('the end of a signal', () => {
  it('by withdrawal cancels its entry, in every mode, and no revision is followed any more', () => {
    const desk = deskOf().active();
    send(desk);
    desk.accept(desk.live('entry', 0)[0]!);
    const [order] = desk.live('entry', 0);
    expect(withdraw(desk)).toMatchObject({ ok: true });
    expect(desk.sent('cancel')).toEqual([order!.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: order!.clientId });
    expect(send(desk, { revision: 2, stop: '98.50' })).toMatchObject({ code: 'signal-withdrawn' });
    expect(withdraw(desk)).toMatchObject({ ok: true, detail: 'the signal is withdrawn already' });
    expect(desk.recorded('signal.withdrawn')).toHaveLength(1);
    const halted = deskOf().begin();
    expect(withdraw(halted)).toMatchObject({ ok: true });
  });

  it('may be told before the signal comes', () => {
    const desk = deskOf().active();
    withdraw(desk);
    expect(send(desk)).toMatchObject({ code: 'signal-withdrawn' });
    expect(entries(desk)).toEqual([]);
  });

  it('by expiry takes its entry off', () => {
    const desk = deskOf().active();
    send(desk, { validMs: 30_000 });
    desk.accept(desk.live('entry', 0)[0]!);
    desk.marketMs += 29_999;
    desk.happen({ kind: 'tick' });
    expect(desk.sent('cancel')).toEqual([]);
    desk.marketMs += 1;
    desk.happen({ kind: 'tick' });
    expect(desk.sent('cancel')).toHaveLength(1);
    desk.happen({ kind: 'order.cancelled', clientId: desk.live('entry', 0)[0]!.clientId });
    expect(standing(desk)).toBe('expired');
  });

  it('leaves a trade its stop and targets; another one closes it', () => {
    const desk = deskOf().active();
    send(desk);
    const [order] = desk.live('entry', 0);
    desk.accept(order!);
    desk.fill(order!, 9_990);
    withdraw(desk);
    desk.accept(desk.live('protective', 0)[0]!);
    expect(desk.lots(0)).toBeGreaterThan(0);
    expect(desk.live('protective', 0)).toMatchObject([{ stopTicks: 9_800 }]);
    send(desk, { id: '8', action: 'close', entry: null, stop: null, targets: [] });
    expect(desk.recorded('note').at(-1)?.text).toBe('signal 8 of tv: closing the position');
  });

  it('is forgotten a day later, so that what is remembered is bounded', () => {
    const desk = deskOf().active();
    send(desk, { stop: null });
    desk.marketMs += 600_000 + 86_400_000 + 1;
    send(desk, { id: '8', stop: null });
    expect(desk.engine.view.signals.map(({ id }) => id)).toEqual(['8']);
  });

  it('that is withdrawn again before it comes is refused, though its former withdrawal is forgotten', () => {
    const desk = deskOf().active();
    withdraw(desk);
    desk.marketMs += 8 * 86_400_000 + 1;
    expect(withdraw(desk)).toMatchObject({ ok: true, detail: expect.stringContaining('no such signal') });
    send(desk, { id: '8', stop: null });
    expect(send(desk)).toMatchObject({ ok: false, code: 'signal-withdrawn' });
    expect(entries(desk)).toEqual([]);
  });

  it('makes room for others a day later, also where none more fitted', () => {
    const desk = deskOf().active();
    for (let count = 0; count < 5_000; count += 1) withdraw(desk, `n${count}`);
    expect(withdraw(desk, 'one-more')).toMatchObject({ code: 'signal-too-many' });
    expect(send(desk)).toMatchObject({ code: 'signal-too-many' });
    desk.marketMs += 8 * 86_400_000 + 1;
    expect(send(desk)).toMatchObject({ ok: true });
    expect(desk.engine.view.signals.map(({ id }) => id)).toEqual(['7']);
  });
});

describe('a change of the instruments', () => {
  const startedAs = (past: DeskUnderTest, names: readonly string[], steps = {}): DeskUnderTest => {
    const instruments = coins(names, steps);
    const symbols = instruments.map(({ symbol }) => symbol);
    const desk = deskOf({}, { instruments, strategies: [{ ...following(), symbols }] }, past.records);
    desk.marketMs = past.marketMs + 1_000;
    return desk.active();
  };
  const named = ({ engine, config }: DeskUnderTest) =>
    engine.view.signals.map(({ id, signal }) => [id, config.instruments[signal?.instrument ?? -1]?.symbol]);
  const known = { ok: true, detail: expect.stringContaining('known already') };
  /** 7 was filled and its stop hit, 8 (a day long) was not followed, 9 was withdrawn before it came. */
  const lived = (): DeskUnderTest => {
    const desk = deskOf().active();
    send(desk);
    const { stop } = desk.fillEntry(0, 9_990);
    send(desk, { id: '8', validMs: 86_400_000 });
    desk.fill(stop, 9_800);
    withdraw(desk, '9');
    return desk;
  };

  it('leaves a signal with its symbol: a repetition is one, and an edit is followed', () => {
    const desk = startedAs(lived(), ['ETH', 'BTC']);
    expect(named(desk)).toEqual([
      ['9', undefined],
      ['8', 'BTC/USDT'],
      ['7', 'BTC/USDT'],
    ]);
    expect(send(desk)).toMatchObject(known);
    expect(send(desk, { id: '9' })).toMatchObject({ code: 'signal-withdrawn' });
    expect(entries(desk)).toHaveLength(1);
    expect(send(desk, { id: '8', revision: 2, validMs: 86_400_000, stop: '98.50' })).toMatchObject({
      ok: true,
    });
    expect(desk.live('entry', 1)).toMatchObject([{ protectTicks: 9_850 }]);
    expect(deskOf({}, desk.config, desk.records).engine.stateHash()).toBe(desk.engine.stateHash());
  });

  it('without its symbol hides a signal; once that is back, nothing is entered a second time', () => {
    const without = startedAs(lived(), ['ETH']);
    expect(named(without)).toEqual([['9', undefined]]);
    expect(send(without)).toMatchObject({ code: 'signal-input' });
    withdraw(without, '8');
    expect(deskOf({}, without.config, without.records).engine.stateHash()).toBe(without.engine.stateHash());
    const desk = startedAs(without, ['ETH', 'BTC']);
    expect(send(desk)).toMatchObject(known);
    expect(desk.engine.view.signals.find(({ id }) => id === '7')).toMatchObject({ standing: 'filled' });
    expect(send(desk, { id: '8', revision: 2, validMs: 86_400_000 })).toMatchObject({
      code: 'signal-withdrawn',
    });
    expect(entries(desk)).toHaveLength(1);
  });

  it('without its symbol forgets a signal a day after its end, like any other', () => {
    const without = startedAs(lived(), ['ETH']);
    without.marketMs += 600_000 + 86_400_000 + 1;
    send(without, { id: '10', symbol: 'ETH/USDT', stop: null });
    expect(named(startedAs(without, ['ETH', 'BTC']))).toEqual([
      ['10', 'ETH/USDT'],
      ['9', undefined],
      ['8', 'BTC/USDT'],
    ]);
  });

  it('to finer or coarser ticks leaves a signal its prices', () => {
    const desk = startedAs(lived(), ['BTC', 'ETH'], { tickSize: '0.001' });
    expect(send(desk)).toMatchObject(known);
    const coarser = startedAs(lived(), ['BTC', 'ETH'], { tickSize: '0.5' });
    const { signal } = coarser.engine.view.signals.at(-1)!;
    // 99.90, 98.00, 102.00 and 104.00
    expect(signal).toMatchObject({ entryTicks: 200, stopTicks: 196, targetTicks: [204, 208] });
    expect(send(coarser, { entry: '99.50' })).toMatchObject({ code: 'signal-old-revision' });
  });
});

it('is read by people: what came, what was refused and why', () => {
  const desk = deskOf().active();
  send(desk, { stop: null });
  withdraw(desk);
  const log = new ActivityLog(desk.config.instruments);
  for (const record of desk.records) log.add(record, 0);
  expect(log.newestFirst().map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      'signal 7 of tv, revision 1, by operator: buy BTC/USDT, entry 99.90, target 102.00, target 104.00',
      'signal 7 of tv, revision 1, is not followed: ext: it has no stop',
      'signal 7 of tv was withdrawn by operator: test',
    ]),
  );
});

it('is read by people with the instruments of its time, whatever the desk file lists now', () => {
  const desk = deskOf().active();
  send(desk, { stop: null });
  const [btc, ...others] = desk.config.instruments;
  const log = new ActivityLog(others.map((one, id) => ({ ...one, id, symbol: `not ${btc?.symbol}` })));
  for (const record of desk.records) log.add(record, 0);
  const texts = log.newestFirst().map(({ text }) => text);
  expect(texts).toContain(
    'signal 7 of tv, revision 1, by operator: buy BTC/USDT, entry 99.90, target 102.00, target 104.00',
  );
});
