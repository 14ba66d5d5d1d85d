/** Entries that wait in the core: if a price is touched, at the open, at the close. */
import { describe, expect, it } from 'vitest';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import type { InstrumentSessions, TradedStrategy } from '../../src/engine/config.js';
import type {
  CloseEntry,
  OpenEntry,
  StrategyContext,
  TouchedEntry,
  TrailingEntry,
  WaitingWish,
} from '../../src/engine/strategies/strategy.js';
import { ActivityLog } from '../../src/trader/status/activity.js';
import { WaitingSince } from '../../src/trader/status/since-start.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { entriesInTurn, oneEntry } from './support/one-entry.js';
import { waiting } from './support/waiting.js';

type Changes = ConstructorParameters<typeof DeskUnderTest>[0];

/** The bid is 10,000 and the ask 10,002. */
const DIP: TouchedEntry = {
  ...{ side: 'buy', type: 'ifTouched', touchTicks: 9_950, limitTicks: null, slippageTicks: 5 },
  ...{ restBars: 3, protectTicks: 9_800, because: 'a dip' },
};
const RALLY: TouchedEntry = { ...DIP, side: 'sell', touchTicks: 10_050, protectTicks: 10_200 };
const DIP_BY_LIMIT: TouchedEntry = { ...DIP, limitTicks: 9_940, slippageTicks: null };
const TURN: TrailingEntry = {
  ...{ side: 'buy', type: 'trailingStop', trailTicks: 40, slippageTicks: 5 },
  ...{ restBars: 3, protectTicks: 9_800, because: 'a turn' },
};
const OPEN: OpenEntry = {
  ...{ side: 'buy', type: 'atOpen', slippageTicks: 5, protectTicks: 9_800, because: 'a new day' },
};
const CLOSE: CloseEntry = { ...OPEN, type: 'atClose', leadMs: 60_000, because: 'over the night' };
const SHORTING = { capabilities: { ...FUTURES, shorting: true } };

function asked(wish: WaitingWish, changes: Changes = {}): DeskUnderTest {
  const desk = new DeskUnderTest({ strategies: [oneEntry(wish)], ...changes }, 1).active();
  desk.bar(0, 10_000);
  return desk;
}

/** The tests begin on Monday, January 5, at 12:00 UTC. */
const hours = (mon: readonly string[], changes: Partial<InstrumentSessions> = {}): Changes => {
  const calendar = new SessionCalendar(withOwnHours(ALWAYS_OPEN, { hours: { mon } }), () => 0);
  return { sessions: [{ calendar, ...changes }] };
};
const TWO_SESSIONS = hours(['10:00-13:00', '18:00-20:00']);
const momentOf = (utc: string): number => Date.parse(`2026-01-05T${utc}Z`);

/** Nothing is quoted and nothing ticks until then. */
function goTo(desk: DeskUnderTest, utc: string): DeskUnderTest {
  desk.wait(momentOf(utc) - desk.marketMs);
  return desk;
}

const entries = (desk: DeskUnderTest) => desk.live('entry', 0);
/** As the status has it. */
function waitingIn(desk: DeskUnderTest, { sessions = [] }: Changes = {}) {
  const since = new WaitingSince();
  for (const record of desk.records) since.add(record);
  const { waitingEntries } = desk.status({
    calendars: sessions.map(({ calendar }) => calendar),
    waitingSinceMs: (clientId) => since.of(clientId),
  });
  return waitingEntries;
}
const over = (desk: DeskUnderTest) =>
  desk.recorded('entry.over').map(({ outcome, reason }) => [outcome, reason]);
const denied = (desk: DeskUnderTest) => desk.recorded('order.denied');

describe('an entry if a price is touched', () => {
  it('is no order until the ask comes down to its price, then takes what is there within its slippage', () => {
    const desk = asked(DIP);
    expect(desk.recorded('entry.waits')).toHaveLength(1);
    expect(desk.recorded('order.intended')).toEqual([]);
    desk.quote(0, 9_949);
    expect(desk.sent('submit')).toEqual([]);
    desk.quote(0, 9_948);
    const [waited] = desk.recorded('entry.waits');
    expect(desk.sent('submit')).toMatchObject([
      {
        ...{ clientId: waited!.entry.clientId, purpose: 'entry', side: 'buy', type: 'limit' },
        ...{ limitTicks: 9_955, timeInForce: 'IOC', protectTicks: 9_800, waited: 'ifTouched' },
      },
    ]);
    expect(over(desk)).toEqual([['due', 'the market touched its price']]);
    expect(desk.engine.view.waiting).toEqual([]);
    desk.quote(0, 9_940);
    expect(desk.sent('submit')).toEqual([]);
  });

  it('whose moment comes just before a bar ends is not taken off with that bar, while it is on its way', () => {
    const desk = asked(DIP);
    desk.marketMs += 60_000;
    desk.quote(0, 9_948);
    const [entry] = entries(desk);
    desk.marketMs -= 60_000;
    desk.bar(0, 9_948);
    expect(desk.sent('cancel')).toEqual([]);
    desk.bar(0, 9_948);
    expect(desk.sent('cancel')).toEqual([entry!.clientId]);
  });

  it('that sells is for the bid coming up to its price, and leaves at the price of a gap beyond it', () => {
    const desk = asked(RALLY, SHORTING);
    desk.quote(0, 10_049);
    expect(entries(desk)).toEqual([]);
    desk.quote(0, 10_090);
    expect(entries(desk)).toMatchObject([{ side: 'sell', limitTicks: 10_085, timeInForce: 'IOC' }]);
  });

  it('with a limit becomes a limit order that rests for the bars that are left', () => {
    const desk = asked(DIP_BY_LIMIT);
    desk.bar(0, 10_000);
    desk.quote(0, 9_948);
    const [entry] = entries(desk);
    expect(entry).toMatchObject({ type: 'limit', limitTicks: 9_940, timeInForce: 'GTC' });
    desk.accept(entry!);
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toEqual([]);
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toEqual([entry!.clientId]);
  });

  it('is over after its bars, and not touched any more', () => {
    const desk = asked(DIP);
    for (const _ of [1, 2]) desk.bar(0, 10_000);
    expect(desk.engine.view.waiting).toHaveLength(1);
    desk.bar(0, 10_000);
    expect(over(desk)).toEqual([['dropped', 'it waited as long as its strategy lets it']]);
    desk.quote(0, 9_900);
    expect(entries(desk)).toEqual([]);
  });

  it.each<[string, TouchedEntry, number, string]>([
    ['buys', DIP, 10_002, 'the market has touched 100.02 already: it is for a purchase below the ask'],
    ['sells', RALLY, 10_000, 'the market has touched 100.00 already: it is for a sale above the bid'],
  ])('that %s is refused where the market is there already', (_, wish, touched, words) => {
    expect(denied(asked({ ...wish, touchTicks: touched }, SHORTING))).toMatchObject([
      { limit: 'if-touched', reason: expect.stringContaining(words), order: { waited: 'ifTouched' } },
    ]);
    const ahead = wish.side === 'buy' ? touched - 1 : touched + 1;
    expect(asked({ ...wish, touchTicks: ahead }, SHORTING).engine.view.waiting).toHaveLength(1);
  });

  it('is refused with a stop or a target that its price rules out, and where nothing can be sold short', () => {
    expect(denied(asked({ ...DIP, protectTicks: 9_950 }))).toMatchObject([
      { limit: 'if-touched', reason: expect.stringContaining('on the winning side') },
    ]);
    const exits = { targets: [{ ticks: 9_950, closedPpm: 1_000_000 }] };
    expect(denied(asked({ ...DIP, exits }))).toMatchObject([{ limit: 'exits' }]);
    expect(denied(asked(RALLY))).toMatchObject([{ limit: 'shorting' }]);
  });

  it('is sized and judged at its moment alone', () => {
    const lots = (bid: number) => {
      const desk = asked(DIP);
      desk.quote(0, bid);
      return entries(desk)[0]?.quantityLots ?? 0;
    };
    // 10 % of equity, at the worst prices 9,955 and 9,857.
    expect(lots(9_850) / lots(9_948)).toBeCloseTo(9_955 / 9_857, 3);
    const gap = asked(DIP);
    gap.quote(0, 9_800);
    expect(denied(gap)).toMatchObject([{ limit: 'market-entry', order: { waited: 'ifTouched' } }]);
    expect(gap.engine.view.waiting).toEqual([]);
    const loose = asked({ ...DIP, protectTicks: 9_000 });
    expect(denied(loose)).toEqual([]);
    loose.quote(0, 9_948);
    expect(denied(loose)).toMatchObject([{ limit: 'stop-loss-required' }]);
  });

  it('has its stop once it is filled, and its trade is that of any entry', () => {
    const desk = asked(DIP);
    desk.quote(0, 9_948);
    const [entry] = entries(desk);
    desk.accept(entry!);
    desk.fill(entry!, 9_950);
    expect(desk.live('protective', 0)).toMatchObject([
      { stopTicks: 9_800, quantityLots: entry!.quantityLots },
    ]);
  });
});

describe('an entry once the market turns', () => {
  it('is no order until the ask has risen from its lowest, then takes what is there within its slippage', () => {
    const desk = asked(TURN);
    for (const bid of [9_960, 9_900, 9_939]) desk.quote(0, bid);
    expect(entries(desk)).toEqual([]);
    desk.quote(0, 9_940);
    expect(entries(desk)).toMatchObject([
      { type: 'limit', limitTicks: 9_947, timeInForce: 'IOC', protectTicks: 9_700, waited: 'trailingStop' },
    ]);
    expect(over(desk)).toEqual([['due', 'the market has turned']]);
  });

  it('that sells is for the bid coming down from its highest', () => {
    const desk = asked({ ...TURN, side: 'sell', protectTicks: 10_200 }, SHORTING);
    for (const bid of [10_100, 10_061]) desk.quote(0, bid);
    expect(entries(desk)).toEqual([]);
    desk.quote(0, 10_060);
    expect(entries(desk)).toMatchObject([{ side: 'sell', limitTicks: 10_055, protectTicks: 10_300 }]);
  });

  it('brings its targets and its break-even along, and leaves distances and times as they are', () => {
    const exits = {
      targets: [
        { ticks: 10_100, closedPpm: 500_000 },
        { ticks: 10_200, closedPpm: 1_000_000 },
      ],
      ...{ breakEvenAtTicks: 10_150, trailTicks: 70, maxBars: 9 },
    };
    const desk = asked({ ...TURN, exits });
    for (const bid of [9_900, 9_940]) desk.quote(0, bid);
    expect(entries(desk)[0]?.exits).toEqual({
      targets: [
        { ticks: 10_000, closedPpm: 500_000 },
        { ticks: 10_100, closedPpm: 1_000_000 },
      ],
      ...{ breakEvenAtTicks: 10_050, trailTicks: 70, maxBars: 9 },
    });
  });

  it('counts the quote of its wish: a market that rises at once has turned by its trail', () => {
    const desk = asked(TURN);
    desk.quote(0, 10_040);
    expect(entries(desk)).toMatchObject([{ protectTicks: 9_800 }]);
  });

  it('is refused with a stop or a target that the first turn rules out, and where nothing can be sold short', () => {
    expect(denied(asked({ ...TURN, protectTicks: 10_042 }))).toMatchObject([
      { limit: 'trailing-stop', reason: expect.stringContaining('on the winning side') },
    ]);
    const exits = { targets: [{ ticks: 10_042, closedPpm: 1_000_000 }] };
    expect(denied(asked({ ...TURN, exits }))).toMatchObject([{ limit: 'exits' }]);
    expect(denied(asked({ ...TURN, side: 'sell', protectTicks: 10_200 }))).toMatchObject([
      { limit: 'shorting' },
    ]);
  });

  it('is over after its bars, however the market turns then', () => {
    const desk = asked(TURN);
    for (let bar = 0; bar < 3; bar += 1) desk.bar(0, 10_000);
    desk.quote(0, 10_060);
    expect([entries(desk), over(desk)]).toEqual([
      [],
      [['dropped', 'it waited as long as its strategy lets it']],
    ]);
  });

  it('is told with its best price so far, and the stop that it would have now', () => {
    const desk = asked(TURN);
    desk.quote(0, 9_950);
    const waits = 'buy, once the ask has risen by 0.40 from its lowest, 99.52';
    expect(waitingIn(desk)).toMatchObject([{ type: 'trailingStop', waits, stop: '97.50' }]);
    expect(desk.engine.whyNotTrading()).toMatchObject([
      { reason: `an entry waits in the desk, not at the venue: ${waits}`, waitsFor: 'the market to turn' },
    ]);
  });
});

describe('an entry at the open', () => {
  it('leaves at the first quote of the next session, and not before it', () => {
    const desk = asked(OPEN, TWO_SESSIONS);
    expect(desk.recorded('entry.waits')).toMatchObject([
      { entry: { fromMs: momentOf('18:00'), untilMs: momentOf('18:01') } },
    ]);
    goTo(desk, '12:30').quote(0, 10_000);
    goTo(desk, '17:59:59').quote(0, 10_010);
    expect(entries(desk)).toEqual([]);
    goTo(desk, '18:00:02').quote(0, 10_020);
    expect(entries(desk)).toMatchObject([
      { side: 'buy', type: 'limit', limitTicks: 10_027, timeInForce: 'IOC', waited: 'atOpen' },
    ]);
  });

  it.each([0, 700])('waits behind an exit whose fill is told %i ms later, over the close', (lateMs) => {
    const strategies = [waiting('a', 10_001, 10_011, {}, { 10012: (context) => context.enter(OPEN) })];
    const desk = new DeskUnderTest({ strategies, ...TWO_SESSIONS }, 1).active();
    desk.bar(0, 10_001);
    const { stop } = desk.fillEntry(0, 10_000);
    goTo(desk, '12:58:59.500').bar(0, 10_011);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [exit] = desk.live('exit', 0);
    desk.accept(exit!);
    desk.wait(lateMs);
    desk.fill(exit!, 10_000);
    // The last minute of the session, shown a second after its end.
    goTo(desk, '13:00:01').happen({
      ...{ kind: 'bar', instrument: 0, openMs: momentOf('12:59'), spanMs: 60_000, warmup: false },
      ...{ openTicks: 10_012, highTicks: 10_012, lowTicks: 10_012, closeTicks: 10_012, volumeLots: 1 },
    });
    expect(desk.engine.view.waiting).toHaveLength(1);
    goTo(desk, '18:00').command({ name: 'reconcile' });
    desk.snapshot();
    desk.quote(0, 10_000);
    expect(over(desk)).toEqual([['due', 'the session has opened']]);
  });

  it('stays while the desk takes its other entries off at the close, and one for a price does not', () => {
    const changes = { ...hours(['10:00-13:00', '18:00-20:00'], { cancelsEntries: true }) };
    const open = goTo(asked(OPEN, changes), '13:30');
    open.pass(0);
    expect(open.engine.view.waiting).toHaveLength(1);
    const dip = goTo(asked(DIP, changes), '13:30');
    dip.pass(0);
    expect(over(dip)).toEqual([['dropped', 'market closed, opens Mon 18:00 UTC']]);
  });

  it('that was asked for while the market is closed is for the session that comes next', () => {
    const calendar = hours(['18:00-20:00', '21:00-22:00']);
    const desk = new DeskUnderTest({ strategies: [oneEntry(OPEN)], ...calendar }, 1);
    goTo(desk, '17:59').active();
    // The bar that ends with the open has begun before it; none is shown while the market is closed.
    goTo(desk, '20:59').quote(0, 10_000);
    expect(desk.engine.view.waiting).toEqual([]);
  });

  it('whose session brings no price in its first minute is over', () => {
    const late = goTo(asked(OPEN, TWO_SESSIONS), '18:01');
    late.quote(0, 10_000);
    expect(over(late)).toEqual([['dropped', 'no price came at its moment']]);
    expect(entries(late)).toEqual([]);
    const silent = goTo(asked(OPEN, TWO_SESSIONS), '18:01');
    silent.pass(0);
    expect(over(silent)).toEqual([['dropped', 'no price came at its moment']]);
  });
});

describe('an entry at the close', () => {
  it('leaves at the first quote within its lead, while the market is open', () => {
    const desk = asked(CLOSE, TWO_SESSIONS);
    goTo(desk, '12:58:59').quote(0, 10_000);
    expect(entries(desk)).toEqual([]);
    goTo(desk, '12:59').quote(0, 10_010);
    expect(entries(desk)).toMatchObject([{ limitTicks: 10_017, timeInForce: 'IOC', waited: 'atClose' }]);
    expect(over(desk)).toEqual([['due', 'the session is about to close']]);
  });

  it('knows that the market closes early', () => {
    const calendar = new SessionCalendar(
      withOwnHours(ALWAYS_OPEN, {
        hours: { mon: ['10:00-16:00'] },
        earlyCloses: { '2026-01-05': '13:00' },
      }),
      () => 0,
    );
    const desk = asked(CLOSE, { sessions: [{ calendar }] });
    goTo(desk, '12:59:30').quote(0, 10_000);
    expect(entries(desk)).toHaveLength(1);
  });

  it('is over where no quote comes before the close', () => {
    const desk = asked(CLOSE, TWO_SESSIONS);
    goTo(desk, '13:00').quote(0, 10_000);
    desk.pass(0);
    expect(over(desk)).toEqual([['dropped', 'no price came at its moment']]);
    goTo(desk, '18:00:01').quote(0, 10_000);
    expect(entries(desk)).toEqual([]);
  });

  it('is refused where the desk lets nothing be entered so shortly before the close', () => {
    const late = (changes: Partial<InstrumentSessions>) => asked(CLOSE, hours(['10:00-13:00'], changes));
    expect(denied(late({ noEntriesBeforeCloseMs: 60_000 }))).toMatchObject([{ limit: 'at-close' }]);
    expect(denied(late({ flatBeforeCloseMs: 120_000 }))).toMatchObject([{ limit: 'at-close' }]);
    const enough = late({ noEntriesBeforeCloseMs: 59_000 });
    goTo(enough, '12:59').quote(0, 10_000);
    expect(entries(enough)).toHaveLength(1);
  });
});

describe('an entry for a session', () => {
  it.each<[string, WaitingWish, string]>([
    ['open', OPEN, 'at-open'],
    ['close', CLOSE, 'at-close'],
  ])('is refused for the %s of a market that trades around the clock, with the reason', (_, wish, limit) => {
    expect(denied(asked(wish))).toMatchObject([
      { limit, reason: expect.stringContaining('it has no hours in the desk file') },
    ]);
  });
});

describe('what waits', () => {
  it('is dropped by a stop at once, and no price makes an order of it afterwards', () => {
    const desk = asked(DIP);
    expect(desk.engine.view.entriesWorking).toBe(1);
    expect(desk.command({ name: 'stop' })).toMatchObject({
      detail: expect.stringContaining('1 that waited in the core dropped'),
    });
    expect(over(desk)).toEqual([['dropped', 'the desk is HALTED']]);
    expect(desk.engine.view.entriesWorking).toBe(0);
    desk.quote(0, 9_900);
    desk.snapshot();
    desk.arm();
    desk.quote(0, 9_890);
    expect(desk.recorded('order.intended')).toEqual([]);
  });

  it('is dropped by the halt that its own quote raises', () => {
    const listed = oneEntry();
    const create = () => ({
      warmupBars: 0,
      onBar: (context: StrategyContext) => {
        if (context.positionLots !== 0 || context.entryResting) return;
        context.enter({ ...DIP, limitTicks: 10_000, touchTicks: 9_999, slippageTicks: null });
        context.enter({ ...DIP, restBars: 100 });
      },
      state: () => '',
    });
    const strategies = [{ ...listed, own: { ...listed.own!, create } }];
    const desk = new DeskUnderTest({ ...SHORTING, strategies }, 1).active();
    desk.bar(0, 10_000);
    desk.quote(0, 9_997);
    const [entry] = entries(desk);
    desk.accept(entry!);
    desk.fill(entry!, 9_999);
    desk.accept(desk.live('protective', 0)[0]!);
    // 10 % of equity fell by 40 %: more than a day may lose.
    desk.quote(0, 6_000);
    expect(desk.engine.view.mode).toBe('HALTED');
    expect(over(desk)).toEqual([
      ['due', 'the market touched its price'],
      ['dropped', 'the desk is HALTED'],
    ]);
    expect(desk.recorded('order.intended').filter(({ order }) => order.purpose === 'entry')).toHaveLength(1);
  });

  it.each<[string, (desk: DeskUnderTest) => unknown, string]>([
    ['a kill', (desk) => desk.command({ name: 'kill' }), 'all positions are being closed'],
    ['a close-all', (desk) => desk.command({ name: 'closeAll' }), 'all positions are being closed'],
    [
      'its strategy being switched off',
      (desk) => desk.command({ name: 'toggle', strategy: 'once', enabled: false }),
      'once was switched off',
    ],
    [
      'settings that change',
      (desk) =>
        desk.command({
          ...{ name: 'reload', values: { 'risk.stopLossPct': 4 }, baseVersion: 0, approvedBy: [] },
        }),
      'the settings changed',
    ],
    [
      'a person who cancels it',
      (desk) => desk.command({ name: 'cancelEntry', clientId: desk.engine.view.waiting[0]?.clientId ?? '' }),
      'operator cancelled it',
    ],
    [
      'a venue whose API does not answer',
      (desk) => desk.happen({ kind: 'venue.breaker', state: 'open', detail: 'no answer' }),
      'the desk is HALTED',
    ],
  ])('is dropped by %s, on record', (_, end, reason) => {
    const desk = asked(DIP);
    end(desk);
    expect(over(desk)).toEqual([['dropped', reason]]);
    desk.quote(0, 9_900);
    expect(desk.recorded('order.intended')).toEqual([]);
  });

  it('stays through a reading of the account that agrees', () => {
    const desk = asked(DIP);
    desk.command({ name: 'reconcile' });
    desk.snapshot();
    desk.quote(0, 9_948);
    expect(entries(desk)).toHaveLength(1);
  });

  it('is dropped by a restart, before anything else is done, and leaves by no quote after it', () => {
    const before = asked(DIP);
    const after = new DeskUnderTest({ strategies: [oneEntry(DIP)] }, 1, before.records);
    expect(after.engine.view.waiting).toHaveLength(1);
    after.marketMs = before.marketMs;
    after.begin();
    expect(over(after)).toEqual([['dropped', 'the trader was started again']]);
    after.quote(0, 9_948);
    expect(after.recorded('order.intended')).toEqual([]);
  });

  it('is refused while the desk is halted', () => {
    const desk = new DeskUnderTest({ strategies: [oneEntry(DIP)] }, 1).begin();
    desk.quote(0, 10_000);
    desk.bar(0, 10_000);
    expect(denied(desk)).toMatchObject([{ limit: 'mode', reason: expect.stringContaining('HALTED') }]);
    expect(desk.recorded('entry.waits')).toEqual([]);
  });

  it('is bounded: of many wishes ten wait, and the rest is refused on record', () => {
    const wishes = Array.from({ length: 12 }, () => ({ ...DIP, restBars: 100 }));
    const desk = new DeskUnderTest({ strategies: [entriesInTurn(wishes)] }, 1).active();
    for (const _ of wishes) desk.bar(0, 10_000);
    expect(desk.engine.view.waiting).toHaveLength(10);
    expect(denied(desk).map(({ limit }) => limit)).toEqual(['waiting', 'waiting']);
  });

  it('counts for its strategy as an entry that rests', () => {
    const seen: boolean[] = [];
    const listed = oneEntry(DIP);
    const inner = listed.own!.create({}, undefined as never);
    const strategies = [
      {
        ...listed,
        own: {
          ...listed.own!,
          create: () => ({
            ...inner,
            onBar: (...[context, bar]: Parameters<typeof inner.onBar>) => {
              seen.push(context.entryResting);
              inner.onBar(context, bar);
            },
          }),
        },
      },
    ];
    const desk = new DeskUnderTest({ strategies }, 1).active();
    for (const _ of [1, 2, 3, 4, 5]) desk.bar(0, 10_000);
    expect(seen).toEqual([false, true, true, false, false]);
  });

  it('is told as what it is and where, and when it waits no more', () => {
    const desk = asked(DIP);
    expect(desk.engine.whyNotTrading()).toEqual([
      {
        subject: 'once BTC/USDT',
        reason: 'an entry waits in the desk, not at the venue: buy, once the ask is at 99.50 or below',
        waitsFor: 'the ask to come to its price',
      },
    ]);
    expect(asked(OPEN, TWO_SESSIONS).engine.whyNotTrading()).toMatchObject([
      {
        reason: 'an entry waits in the desk, not at the venue: buy, at the open',
        waitsFor: 'the first price from Mon 18:00 UTC on',
      },
    ]);
    desk.command({ name: 'stop' });
    const log = new ActivityLog(desk.config.instruments);
    for (const record of desk.records) log.add(record, 0);
    const lines = log.newestFirst().map(({ text }) => text);
    expect(lines).toContain('BTC/USDT: an entry waits: buy, once the ask is at 99.50 or below: a dip');
    expect(lines).toContain('BTC/USDT: an entry of once that waited was dropped: the desk is HALTED');
  });

  it('is in the status with its price and its market’s time in words, its stop, and since when it waits', () => {
    const since = momentOf('12:01:00');
    const of = { clientId: expect.stringMatching(/^f/), symbol: 'BTC/USDT', side: 'buy', strategy: 'once' };
    const touched = asked(DIP);
    const [sinceMs] = touched.recorded('entry.waits').map(({ marketMs }) => marketMs);
    expect(sinceMs).toBeGreaterThanOrEqual(momentOf('12:00:00'));
    expect(sinceMs).toBeLessThanOrEqual(since);
    const waits = 'buy, once the ask is at 99.50 or below';
    expect(waitingIn(touched)).toEqual([{ ...of, type: 'ifTouched', waits, stop: '98.00', sinceMs }]);
    expect(waitingIn(asked(OPEN, TWO_SESSIONS), TWO_SESSIONS)).toMatchObject([
      { type: 'atOpen', waits: 'buy, at the open, from Mon 18:00 UTC on', stop: '98.00' },
    ]);
    expect(waitingIn(asked(CLOSE, TWO_SESSIONS), TWO_SESSIONS)).toMatchObject([
      { type: 'atClose', waits: 'buy, before the close, from Mon 12:59 UTC on' },
    ]);
    touched.command({ name: 'stop' });
    expect(waitingIn(touched)).toBeUndefined();
  });

  it('that follows a signal is told to who sends it again as what it is and where', () => {
    const follower: TradedStrategy = {
      ...{ name: 'once', kind: './strategies/once.ts', symbols: ['BTC/USDT'], enabled: true, parameters: {} },
      own: {
        ...{ kind: './strategies/once.ts', suits: 'trending', parameters: [] },
        create: () => ({
          ...{ warmupBars: 0, onBar: () => undefined, state: () => '' },
          onSignal: (context) => {
            context.enter(DIP);
            return null;
          },
        }),
      },
    };
    const desk = new DeskUnderTest({ strategies: [follower] }, 1).active();
    const signal = {
      ...{ source: 'tv', id: '7', revision: 1, symbol: 'BTC/USDT', action: 'buy' as const, text: '' },
      ...{ entry: '99.50', stop: '98.00', targets: [], issuedMs: null, expiresMs: null, validMs: 600_000 },
    };
    const answers = [1, 2].map(() => desk.command({ name: 'signal', signal }));
    for (const answer of answers)
      expect(answer).toMatchObject({
        ok: true,
        detail: expect.stringMatching(/: its entry waits in the desk, not at the venue$/),
      });
    expect(desk.engine.view.signals).toMatchObject([{ standing: 'resting' }]);
  });

  it('is the same after each record of its journal, and any part of that has one order of it at most', () => {
    const desk = asked(DIP);
    const strategies = [oneEntry(DIP)];
    const again = () => new DeskUnderTest({ strategies }, 1, desk.records).engine.stateHash();
    expect(again()).toBe(desk.engine.stateHash());
    desk.quote(0, 9_948);
    desk.accept(entries(desk)[0]!);
    desk.fill(entries(desk)[0]!, 9_950);
    expect(again()).toBe(desk.engine.stateHash());
    for (let length = 0; length <= desk.records.length; length += 1) {
      const torn = new DeskUnderTest({ strategies }, 1, desk.records.slice(0, length));
      torn.marketMs = desk.marketMs;
      torn.begin();
      torn.quote(0, 9_940);
      expect(torn.recorded('order.intended').filter(({ order }) => order.waited !== undefined).length).toBe(
        desk.records.slice(0, length).some(({ type }) => type === 'order.intended') ? 1 : 0,
      );
    }
  });
});
