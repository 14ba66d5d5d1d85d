/** A split and a dividend at a running desk: who may say so and when, what is asked of the venue, and what follows. */
import { expect, it } from 'vitest';
import type { OrderIntent } from '../../src/domain/order.js';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import type { SignalRequest } from '../../src/domain/signal.js';
import type { LimitEntry, OpenEntry } from '../../src/engine/strategies/strategy.js';
import { coins, crossStrategy, FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';
import { deskConfig } from './support/desk-config.js';
import { entriesInTurn, oneEntry } from './support/one-entry.js';

const AAPL = coins(['AAPL'], { kind: 'stock', lotSize: '1', minNotional: '0' });
const FOUR_FOR_ONE = { kind: 'split', symbol: 'AAPL/USDT', numerator: 4, denominator: 1 } as const;
const SPLIT = { name: 'corporateAction', action: FOUR_FOR_ONE } as const;
const DIVIDEND = {
  name: 'corporateAction',
  action: { kind: 'dividend', symbol: 'AAPL/USDT', perShare: '0.82' },
} as const;

/** `takesActions`: the venue is one that we keep. */
function stockDesk(
  takesActions: boolean,
  more: ConstructorParameters<typeof DeskUnderTest>[0] = {},
  journal: ConstructorParameters<typeof DeskUnderTest>[2] = [],
): DeskUnderTest {
  const strategies = crossStrategy(AAPL, { fastBars: 2, slowBars: 3, atrBars: 2, entryRestBars: 2 });
  const capabilities = { ...SPOT, amends: true, replaces: true, ...(takesActions ? { takesActions } : {}) };
  return new DeskUnderTest({ instruments: AAPL, strategies, capabilities, ...more }, 1, journal);
}

const handed = ({ effects }: DeskUnderTest) => effects.filter(({ kind }) => kind === 'corporateAction');

it('waits for a market that is closed, or a desk that is halted', () => {
  const desk = stockDesk(true).active();
  const { stop } = desk.hold(0);
  expect(desk.command(SPLIT)).toMatchObject({ ok: false, code: 'market-open' });
  expect(desk.lots(0)).toBe(stop.quantityLots);
  desk.command({ name: 'stop' });
  expect(desk.command(SPLIT)).toMatchObject({ ok: true });
  expect(desk.lots(0)).toBe(4 * stop.quantityLots);
});

/** On the Monday of the tests, which begin at 12:00. */
const untilFour = (): SessionCalendar =>
  new SessionCalendar(
    withOwnHours(ALWAYS_OPEN, { hours: { mon: ['10:00-16:00'], tue: ['10:00-16:00'] } }),
    () => 0,
  );

/** It trades, holds shares behind a stop, and its market has closed. */
function overNight(takesActions = true) {
  const desk = stockDesk(takesActions, { sessions: [{ calendar: untilFour() }] }).active();
  const { stop } = desk.hold(0);
  desk.quote(0, 10_100);
  desk.wait(8 * 3_600_000);
  desk.pass(0);
  return { desk, stop };
}

it('keeps equity over a closed market, tells the venue, and renews the stop that the venue has ended', () => {
  const { desk, stop } = overNight();
  const { equity, cash } = desk.engine.view;
  expect(desk.engine.view.mode).toBe('ACTIVE');
  expect(desk.command(SPLIT)).toMatchObject({ ok: true });
  const { actionId } = desk.recorded('split')[0]!;
  const told = { actionId, action: FOUR_FOR_ONE, priceTicks: 2_525 };
  expect(handed(desk)).toEqual([{ kind: 'corporateAction', handed: told }]);
  expect(desk.engine.view).toMatchObject({ equity, cash, mode: 'ACTIVE' });
  expect(desk.lots(0)).toBe(4 * stop.quantityLots);
  desk.expire(stop.clientId);
  desk.pass(2_000);
  const [renewed] = desk.live('protective', 0);
  expect(renewed).toMatchObject({
    quantityLots: 4 * stop.quantityLots,
    stopTicks: Math.ceil((stop.stopTicks ?? 0) / 4),
  });
  desk.accept(renewed!);
  expect(desk.engine.view.positions).toMatchObject([{ protection: 'confirmed' }]);
});

it('takes the next price for one in new shares, and not for one that can hardly be', () => {
  const quotes = { awaySpreads: 20, awayPct: 3, spreadPct: 50, agreeing: 3, standsMs: 2_000 };
  /** What the first price of the next day does to equity, and how often it is said to be implausible. */
  const first = (bidTicks: number) => {
    const desk = stockDesk(true, { quotes, sessions: [{ calendar: untilFour() }] }).active();
    desk.hold(0);
    desk.wait(8 * 3_600_000);
    desk.pass(0);
    desk.command(SPLIT);
    const { equity } = desk.engine.view;
    desk.wait(14 * 3_600_000);
    desk.quote(0, bidTicks);
    const told = desk.recorded('note').filter(({ text }) => text.includes('implausible'));
    return [Math.sign(desk.engine.view.equity - equity), told.length];
  };
  expect(first(2_530)).toEqual([1, 0]);
  // That of the shares of before.
  expect(first(10_002)).toEqual([0, 1]);
});

it('knows no price in a market that is open, since nobody knows of which shares the last one was', () => {
  const desk = stockDesk(true).active();
  const { stop } = desk.hold(0);
  desk.command({ name: 'stop' });
  const { peak, cash } = desk.engine.view;
  // In new shares already: taken for one in old ones it would be a quarter, or with a reverse split ten times as much.
  desk.quote(0, 2_600);
  desk.command(SPLIT);
  const cost = desk.recorded('fill')[0]!.fill.priceTicks * stop.quantityLots * 1_000_000;
  expect(desk.engine.view).toMatchObject({ cash, peak, equity: cash + cost });
  desk.quote(0, 2_600);
  expect(desk.engine.view.equity).toBe(cash + 4 * stop.quantityLots * 2_600 * 1_000_000);
});

it('cancels what was to be bought in old shares', () => {
  const desk = stockDesk(false).active();
  const entry = desk.enter(0);
  desk.accept(entry);
  desk.command({ name: 'stop' });
  expect(desk.stateOf(entry)).toBe('cancelling');
});

it('is the same one when it is said again within three days', () => {
  const desk = stockDesk(true).active();
  desk.hold(0);
  desk.command({ name: 'stop' });
  desk.command(SPLIT);
  const lots = desk.lots(0);
  expect(desk.command(SPLIT)).toMatchObject({ ok: false, code: 'taken-in-already' });
  expect(desk.lots(0)).toBe(lots);
});

it('is the same dividend too when it is written otherwise: it is paid once', () => {
  const desk = stockDesk(true).active();
  desk.hold(0);
  expect(desk.command(DIVIDEND)).toMatchObject({ ok: true });
  const { cash } = desk.engine.view;
  for (const perShare of ['0.820', '00.82'])
    expect(desk.command({ ...DIVIDEND, action: { ...DIVIDEND.action, perShare } }), perShare).toMatchObject({
      ok: false,
      code: 'taken-in-already',
    });
  expect(desk.engine.view.cash).toBe(cash);
  const other = { ...DIVIDEND, action: { ...DIVIDEND.action, perShare: '0.81' } };
  expect(desk.command(other)).toMatchObject({ ok: true });
});

it('is refused for what is no stock of the desk', () => {
  const desk = new DeskUnderTest().active();
  desk.command({ name: 'stop' });
  const action = { ...FOUR_FOR_ONE, symbol: 'BTC/USDT' };
  expect(desk.command({ name: 'corporateAction', action })).toMatchObject({
    ok: false,
    code: 'no-such-stock',
  });
});

/** Two readings, as far apart as it takes to believe them. */
function reads(desk: DeskUnderTest, lots: number): void {
  for (let round = 0; round < 3; round += 1) {
    desk.pass(70_000);
    desk.quote(0, 10_000);
    desk.snapshot({ positions: [lots] });
  }
}

it('is what a venue that has four times the shares is asked about, and nothing is adopted', () => {
  const desk = stockDesk(false).active();
  const { stop } = desk.hold(0);
  const lots = stop.quantityLots;
  reads(desk, 4 * lots);
  expect(desk.lots(0)).toBe(lots);
  expect(desk.recorded('position.adopted')).toEqual([]);
  const [halt] = desk.engine.view.halts.filter(({ cause }) => cause === 'reconciliation');
  expect(halt?.reason).toContain('which looks like a 4:1 split');
  expect(desk.arm()).toMatchObject({ ok: false });
  // Another one would not explain it.
  const other = { ...FOUR_FOR_ONE, numerator: 3 };
  expect(desk.command({ name: 'corporateAction', action: other })).toMatchObject({ code: 'not-at-venue' });
  expect(desk.command(SPLIT)).toMatchObject({ ok: true });
  expect(handed(desk)).toEqual([]);
  expect(desk.lots(0)).toBe(4 * lots);
  desk.snapshot({ positions: [4 * lots] });
  expect(desk.engine.view.reconciliation.state).toBe('clean');
});

/** Its broker has booked 4:1 over night, and nobody was there until the market opened. */
function splitAtBroker(told: (desk: DeskUnderTest, stop: OrderIntent) => void = () => {}) {
  const quotes = { awaySpreads: 20, awayPct: 3, spreadPct: 50, agreeing: 3, standsMs: 2_000 };
  const capabilities = { ...FUTURES, shorting: false, reduceOnly: false };
  const desk = stockDesk(false, { capabilities, quotes, sessions: [{ calendar: untilFour() }] }).active();
  const { stop } = desk.hold(0);
  desk.wait(8 * 3_600_000);
  desk.pass(0);
  told(desk, stop);
  for (let round = 0; round < 3; round += 1) {
    desk.pass(1_000);
    desk.snapshot({ positions: [4 * stop.quantityLots] });
  }
  return { desk, stop };
}

it('leaves the stop that its broker has rewritten in new shares where it is, until a person says what it was', () => {
  const rewritten = (stop: OrderIntent) => {
    const { stopTicks, quantityLots } = stop;
    const inNew = { stopTicks: Math.ceil((stopTicks ?? 0) / 4), quantityLots: 4 * quantityLots };
    return { ...venueOrder(stop), ...inNew };
  };
  const capabilities = { ...FUTURES, shorting: false, reduceOnly: false };
  const desk = stockDesk(false, { capabilities, sessions: [{ calendar: untilFour() }] }).active();
  const { stop } = desk.hold(0);
  desk.wait(8 * 3_600_000);
  desk.happen({ kind: 'order.update', order: rewritten(stop) });
  for (let round = 0; round < 3; round += 1) {
    desk.pass(1_000);
    desk.snapshot({ positions: [4 * stop.quantityLots], openOrders: [rewritten(stop)] });
    expect(desk.sent('cancel')).toEqual([]);
  }
  expect(desk.engine.view.halts.map(({ reason }) => reason).join()).toContain('looks like a 4:1 split');
  expect(desk.recorded('note').some(({ text }) => text.includes('was changed at the venue'))).toBe(false);
});

/** Twenty seconds of prices in new shares, far below the stop. */
function opens(desk: DeskUnderTest): void {
  desk.wait(14 * 3_600_000);
  for (let second = 0; second < 20; second += 1) {
    desk.quote(0, 2_520 + (second % 3));
    desk.pass(1_000);
  }
}

const sentSince = (desk: DeskUnderTest, from: number) =>
  desk.records.slice(from).flatMap((record) => (record.type === 'order.intended' ? [record.order] : []));

it('sells no old shares at the price of new ones before a person has said what it was', () => {
  const { desk, stop } = splitAtBroker();
  const before = desk.records.length;
  opens(desk);
  expect(sentSince(desk, before)).toEqual([]);
  expect(desk.lots(0)).toBe(stop.quantityLots);
  expect(desk.engine.view.halts.map(({ reason }) => reason)).toContainEqual(
    expect.stringContaining('the position has no stop in new shares'),
  );
  expect(desk.command(SPLIT)).toMatchObject({ ok: true });
  desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
  desk.pass(1_000);
  expect(sentSince(desk, before)).toMatchObject([
    { purpose: 'protective', quantityLots: 4 * stop.quantityLots, stopTicks: Math.ceil(stop.stopTicks! / 4) },
  ]);
});

it('places no stop in old shares where the broker has ended its stop for the split, and says that none rests', () => {
  // The reading that shows the shares for the first time is the one that no longer shows the stop.
  const { desk, stop } = splitAtBroker((at, { clientId, quantityLots }) => {
    const order = at.engine.view.orders.find((one) => one.clientId === clientId)!;
    at.snapshot({ positions: [4 * quantityLots], openOrders: [] });
    at.happen({ kind: 'order.lookup', clientId, found: venueOrder(order, 0, 'cancelled') });
  });
  const stops = () => desk.recorded('order.intended').filter(({ order }) => order.purpose === 'protective');
  opens(desk);
  expect(stops()).toHaveLength(1);
  expect(desk.engine.view.halts.map(({ cause }) => cause)).toContain('protection-missing');
  desk.command({ name: 'noSplit', symbol: 'AAPL/USDT' });
  desk.pass(1_000);
  expect(stops()).toHaveLength(2);
  expect(desk.lots(0)).toBe(stop.quantityLots);
});

const protecting = (desk: DeskUnderTest) =>
  desk.recorded('order.intended').filter(({ order }) => order.purpose === 'protective');
/** Its broker ends the stop of a market that has closed, and nothing has been read since. */
function stopEnded(
  takesActions = false,
  end = (desk: DeskUnderTest, clientId: string): unknown =>
    desk.happen({ kind: 'order.cancelled', clientId }),
) {
  const { desk, stop } = overNight(takesActions);
  // What was held before the fill is no news any more.
  desk.pass(20_000);
  desk.snapshot();
  end(desk, stop.clientId);
  return { desk, lots: stop.quantityLots };
}

it.each([
  ['cancelled', undefined],
  ['expired', (desk: DeskUnderTest, clientId: string) => desk.expire(clientId)],
])(
  'sends no stop in old shares where the broker says that it has %s the stop before it shows the new ones',
  (_how, end) => {
    const { desk, lots } = stopEnded(false, end);
    desk.pass(900);
    expect(protecting(desk)).toHaveLength(1);
    for (let round = 0; round < 3; round += 1) {
      desk.snapshot({ positions: [4 * lots] });
      desk.pass(1_000);
    }
    opens(desk);
    expect(protecting(desk)).toHaveLength(1);
    expect(desk.engine.view.halts.map(({ cause }) => cause)).toContain('protection-missing');
    expect(desk.command(SPLIT)).toMatchObject({ ok: true });
    desk.pass(1_000);
    expect(protecting(desk)[1]?.order).toMatchObject({ quantityLots: 4 * lots });
  },
);

it('renews a stop that its broker has ended as soon as the account shows the shares of before, and says so', () => {
  const { desk, lots } = stopEnded();
  expect(desk.recorded('note').at(-1)?.text).toContain('another one is sent once the account has been read');
  desk.pass(700);
  desk.snapshot();
  const [, renewed] = protecting(desk);
  expect(renewed?.order).toMatchObject({ quantityLots: lots });
  desk.accept(renewed!.order);
  expect(desk.recorded('stop.gap')).toMatchObject([{ ms: 700, why: 'lost', ended: 'protected' }]);
});

it('takes no reading for it that was asked for before the stop was ended', () => {
  const { desk, stop } = overNight(false);
  desk.pass(20_000);
  desk.snapshot();
  desk.pass(60_000);
  desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
  desk.snapshot();
  expect(protecting(desk)).toHaveLength(1);
  desk.pass(1_000);
  desk.snapshot();
  expect(protecting(desk)).toHaveLength(2);
});

it('waits no longer for a reading that does not come than a position may be without a stop', () => {
  const { desk } = stopEnded();
  desk.pass(9_900);
  expect(protecting(desk)).toHaveLength(1);
  desk.pass(100);
  expect(protecting(desk)).toHaveLength(2);
});

it('waits for no reading at a venue of ours, which ends no stop for a split that it does not know', () => {
  expect(protecting(stopEnded(true).desk)).toHaveLength(2);
});

it('moves no stop by prices in new shares before a person has said what it was', () => {
  const wish: LimitEntry = {
    ...{ side: 'buy', limitTicks: 10_000, protectTicks: 9_800, restBars: 3, because: 'asked to' },
    exits: { trailTicks: 200 },
  };
  const desk = stockDesk(false, { strategies: [{ ...oneEntry(wish), symbols: ['AAPL/USDT'] }] }).active();
  desk.bar(0, 10_000);
  const { stop } = desk.fillEntry(0, 10_000);
  // 1 for 2: a new share is worth twice as much.
  reads(desk, stop.quantityLots / 2);
  const before = desk.records.length;
  desk.quote(0, 20_000);
  desk.pass(1_000);
  expect(desk.records.slice(before).filter(({ type }) => type === 'stop.moved')).toEqual([]);
});

it('is not asked for again by a venue of ours that had it before the journal did', () => {
  const desk = stockDesk(true).active();
  const { stop } = desk.hold(0);
  reads(desk, 4 * stop.quantityLots);
  expect(desk.command(SPLIT)).toMatchObject({ ok: true });
  expect(handed(desk)).toEqual([]);
  expect(desk.recorded('split')).toMatchObject([{ byVenue: true }]);
});

it('lets the venue count once a person says that it is no split', () => {
  const desk = stockDesk(false).active();
  const { stop } = desk.hold(0);
  expect(desk.command({ name: 'noSplit', symbol: 'AAPL/USDT' })).toMatchObject({
    ok: false,
    code: 'no-difference',
  });
  reads(desk, 2 * stop.quantityLots);
  expect(desk.command({ name: 'noSplit', symbol: 'AAPL/USDT' })).toMatchObject({ ok: true });
  reads(desk, 2 * stop.quantityLots);
  expect(desk.lots(0)).toBe(2 * stop.quantityLots);
  expect(desk.recorded('position.adopted')).toHaveLength(1);
});

it('tells a venue of ours again after a restart, and comes to the same state', () => {
  const desk = stockDesk(true).active();
  const { stop } = desk.hold(0);
  desk.command({ name: 'stop' });
  desk.command(SPLIT);
  const again = stockDesk(true, {}, desk.records);
  expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
  again.begin();
  expect(handed(again)).toMatchObject([{ handed: { action: FOUR_FOR_ONE } }]);
  expect(again.lots(0)).toBe(4 * stop.quantityLots);
});

it('asks again where a person said that it was none, and the venue has another number by then', () => {
  const desk = stockDesk(false).active();
  const { stop } = desk.hold(0);
  reads(desk, 2 * stop.quantityLots);
  desk.command({ name: 'noSplit', symbol: 'AAPL/USDT' });
  reads(desk, 3 * stop.quantityLots);
  expect(desk.lots(0)).toBe(stop.quantityLots);
  const asked = desk.recorded('note').flatMap(({ text }) => /looks like a (\S+) split/.exec(text)?.[1] ?? []);
  expect(asked).toEqual(['2:1', '3:1']);
});

it('leaves the stop where the venue has booked it, until another one rests', () => {
  const desk = stockDesk(false).active();
  const { stop } = desk.hold(0);
  desk.quote(0, 10_000);
  reads(desk, 4 * stop.quantityLots);
  expect(desk.command(SPLIT)).toMatchObject({ ok: true });
  expect(desk.effects.filter(({ kind }) => kind === 'cancel')).toEqual([]);
  expect(desk.stateOf(stop)).toBe('working');
});

it('withdraws a signal whose entry rests at a price of before', () => {
  const following = { name: 'ext', kind: 'externalSignals', symbols: ['AAPL/USDT'], enabled: true };
  const strategies = [{ ...following, parameters: { sources: 'tv' } }];
  const desk = stockDesk(true, { strategies, sessions: [{ calendar: untilFour() }] }).active();
  const signal: SignalRequest = {
    ...{ source: 'tv', id: 'x', revision: 1, symbol: 'AAPL/USDT', action: 'buy', entry: '99.00' },
    ...{ stop: '95.00', targets: ['120.00'], issuedMs: null, expiresMs: null, validMs: 86_400_000, text: '' },
  };
  desk.command({ name: 'signal', signal });
  desk.accept(desk.live('entry', 0)[0]!);
  desk.wait(8 * 3_600_000);
  desk.pass(0);
  expect(desk.command(SPLIT)).toMatchObject({ ok: true });
  expect(desk.recorded('signal.withdrawn')).toMatchObject([
    { id: 'x', by: 'fermata', reason: 'AAPL/USDT was split, and its prices are from before' },
  ]);
});

it('measures volatility anew: the step from old prices to new ones is no movement', () => {
  const desk = stockDesk(true, { risk: { ...deskConfig().risk, maxVolatilityPct: 5 } }).active();
  const volatility = () => desk.engine.view.risk.find(({ limit }) => limit === 'volatility')?.now;
  for (let minute = 0; minute < 40; minute += 1) desk.bar(0, 10_000 + (minute % 2) * 10);
  expect(volatility()).toMatch(/^0\.\d+ %$/);
  desk.command({ name: 'stop' });
  desk.command(SPLIT);
  expect(volatility()).toBe('not known yet');
});

it('sizes nothing by what a day moved before it', () => {
  const wishes = Array.from({ length: 301 }, () => ({}));
  const strategies = [{ ...entriesInTurn(wishes), symbols: ['AAPL/USDT'], size: { volatilityPct: 0.5 } }];
  const desk = stockDesk(true, { strategies }).active();
  for (let bar = 0; bar < 300; bar += 1) desk.bar(0, 10_000 + (bar % 2) * 10, true);
  desk.command({ name: 'stop' });
  desk.command(SPLIT);
  desk.snapshot();
  expect(desk.arm('person')).toMatchObject({ ok: true });
  desk.bar(0, 2_500);
  expect(desk.recorded('order.denied')).toMatchObject([
    { limit: 'size', reason: expect.stringContaining('after 240 returns of its minutes, and 0 were seen') },
  ]);
});

it('begins the strategies of the stock anew, and withdraws signals with prices of before', () => {
  const desk = stockDesk(true).active();
  const signal: SignalRequest = {
    ...{ source: 'tv', id: 'x', revision: 1, symbol: 'AAPL/USDT', action: 'buy', entry: null, stop: '90.00' },
    ...{ targets: [], issuedMs: null, expiresMs: null, validMs: 600_000, text: '' },
  };
  desk.command({ name: 'signal', signal });
  for (const close of [10_000, 10_000, 10_000, 10_000]) desk.bar(0, close);
  const seen = desk.engine.view.strategies[0]!.barsSeen;
  desk.command({ name: 'stop' });
  desk.command(SPLIT);
  expect(seen).toBeGreaterThan(0);
  expect(desk.engine.view.strategies[0]!.barsSeen).toBe(0);
  const refused = desk.recorded('signal.refused').length;
  expect(desk.recorded('signal.withdrawn').length + refused).toBe(1);
});

it('drops an entry that waits for the next session: its stop is a price of before', () => {
  const wish: OpenEntry = {
    ...{ side: 'buy', type: 'atOpen', slippageTicks: 5, protectTicks: 9_800, because: 'a new day' },
  };
  const strategies = [{ ...oneEntry(wish), symbols: ['AAPL/USDT'] }];
  const sessions = [{ calendar: untilFour() }];
  const desk = stockDesk(true, { strategies, sessions }).active();
  desk.bar(0, 10_000);
  expect(desk.engine.view.waiting).toHaveLength(1);
  desk.wait(8 * 3_600_000);
  expect(desk.command(SPLIT)).toMatchObject({ ok: true });
  expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', waiting: [] });
  const reason = expect.stringContaining('AAPL/USDT was split');
  expect(desk.recorded('entry.over')).toMatchObject([{ outcome: 'dropped', reason }]);
});

it('books a dividend at a venue of ours on what is held, and leaves that of any other to the venue', () => {
  const desk = stockDesk(true).active();
  expect(desk.command(DIVIDEND)).toMatchObject({
    ok: true,
    detail: 'nothing of AAPL/USDT is held: nothing was paid',
  });
  const { stop } = desk.hold(0);
  const { cash } = desk.engine.view;
  expect(desk.command(DIVIDEND)).toMatchObject({ ok: true });
  expect(desk.engine.view.cash - cash).toBe(stop.quantityLots * 82_000_000);
  expect(handed(desk)).toHaveLength(1);
  const other = stockDesk(false).active();
  other.hold(0);
  expect(other.command(DIVIDEND)).toMatchObject({ ok: false, code: 'books-itself' });
});

it('switches a strategy off whose losses a trade completes that is paid out in full', () => {
  const tracker = { maxConsecutiveLosses: 1, reEnableCheckMs: 3_600_000 };
  const desk = stockDesk(true, { tracker, sessions: [{ calendar: untilFour() }] }).active();
  desk.hold(0);
  desk.quote(0, 10_000);
  desk.wait(8 * 3_600_000);
  const action = { kind: 'split', symbol: 'AAPL/USDT', numerator: 1, denominator: 1_000_000 } as const;
  expect(desk.command({ name: 'corporateAction', action })).toMatchObject({ ok: true });
  expect(desk.recorded('trade.closed')).toMatchObject([
    { why: 'split', result: expect.stringMatching(/^-/) },
  ]);
  expect(desk.recorded('strategy.toggled')).toMatchObject([{ enabled: false, automatic: true }]);
});
