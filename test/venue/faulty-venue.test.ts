import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OrderIntent } from '../../src/domain/order.js';
import { VenueUnavailable } from '../../src/venue/port.js';
import { approved } from '../support/approved-order.js';
import { FaultyVenue, type FaultyVenueOptions } from '../support/faulty-venue.js';
import type { Fault } from '../support/venue-faults.js';

let venue: FaultyVenue;
let told: string[];

function open(options: FaultyVenueOptions): FaultyVenue {
  venue = new FaultyVenue(options);
  told = [];
  venue.onEvent((event) => event.kind === 'fill' && told.push(event.fill.tradeId));
  return venue;
}
afterEach(() => {
  vi.restoreAllMocks();
  venue.close();
});

const order = (part: Partial<OrderIntent>) =>
  approved({ clientId: 'fone', purpose: 'close', side: 'sell', quantityLots: 5, ...part });

const first = (fault: Fault) => (call: { index: number }) => (call.index === 0 ? fault : null);

describe('the faulty venue', () => {
  it('answers after its latency and writes the call down', async () => {
    open({ latencyMs: 40, positions: [5] });
    const begun = performance.now();
    expect(await venue.submit(order({}))).toMatchObject({ kind: 'accepted' });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(38);
    const [call] = venue.callsOf('submit');
    expect(call).toMatchObject({ clientId: 'fone', index: 0, fault: null });
    expect((call?.answeredAtMs ?? 0) - (call?.sentAtMs ?? 0)).toBeGreaterThanOrEqual(38);
    expect(venue.book.positions.size).toBe(0);
    expect(told).toHaveLength(1);
  });

  it.each([
    ['unavailable', { kind: 'unavailable' }, 'unknown', 5],
    ['lost', { kind: 'lost' }, 'unknown', 5],
    ['reject', { kind: 'reject' }, 'rejected', 5],
    ['unacknowledged', { kind: 'unacknowledged' }, 'unknown', 0],
    ['hang without effect', { kind: 'hang', forMs: 5, applied: false }, 'unknown', 5],
    ['hang with effect', { kind: 'hang', forMs: 5, applied: true }, 'unknown', 0],
    ['late', { kind: 'late', byMs: 5 }, 'accepted', 0],
  ] as const)('on %s tells one thing and holds another', async (_name, fault, outcome, held) => {
    open({ positions: [5], faults: first(fault) });
    expect((await venue.submit(order({}))).kind).toBe(outcome);
    expect(venue.book.positions.get(0) ?? 0).toBe(held);
  });

  it('tells a doubled fill twice and holds it once', async () => {
    open({ positions: [5], faults: first({ kind: 'doubled' }) });
    await venue.submit(order({ quantityLots: 2 }));
    await expect.poll(() => told.length).toBe(2);
    expect(new Set(told).size).toBe(1);
    expect(venue.book.positions.get(0)).toBe(3);
  });

  it('answers nothing at all while it bans', async () => {
    open({
      positions: [5],
      faults: (call) => (call.method === 'submit' ? { kind: 'ban', forMs: 40 } : null),
    });
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    expect((await venue.submit(order({}))).kind).toBe('unknown');
    await expect(venue.positions()).rejects.toThrow(VenueUnavailable);
    clock.mockReturnValue(1_040);
    expect(await venue.positions()).toEqual([{ instrument: 0, quantityLots: 5 }]);
  });

  it('lets a resting stop lock the balance where it is told to', async () => {
    open({ positions: [5], stopLocksBalance: true });
    await venue.submit(order({ clientId: 'fstop', type: 'stop', stopTicks: 9000 }));
    expect(await venue.submit(order({}))).toMatchObject({ kind: 'rejected', code: '-2010' });
    expect(await venue.cancel('fstop', 0)).toEqual({ kind: 'cancelled' });
    expect(await venue.submit(order({ clientId: 'ftwo' }))).toMatchObject({ kind: 'accepted' });
  });
});
