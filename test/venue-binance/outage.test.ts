/** An exchange that is away: backoff, breaker, no new trades, stops stay there, and back by itself. */
import { describe, expect, it } from 'vitest';
import { VenueUnavailable } from '../../src/venue/port.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { BTC, openOnSimulator, QUICK } from './support/opened.js';

const quickBreaker = { failuresToOpen: 5, openMs: 2000 };

async function openUp(options = {}) {
  const opened = await openOnSimulator({ breaker: quickBreaker, ...options });
  await eventually(() => expect(opened.venue.state.up).toBe(true));
  await eventually(() => expect(opened.events.length).toBeGreaterThan(0));
  opened.events.length = 0;
  return opened;
}

describe('a reading', () => {
  it('is tried again after a failure, and an order is not', async () => {
    const { venue, simulator } = await openUp();
    simulator.simulation.addFault({
      method: 'GET',
      path: '/api/v3/account',
      times: 2,
      effect: { kind: 'answer', status: 502 },
    });
    expect((await venue.balances()).cash).toBe(10_000 * 1e8);
    simulator.simulation.addFault({ method: 'POST', effect: { kind: 'answer', status: 502 } });
    expect((await venue.submit(approved({}))).kind).toBe('unknown');
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(1);
  });
});

describe('a connection as it ships', () => {
  it('tries a reading three times, and sends no more after the fifth failure in a row', async () => {
    // No look of its own in between, and neither retries nor breaker given in.
    const { retry: _quick, ...times } = { ...QUICK, monitorMs: 60_000 };
    const { venue, simulator } = await openOnSimulator({ times });
    await eventually(() => expect(venue.state.up).toBe(true));
    const sent = () => simulator.simulation.count('GET', '/api/v3/account');
    const before = sent();
    const effect = { kind: 'answer', status: 502 } as const;
    simulator.simulation.addFault({ method: 'GET', path: '/api/v3/account', times: 100, effect });
    await expect(venue.balances()).rejects.toBeInstanceOf(VenueUnavailable);
    expect(sent() - before).toBe(3);
    expect(venue.state.breaker).toBe('closed');
    await expect(venue.balances()).rejects.toBeInstanceOf(VenueUnavailable);
    expect(sent() - before).toBe(5);
    expect(venue.state.breaker).toBe('open');
  });
});

describe('an outage', () => {
  it('opens the API breaker, refuses new trades, keeps stops at the exchange, and ends by itself', async () => {
    const { venue, events, raw, simulator } = await openUp();
    await venue.submit(approved({ quantityLots: 1000 }));
    await venue.submit(
      approved({
        purpose: 'protective',
        side: 'sell',
        type: 'stop',
        quantityLots: 999,
        stopTicks: 5_500_000,
      }),
    );
    await raw.control('maintenance', { on: true });
    await eventually(() => expect(venue.state.breaker).toBe('open'));
    expect(venue.state.reasons.join(' ')).toContain('API breaker open');
    expect(events.filter(({ kind }) => kind === 'health')).toMatchObject([{ state: 'down' }]);
    const orders = simulator.simulation.count('POST', '/api/v3/order');
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(orders);
    expect([...simulator.simulation.exchange.open.values()]).toMatchObject([{ kind: 'STOP_LOSS' }]);
    await raw.control('maintenance', { on: false });
    await eventually(() => expect(venue.state.up).toBe(true));
    expect(events.filter(({ kind }) => kind === 'health').at(-1)).toMatchObject({ state: 'up' });
    expect(await venue.submit(approved({ quantityLots: 100 }))).toMatchObject({ kind: 'accepted' });
  });

  it('still lets cancels and closing orders try while the breaker is open', async () => {
    const { venue, raw, simulator } = await openUp({ breaker: { failuresToOpen: 2, openMs: 60_000 } });
    await venue.submit(approved({ quantityLots: 1000 }));
    const entry = approved({ type: 'limit', limitTicks: 5_000_000 });
    await venue.submit(entry);
    // Every reading fails, also those that the venue makes by itself: an answer in between would begin the count anew.
    simulator.simulation.addFault({ method: 'GET', times: 100, effect: { kind: 'drop' } });
    await venue.balances().catch(() => {});
    await eventually(() => expect(venue.state.breaker).toBe('open'));
    await raw.control('calm');
    await expect(venue.positions()).rejects.toBeInstanceOf(VenueUnavailable);
    expect(await venue.cancel(entry.clientId, BTC)).toEqual({ kind: 'cancelled' });
    expect(venue.state.breaker).toBe('closed');
    expect(await venue.submit(approved({ purpose: 'close', side: 'sell', quantityLots: 999 }))).toMatchObject(
      { kind: 'accepted' },
    );
    await raw.control('calm');
  });
});

describe('an exchange that asks for silence', () => {
  it('is left alone until the time it named', async () => {
    const { venue, raw, simulator } = await openUp();
    await raw.control('ban', { status: 418, seconds: 3 });
    await expect(venue.balances()).rejects.toThrow();
    // The monitor may have sent a look of its own before it heard of the silence: that one is still on its way.
    await new Promise((arrived) => setTimeout(arrived, 100));
    const seen = simulator.simulation.requests.length;
    expect(await venue.submit(approved({}))).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    await expect(venue.balances()).rejects.toThrow('asked for silence until');
    expect(simulator.simulation.requests.length).toBe(seen);
    expect(venue.state.reasons.join(' ')).toContain('asked for silence (418)');
    await eventually(() => expect(venue.state.up).toBe(true));
    expect((await venue.balances()).cash).toBeGreaterThan(0);
  });
});

describe('too many unfilled orders', () => {
  it.each([
    ['with a Retry-After', { 'Retry-After': '9' }],
    ['without one', {}],
  ])('%s keep entries back, and let cancels, closing orders and readings pass', async (_what, headers) => {
    const { venue, simulator } = await openUp();
    await venue.submit(approved({ quantityLots: 1000 }));
    const entry = approved({ type: 'limit', limitTicks: 5_000_000 });
    await venue.submit(entry);
    // The next ten seconds take entries again: all that follows belongs into the same ones.
    const { windowMs } = venue.state.rateLimiter.orders;
    const left = windowMs - (Date.now() % windowMs);
    if (left < 3_000) await new Promise((begun) => setTimeout(begun, left + 100));
    simulator.simulation.addFault({
      method: 'POST',
      effect: { kind: 'answer', status: 429, headers, body: { code: -1015, msg: 'Too many new orders.' } },
    });
    const close = () => approved({ purpose: 'close', side: 'sell', quantityLots: 999 });
    expect(await venue.submit(close())).toMatchObject({ kind: 'rejected', code: '-1015' });
    const { orders } = venue.state.rateLimiter;
    const leftMs = orders.windowMs - (Date.now() % orders.windowMs);
    const sent = simulator.simulation.count('POST', '/api/v3/order');
    // In the last second of a window an entry waits for the next one instead.
    if (leftMs > 2000) {
      expect(await venue.submit(approved({}))).toEqual({
        ...{ kind: 'rejected', code: 'NOT_SENT' },
        text: 'Not sent: the limit of orders leaves no room for it within a second.',
      });
      expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(sent);
    }
    expect(await venue.cancel(entry.clientId, BTC)).toEqual({ kind: 'cancelled' });
    expect(await venue.submit(close())).toMatchObject({ kind: 'accepted' });
    expect((await venue.positions())[BTC]?.quantityLots).toBe(0);
    expect(venue.state.reasons).toEqual([]);
  });
});

describe('twenty positions with their stops at the exchange', () => {
  it('are closed in two answers, not in forty', async () => {
    const bases = Array.from({ length: 20 }, (_, index) => `C${String.fromCharCode(65 + index)}`);
    const { instruments } = (await openOnSimulator()).venue;
    const many = bases.map((base, id) => ({ ...instruments[1]!, id, base, symbol: `${base}/USDT` }));
    const { venue, raw } = await openOnSimulator(
      { instruments: many, times: { ...QUICK, requestTimeoutMs: 5000 } },
      { symbols: bases.map((base) => ({ base, price: '100' })) },
    );
    await eventually(() => expect(venue.state.up).toBe(true));
    const lots = 1000;
    await Promise.all(many.map(({ id }) => venue.submit(approved({ instrument: id, quantityLots: lots }))));
    const stops = many.map(({ id }) =>
      approved({
        instrument: id,
        purpose: 'protective',
        side: 'sell',
        type: 'stop',
        quantityLots: lots - 1,
        stopTicks: 9000,
      }),
    );
    const placed = await Promise.all(stops.map((stop) => venue.submit(stop)));
    expect(placed.every(({ kind }) => kind === 'accepted')).toBe(true);
    const latencyMs = 300;
    await raw.control('latency', { ms: latencyMs });
    const startedMs = performance.now();
    const closed = await Promise.all(
      stops.map(async ({ clientId, instrument }) => {
        await venue.cancel(clientId, instrument);
        return venue.submit(approved({ instrument, purpose: 'close', side: 'sell', quantityLots: lots - 1 }));
      }),
    );
    const tookMs = performance.now() - startedMs;
    expect(closed.every(({ kind }) => kind === 'accepted')).toBe(true);
    // Half of what one after the other would take.
    expect(tookMs).toBeLessThan((2 * stops.length * latencyMs) / 2);
    expect((await venue.positions()).every(({ quantityLots }) => quantityLots === 0)).toBe(true);
  });
});
