/** Every error of the venue, over the wire and through the client library, ends in the right outcome. */
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { FaultEffect } from '../../simulators/binance/faults.js';
import type { Way } from '../../simulators/binance/simulation.js';
import { VenueUnavailable } from '../../src/venue/port.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { BTC, type Opened, openOnSimulator, openToKeep, QUICK } from './support/opened.js';

/** Silence is waited for; an answer comes, however busy the machine is. */
const SILENCE_MS = 250;
const ANSWER_MS = 20_000;

type Kept = Opened & { close(): Promise<void> };
const kept = new Map<number, Kept>();

/** One connection for each patience, unless the one before was told to be silent or to send no more orders. */
async function open(requestTimeoutMs = ANSWER_MS): Promise<Kept> {
  const found =
    kept.get(requestTimeoutMs) ??
    (await openToKeep(
      { breaker: { failuresToOpen: 1000, openMs: 60_000 }, times: { ...QUICK, requestTimeoutMs } },
      { accounts: [{ name: 'desk', balances: { USDT: '1000000' } }] },
    ));
  kept.set(requestTimeoutMs, found);
  await eventually(() => expect(found.venue.state.up).toBe(true));
  return found;
}

const isSilent = ({ kind }: FaultEffect): boolean => kind === 'hang' || kind === 'stall';
const openFor = (effect: FaultEffect): Promise<Kept> => open(isSilent(effect) ? SILENCE_MS : ANSWER_MS);

afterEach(async () => {
  for (const [patience, { simulator, raw, venue, close }] of kept) {
    simulator.simulation.faults.clear();
    await raw.signed('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' });
    if (venue.state.up && !venue.state.rateLimiter.orders.exhausted) continue;
    kept.delete(patience);
    await close();
  }
});
afterAll(() => Promise.all([...kept.values()].map(({ close }) => close())));

const says = (status: number, code?: number, msg = 'said the venue', headers = {}): FaultEffect => ({
  kind: 'answer',
  status,
  headers,
  ...(code === undefined ? {} : { body: { code, msg } }),
});

type Kind = 'accepted' | 'rejected' | 'unknown';

/** Answer of the wire, what it means for an order, and whether a cancel is then known to have found nothing. */
const table: readonly [string, FaultEffect, Kind, 'notOpen' | 'unknown'][] = [
  [
    '-2010 insufficient balance',
    says(400, -2010, 'Account has insufficient balance for requested action.'),
    'rejected',
    'unknown',
  ],
  ['-2010 would match', says(400, -2010, 'Order would immediately match and take.'), 'rejected', 'unknown'],
  ['-2010 market closed', says(400, -2010, 'Market is closed.'), 'rejected', 'unknown'],
  [
    '-2010 action disabled',
    says(400, -2010, 'This action is disabled on this account.'),
    'rejected',
    'unknown',
  ],
  ['-2010 duplicate: it is there already', says(400, -2010, 'Duplicate order sent.'), 'unknown', 'unknown'],
  ['-1013 LOT_SIZE', says(400, -1013, 'Filter failure: LOT_SIZE'), 'rejected', 'unknown'],
  ['-1013 PRICE_FILTER', says(400, -1013, 'Filter failure: PRICE_FILTER'), 'rejected', 'unknown'],
  ['-1013 NOTIONAL', says(400, -1013, 'Filter failure: NOTIONAL'), 'rejected', 'unknown'],
  [
    '-1021 clock',
    says(400, -1021, 'Timestamp for this request is outside of the recvWindow.'),
    'rejected',
    'unknown',
  ],
  ['-1022 signature', says(400, -1022, 'Signature for this request is not valid.'), 'rejected', 'unknown'],
  ['-2014 key format', says(401, -2014, 'API-key format invalid.'), 'rejected', 'unknown'],
  [
    '-2015 key, after it worked before',
    says(401, -2015, 'Invalid API-key, IP, or permissions for action.'),
    'rejected',
    'unknown',
  ],
  ['-1003 in a body at 400', says(400, -1003, 'Too many requests.'), 'rejected', 'unknown'],
  ['-1015 too many orders', says(400, -1015, 'Too many new orders.'), 'rejected', 'unknown'],
  ['-1016 shutting down', says(400, -1016, 'This service is no longer available.'), 'rejected', 'unknown'],
  ['429 with -1003', says(429, -1003, 'Too many requests.', { 'Retry-After': '1' }), 'rejected', 'unknown'],
  ['418 with -1003', says(418, -1003, 'IP banned.', { 'Retry-After': '1' }), 'rejected', 'unknown'],
  ['429 from something before the venue', says(429), 'unknown', 'unknown'],
  ['-2011 unknown order', says(400, -2011, 'Unknown order sent.'), 'rejected', 'notOpen'],
  ['-2013 no such order', says(400, -2013, 'Order does not exist.'), 'rejected', 'notOpen'],
  ['-2019 of the futures', says(400, -2019, 'Margin is insufficient.'), 'rejected', 'unknown'],
  ['-2021 would trigger', says(400, -2021, 'Order would immediately trigger.'), 'rejected', 'unknown'],
  ['-5022 post only', says(400, -5022, 'Post Only order will be rejected.'), 'rejected', 'unknown'],
  ['-1000 unknown error', says(400, -1000, 'An unknown error occurred.'), 'unknown', 'unknown'],
  [
    '-1001 disconnected',
    says(400, -1001, 'Internal error; unable to process your request.'),
    'unknown',
    'unknown',
  ],
  ['-1006 unexpected response', says(400, -1006, 'Execution status unknown.'), 'unknown', 'unknown'],
  [
    '-1007 timeout',
    says(408, -1007, 'Timeout waiting for response from backend server.'),
    'unknown',
    'unknown',
  ],
  ['-1008 overloaded', says(503, -1008, 'Server is currently overloaded.'), 'unknown', 'unknown'],
  ['a refusal behind a 500', says(500, -2010, 'Account has insufficient balance.'), 'unknown', 'unknown'],
  ['403', says(403), 'unknown', 'unknown'],
  ['404', says(404), 'unknown', 'unknown'],
  ['408', says(408), 'unknown', 'unknown'],
  ['451', says(451), 'unknown', 'unknown'],
  ['500', says(500), 'unknown', 'unknown'],
  ['502', says(502), 'unknown', 'unknown'],
  ['503', says(503), 'unknown', 'unknown'],
  ['504', says(504), 'unknown', 'unknown'],
  ['a redirect', says(302, undefined, '', { location: 'http://127.0.0.1:1/' }), 'unknown', 'unknown'],
  [
    'an error in a body with status 200',
    says(200, -2010, 'Account has insufficient balance.'),
    'unknown',
    'unknown',
  ],
  ['a dropped connection', { kind: 'drop' }, 'unknown', 'unknown'],
  ['no answer in time', { kind: 'hang' }, 'unknown', 'unknown'],
  ['a web page with status 200', { kind: 'html' }, 'unknown', 'unknown'],
  ['half an answer', { kind: 'truncate' }, 'unknown', 'unknown'],
  ['half an answer and then nothing', { kind: 'stall' }, 'unknown', 'unknown'],
  ['an empty body', { kind: 'answer', status: 200, body: '' }, 'unknown', 'unknown'],
  ['an empty object', { kind: 'answer', status: 200, body: {} }, 'unknown', 'unknown'],
  ['a list', { kind: 'answer', status: 200, body: [] }, 'unknown', 'unknown'],
  [
    'another order',
    { kind: 'rewrite', set: { clientOrderId: 'other', origClientOrderId: 'other' } },
    'unknown',
    'unknown',
  ],
  ['another symbol', { kind: 'rewrite', set: { symbol: 'ETHUSDT' } }, 'unknown', 'unknown'],
  ['an order id that is no number', { kind: 'rewrite', set: { orderId: 'NaN' } }, 'unknown', 'unknown'],
  ['a status that does not exist', { kind: 'rewrite', set: { status: 'MAYBE' } }, 'unknown', 'unknown'],
];

describe('the outcome of an order', () => {
  it.each(table)('%s', async (_what, effect, expected) => {
    const { venue, simulator } = await openFor(effect);
    simulator.simulation.addFault({ method: 'POST', path: '/api/v3/order', times: 2, effect });
    const outcome = await venue.submit(approved({ type: 'limit', limitTicks: 5_000_000 }));
    expect(outcome.kind).toBe(expected);
    expect(outcome).not.toMatchObject({ code: 'NOT_SENT' });
    const shown = JSON.stringify(outcome);
    expect(shown).not.toMatch(/signature|<html|api\.binance/);
  });
});

describe('the outcome of a cancel', () => {
  it.each(table)('%s', async (_what, effect, _order, expected) => {
    const { venue, simulator } = await openFor(effect);
    const order = approved({ type: 'limit', limitTicks: 5_000_000 });
    await venue.submit(order);
    simulator.simulation.addFault({ method: 'DELETE', path: '/api/v3/order', times: 2, effect });
    expect((await venue.cancel(order.clientId, BTC)).kind).toBe(expected);
  });

  it('of an order that was filled in part is not its end: its fill may be reported later', async () => {
    const { venue, simulator } = await open();
    const order = approved({ type: 'limit', limitTicks: 5_000_000 });
    await venue.submit(order);
    const effect: FaultEffect = { kind: 'rewrite', set: { executedQty: '0.00500000' } };
    simulator.simulation.addFault({ method: 'DELETE', path: '/api/v3/order', effect });
    const unreadable = venue.state.reasons;
    expect(await venue.cancel(order.clientId, BTC)).toEqual({
      kind: 'unknown',
      cause: 'it was cancelled after a part of it was filled',
    });
    expect(venue.state.reasons).toEqual(unreadable);
  });
});

describe('a reading', () => {
  const spoilt = table.filter(([what]) => !/^-2013/.test(what));
  it.each(spoilt)('%s is no answer about an order', async (_what, effect) => {
    const { venue, simulator } = await openFor(effect);
    const order = approved({ type: 'limit', limitTicks: 5_000_000 });
    await venue.submit(order);
    simulator.simulation.addFault({ method: 'GET', path: '/api/v3/order', times: 10, effect });
    await expect(venue.orderByClientId(order.clientId, BTC)).rejects.toBeInstanceOf(VenueUnavailable);
  });
});

describe('an order whose answer was lost after it was booked', () => {
  it('is unknown, is found by its client id, and sending the id again is no rejection', async () => {
    const { venue, simulator } = await open();
    simulator.simulation.addFault({ method: 'POST', applyFirst: true, effect: says(504) });
    const order = approved({ type: 'limit', limitTicks: 5_000_000 });
    expect(await venue.submit(order)).toMatchObject({ kind: 'unknown' });
    expect(await venue.orderByClientId(order.clientId, BTC)).toMatchObject({
      state: 'working',
      clientId: order.clientId,
    });
    expect(await venue.submit(order)).toMatchObject({ kind: 'unknown' });
    expect(await venue.openOrders()).toHaveLength(1);
  });

  it('is never sent a second time by itself', async () => {
    const { venue, simulator } = await open();
    const before = simulator.simulation.count('POST', '/api/v3/order');
    simulator.simulation.addFault({ method: 'POST', effect: { kind: 'drop' } });
    await venue.submit(approved({}));
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(before + 1);
  });
});

/** A venue and its exchange on one time that only the test moves on; what is on its way can be held. */
async function openOnTime() {
  const time = { ms: Date.now() };
  const held: (() => void)[] = [];
  let holds: Way | null = null;
  const opened = await openOnSimulator(
    { nowMs: () => time.ms, times: { ...QUICK, monitorMs: 3_600_000, requestTimeoutMs: ANSWER_MS } },
    {
      accounts: [{ name: 'desk', balances: { USDT: '1000000' } }],
      wallMs: () => time.ms,
      travel: (way, arrive) => (way === holds ? held.push(arrive) : arrive()),
    },
  );
  await eventually(() => expect(opened.venue.state.up).toBe(true));
  return {
    ...opened,
    time,
    /** What goes this way from now on waits for `letGo`. */
    hold(way: Way) {
      holds = way;
    },
    isHeld: () => eventually(() => expect(held).toHaveLength(1)),
    letGo() {
      holds = null;
      for (const arrive of held.splice(0)) arrive();
    },
  };
}

describe('a clock that is wrong', () => {
  it.each([-24, -1, 1, 24])(
    'is not the one that requests are dated by: the wall is set by %s h',
    async (hours) => {
      const { venue, simulator } = await open();
      await venue.serverTime();
      const now = Date.now.bind(Date);
      const wall = vi.spyOn(Date, 'now').mockImplementation(() => now() + hours * 3_600_000);
      const before = simulator.simulation.count('POST', '/api/v3/order');
      expect(await venue.submit(approved({}))).toMatchObject({ kind: 'accepted' });
      expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(before + 1);
      wall.mockRestore();
    },
  );

  it('is measured anew, and the refused order is sent with the right time', async () => {
    const { venue, raw } = await open();
    await raw.control('clock', { skewMs: 20_000 });
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'accepted' });
    expect(venue.state.clockOffsetMs).toBeGreaterThan(19_000);
    await raw.control('clock', { skewMs: 0 });
    await venue.serverTime();
  });

  it('is measured anew, and the order is told as refused, where the answer came more than a second after the wish', async () => {
    const { venue, simulator, time, hold, isHeld, letGo } = await openOnTime();
    simulator.simulation.skewMs = 20_000;
    hold('answer');
    const outcome = venue.submit(approved({}));
    await isHeld();
    time.ms += 1001;
    letGo();
    expect(await outcome).toMatchObject({ kind: 'rejected', code: '-1021' });
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(1);
    await eventually(() => expect(venue.state.clockOffsetMs).toBe(20_000));
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'accepted' });
  });

  it('is no reason to send an order again while it could not be measured', async () => {
    const { venue, simulator } = await openOnTime();
    simulator.simulation.skewMs = 20_000;
    simulator.simulation.addFault({ path: '/api/v3/time', times: 3, effect: says(503) });
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'rejected', code: '-1021' });
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(1);
  });

  it.each(['request', 'answer'] as const)(
    'is told by a quick round trip, not by one whose %s takes eight seconds',
    async (way) => {
      const { venue, simulator, time, hold, isHeld, letGo } = await openOnTime();
      hold(way);
      const measured = venue.serverTime();
      await isHeld();
      time.ms += 8000;
      letGo();
      await measured;
      expect(venue.state.clockOffsetMs).toBe(0);
      expect(await venue.submit(approved({}))).toMatchObject({ kind: 'accepted' });
      expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(1);
    },
  );

  it.each(['request', 'answer'] as const)(
    'dates orders so that the exchange takes them where all that is known is a round trip whose %s takes four seconds',
    async (way) => {
      const { venue, simulator, time, hold, isHeld, letGo } = await openOnTime();
      simulator.simulation.skewMs = 60_000;
      hold(way);
      const measured = venue.serverTime();
      await isHeld();
      time.ms += 4000;
      letGo();
      await measured;
      expect(await venue.submit(approved({}))).toMatchObject({ kind: 'accepted' });
      expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(1);
    },
  );

  it('is not told by a round trip that is too long to date an order by', async () => {
    const { venue, simulator, time, hold, isHeld, letGo } = await openOnTime();
    simulator.simulation.skewMs = 60_000;
    hold('answer');
    const measured = expect(venue.serverTime()).rejects.toThrow(/took 8 s, too long to date orders by/);
    await isHeld();
    time.ms += 8000;
    letGo();
    await measured;
  });
});
