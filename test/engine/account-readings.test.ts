import { describe, expect, it } from 'vitest';
import type { CashListed } from '../../src/domain/venue.js';
import type { ResumeRules } from '../../src/engine/config.js';
import type { Effect } from '../../src/engine/effect.js';
import type { VenueSnapshot } from '../../src/engine/event.js';
import { longestReadingMs } from '../../src/engine/sync/request-snapshot.js';
import { staleMsOf } from '../../src/limits/stale-data.js';
import { systemTimers, type Timers } from '../../src/trader/running/clock.js';
import { VenueCalls } from '../../src/trader/running/venue-calls.js';
import type { VenuePort } from '../../src/venue/port.js';
import { DeskUnderTest } from './support/desk.js';

const asked = (effects: readonly Effect[]): number =>
  effects.filter(({ kind }) => kind === 'requestSnapshot').length;

/** Each reading is refused, or agrees, for so long; prices go on. */
function readings(desk: DeskUnderTest, ms: number, answer: 'refused' | 'agrees'): void {
  const untilMs = desk.monotonicMs + ms;
  while (desk.monotonicMs < untilMs) {
    const request = desk.pass(1_000).find((effect) => effect.kind === 'requestSnapshot');
    if (request !== undefined && answer === 'agrees') desk.snapshot();
    else if (request !== undefined)
      desk.happen({
        kind: 'venue.snapshotFailed',
        requestId: request.requestId,
        cause: '-2015: Invalid API-key',
      });
    for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
  }
}

describe('readings of the account', () => {
  it('are one at a time however many ask for one, and one more follows for all of them', () => {
    const desk = new DeskUnderTest().active();
    let sent = 0;
    for (let wish = 0; wish < 1000; wish += 1) {
      desk.wait(1);
      desk.command({ name: 'reconcile' });
      sent += asked(desk.effects);
    }
    expect(sent).toBe(1);
    expect(asked(desk.snapshot())).toBe(1);
    expect(desk.engine.view.reconciliation.state).toBe('clean');
    expect(asked(desk.snapshot())).toBe(0);
  });

  it('that fail at once are asked for again later, although somebody wanted another one', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    const request = desk.effects.find((effect) => effect.kind === 'requestSnapshot');
    desk.command({ name: 'reconcile' });
    const requestId = request?.requestId ?? 0;
    expect(asked(desk.happen({ kind: 'venue.snapshotFailed', requestId, cause: 'refused' }))).toBe(0);
    expect(asked(desk.pass(1000))).toBe(1);
  });

  it('that began before a jump of the clock prove nothing after it', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    const before = desk.effects.find((effect) => effect.kind === 'requestSnapshot')?.requestId ?? 0;
    expect(asked(desk.happen({ kind: 'clock.jump', gapMs: 60_000 }))).toBe(1);
    const empty = { positions: [], openOrders: [], fills: [], cash: null };
    desk.happen({ kind: 'venue.snapshot', snapshot: { requestId: before, ...empty } });
    expect(desk.engine.view.reconciliation.state).toBe('pending');
    desk.snapshot();
    expect(desk.engine.view.reconciliation.state).toBe('clean');
  });

  it('that fail for three minutes halt the desk, and say why', () => {
    const desk = new DeskUnderTest().active();
    // The next one is due within a minute.
    readings(desk, 60_000 + 170_000, 'refused');
    expect(desk.engine.view.mode).toBe('ACTIVE');
    readings(desk, 20_000, 'refused');
    const [halt] = desk.engine.view.halts;
    expect(halt).toMatchObject({ mode: 'HALTED', cause: 'reconciliation' });
    expect(halt?.reason).toContain('for 180 s: -2015: Invalid API-key');
    expect(desk.arm('two-people')).toMatchObject({
      code: 'not-reconciled',
      message: expect.stringContaining('-2015: Invalid API-key'),
    });
    readings(desk, 20_000, 'agrees');
    expect(desk.arm('two-people')).toMatchObject({ ok: true });
  });

  it('that agree move on from when fills are asked for, also where nothing is traded for days', () => {
    const desk = new DeskUnderTest().active();
    const [began] = desk.recorded('reconciled');
    const sinceNext = (asOfMs: number) => {
      desk.command({ name: 'reconcile' });
      desk.snapshot({ asOfMs });
      desk.command({ name: 'reconcile' });
      const request = desk.effects.find((effect) => effect.kind === 'requestSnapshot');
      desk.snapshot();
      return request?.sinceTradeMs ?? 0;
    };
    const atMs = desk.marketMs + 3 * 86_400_000;
    const sinceMs = sinceNext(atMs);
    // What an exchange lists late is asked for again for an hour.
    expect(atMs - sinceMs).toBeGreaterThan(3_600_000);
    expect(atMs - sinceMs).toBeLessThan(2 * 3_600_000);
    expect(began?.fillsThroughMs).toBeLessThan(sinceMs);
    expect(sinceNext(atMs - 86_400_000)).toBe(sinceMs);
  });

  it('that fail now and then halt nothing', () => {
    const desk = new DeskUnderTest().active();
    for (let round = 0; round < 3; round += 1) {
      readings(desk, 120_000, 'refused');
      readings(desk, 20_000, 'agrees');
    }
    expect(desk.engine.view.halts).toEqual([]);
  });

  it('wait a second for the lists of cash that moved, and have them at the next one', async () => {
    let listed: (value: CashListed) => void = () => undefined;
    let lists = 0;
    const { calls, snapshots } = readingLists(systemTimers, () => {
      lists += 1;
      return new Promise<CashListed>((resolve) => {
        listed = resolve;
      });
    });
    calls.snapshot(1, 0, 5);
    await expect
      .poll(() => snapshots.at(-1), { timeout: 30_000 })
      .toMatchObject({
        requestId: 1,
        cash: 7,
        movements: [],
        movementsUnfinished: true,
      });
    const movement = {
      id: 'm',
      kind: 'interest',
      asset: 'USDT',
      amount: '1',
      marketMs: 6,
      source: 's',
    } as const;
    listed({ movements: [movement], unread: [] });
    calls.snapshot(2, 0, 5);
    await expect.poll(() => snapshots.at(-1)).toMatchObject({ requestId: 2, movements: [movement] });
    expect(snapshots.at(-1)).not.toHaveProperty('movementsUnfinished');
    expect(lists).toBe(1);
  });

  it('ask for lists that never come again after a minute, not before', async () => {
    const due: { atMs: number; call: () => void }[] = [];
    let nowMs = 0;
    const timers = {
      after: (ms: number, call: () => void) => {
        const timer = { atMs: nowMs + ms, call };
        due.push(timer);
        return () => void due.splice(due.indexOf(timer) >>> 0, 1);
      },
    };
    const pass = (ms: number): void => {
      nowMs += ms;
      for (const timer of [...due]) if (timer.atMs <= nowMs) timer.call();
    };
    let lists = 0;
    const { calls, snapshots } = readingLists(timers as Timers, () => {
      lists += 1;
      return lists === 1 ? new Promise(() => undefined) : Promise.resolve({ movements: [], unread: [] });
    });
    const read = async (requestId: number, sinceMs?: number): Promise<void> => {
      calls.snapshot(requestId, 0, sinceMs);
      await new Promise(setImmediate);
      pass(1_000);
      await expect.poll(() => snapshots.at(-1)).toMatchObject({ requestId });
    };
    await read(1, 5);
    await read(2);
    await read(3, 5);
    expect([lists, snapshots.at(-1)]).toMatchObject([1, { movementsUnfinished: true, movementsUnread: [] }]);
    pass(60_000);
    await read(4, 5);
    await read(5, 5);
    expect(lists).toBeGreaterThan(1);
    expect(snapshots.at(-1)).not.toHaveProperty('movementsUnfinished');
  });

  it('are bounded at the venue too: of a thousand wishes the first two and the newest are read', async () => {
    const waiting: ((lots: readonly never[]) => void)[] = [];
    let mostAtOnce = 0;
    let underWay = 0;
    const venue = {
      positions: () => {
        underWay += 1;
        mostAtOnce = Math.max(mostAtOnce, underWay);
        return new Promise<readonly never[]>((resolve) => waiting.push(resolve)).finally(() => {
          underWay -= 1;
        });
      },
      openOrders: () => Promise.resolve([]),
      fillsSince: () => Promise.resolve([]),
      balances: () => Promise.resolve({ cash: 0, currency: 'USDT' }),
      onEvent: () => undefined,
    } as unknown as VenuePort;
    const calls = new VenueCalls(venue, systemTimers);
    const answered: number[] = [];
    calls.connect((event) => {
      if (event.kind === 'venue.snapshot') answered.push(event.snapshot.requestId);
    });
    for (let requestId = 1; requestId <= 1000; requestId += 1) calls.snapshot(requestId, 0);
    for (let reading = 1; reading <= 2; reading += 1) {
      await expect.poll(() => waiting.length).toBeGreaterThan(0);
      for (const answer of waiting.splice(0)) answer([]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => answered).toEqual([1, 2, 1000]);
    expect(mostAtOnce).toBe(2);
  });

  it('that are never answered give way to the next soon after the engine has given them up', async () => {
    let asked = 0;
    const venue = {
      positions: () => {
        asked += 1;
        return new Promise(() => undefined);
      },
      openOrders: () => Promise.resolve([]),
      fillsSince: () => Promise.resolve([]),
      balances: () => Promise.resolve({ cash: 0, currency: 'USDT' }),
      onEvent: () => undefined,
    } as unknown as VenuePort;
    const givenUp: { readonly afterMs: number; readonly run: () => void }[] = [];
    const timers: Timers = {
      ...systemTimers,
      after: (afterMs, run) => {
        givenUp.push({ afterMs, run });
        return () => undefined;
      },
    };
    const waitsMs = longestReadingMs(1_000);
    const calls = new VenueCalls(venue, timers, waitsMs);
    for (let requestId = 1; requestId <= 3; requestId += 1) calls.snapshot(requestId, 0);
    const [first, second] = givenUp;
    expect(asked).toBe(2);
    expect([first?.afterMs, second?.afterMs]).toEqual([1.25 * waitsMs, 1.25 * waitsMs]);
    first?.run();
    await expect.poll(() => asked).toBe(3);
  });
});

describe('prices that come back', () => {
  const resume: ResumeRules = {
    startup: 'auto',
    fault: 'person',
    venue: 'auto',
    dailyLoss: 'next-day',
    drawdown: 'two-people',
    person: 'person',
    kill: 'two-people',
  };

  it('resume like a venue that does, also where a fault asks for a person', () => {
    const desk = new DeskUnderTest({ resume }).active();
    desk.pass(staleMsOf(desk.config.risk) + 1000);
    const [halt] = desk.engine.view.halts;
    expect(halt).toMatchObject({ cause: 'stale-data', resume: 'auto' });
    desk.snapshot();
    expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'data-stale' });
    for (const { id } of desk.config.instruments) desk.quote(id, 10_000);
    expect(desk.arm('rule')).toMatchObject({ ok: true });
  });
});

/** The host's calls at a venue with no position, whose lists of cash that moved come as they are given. */
function readingLists(timers: Timers, cashMovements: () => Promise<CashListed>) {
  const venue = {
    positions: () => Promise.resolve([]),
    openOrders: () => Promise.resolve([]),
    fillsSince: () => Promise.resolve([]),
    balances: () => Promise.resolve({ cash: 7, currency: 'USDT' }),
    cashMovements,
    onEvent: () => undefined,
  } as unknown as VenuePort;
  const calls = new VenueCalls(venue, timers);
  const snapshots: VenueSnapshot[] = [];
  calls.connect((event) => {
    if (event.kind === 'venue.snapshot') snapshots.push(event.snapshot);
  });
  return { calls, snapshots };
}
