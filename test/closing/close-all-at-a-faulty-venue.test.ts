/** The real engine, runner and journal close 20 protected positions at a venue that fails now and then. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { deskAtVenue } from '../support/desk-at-venue.js';
import { untilHolds } from '../support/eventually.js';
import { FaultyVenue, type VenueCall } from '../support/faulty-venue.js';
import type { Fault } from '../support/venue-faults.js';

const POSITIONS = 20;

async function closeAll(options: {
  stopLocksBalance: boolean;
  faults: (call: Omit<VenueCall, 'fault' | 'answeredAtMs'>) => Fault | null;
  deadlineMs?: number;
}) {
  let closing = false;
  const venue = new FaultyVenue({
    count: POSITIONS,
    latencyMs: 5,
    positions: Array.from({ length: POSITIONS }, () => 100),
    stopLocksBalance: options.stopLocksBalance,
    shorting: !options.stopLocksBalance,
    faults: (call) => (closing ? options.faults(call) : null),
  });
  const desk = await deskAtVenue(venue, {
    positions: POSITIONS,
    answerTimeoutMs: 200,
    deadlineMs: options.deadlineMs ?? 60_000,
  });
  onTestFinished(async () => {
    await desk.close();
    await venue.close();
  });
  closing = true;
  await desk.runner.command({ commandId: 'c', by: 'test', reason: 'test', command: { name: 'closeAll' } });
  await untilHolds(() => ['flat', 'escalated'].includes(desk.engine.view.closeAll));
  return { desk, venue };
}

const KINDS: readonly Fault[] = [
  { kind: 'unavailable' },
  { kind: 'reject' },
  { kind: 'ban', forMs: 300 },
  { kind: 'hang', forMs: 15_000, applied: false },
  { kind: 'hang', forMs: 15_000, applied: true },
  { kind: 'unacknowledged' },
  { kind: 'lost' },
  { kind: 'late', byMs: 400 },
  { kind: 'doubled' },
];

describe.each([
  ['on spot, where a stop locks the balance', true],
  ['where stops do not lock the balance', false],
])('close-all of 20 positions %s', (_where, stopLocksBalance) => {
  it.each(KINDS.map((fault) => [JSON.stringify(fault), fault] as const))(
    'is flat although one order in twenty meets %s',
    async (_name, fault) => {
      let orders = 0;
      const { desk, venue } = await closeAll({
        stopLocksBalance,
        faults: ({ method }) => {
          if (method !== 'submit' && method !== 'cancel') return null;
          orders += 1;
          return orders % 20 === 7 ? fault : null;
        },
      });
      expect(desk.engine.view.closeAll).toBe('flat');
      expect((await venue.positions()).filter(({ quantityLots }) => quantityLots !== 0)).toEqual([]);
      expect(await venue.openOrders()).toEqual([]);
    },
  );

  it('names what is left where the venue never answers about one of them', async () => {
    const { desk, venue } = await closeAll({
      stopLocksBalance,
      deadlineMs: 3_000,
      faults: (call) => (call.instrument === 3 ? { kind: 'unavailable' } : null),
    });
    expect(desk.engine.view.closeAll).toBe('escalated');
    await untilHolds(() => desk.engine.view.positions.length === 1);
    const open = (await venue.positions()).filter(({ quantityLots }) => quantityLots !== 0);
    expect(open.map(({ instrument }) => instrument)).toEqual([3]);
    expect(desk.engine.view.halts.map(({ cause }) => cause)).toContain('close-all-incomplete');
    expect(desk.engine.view.halts.some(({ reason }) => reason.includes('C3/USDT'))).toBe(true);
  });
});
