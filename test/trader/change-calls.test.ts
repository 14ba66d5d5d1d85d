/** Changes of a resting order, from the engine's wish to what it hears of it, through the host's calls to the venue. */
import { expect, it } from 'vitest';
import type { AmendOutcome, ReplaceOutcome } from '../../src/domain/venue.js';
import { systemTimers } from '../../src/trader/running/clock.js';
import { type Unstamped, VenueCalls } from '../../src/trader/running/venue-calls.js';
import { approved } from '../support/approved-order.js';
import { venueDouble } from './venue-double.js';

const OLD = 'old';
const NEW = approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000 });
const NEW_ID = NEW.clientId;

/** What the engine hears, and what the venue was asked. */
async function heard(change: (calls: VenueCalls) => void, venue = venueDouble()) {
  const calls = new VenueCalls(venue, systemTimers);
  const event = await new Promise<Unstamped>((resolve) => {
    calls.connect(resolve);
    change(calls);
  });
  return { event, asked: venue.calls };
}

const amending = (amendQuantity: () => Promise<AmendOutcome>) =>
  heard((calls) => calls.amend(OLD, 0, 640), { ...venueDouble(), amendQuantity });
const replacing = (replace: () => Promise<ReplaceOutcome>) =>
  heard((calls) => calls.replace(OLD, NEW), { ...venueDouble(), replace });

it('an order that was made smaller is told with the quantity that the venue says', async () => {
  const { event } = await amending(async () => ({ kind: 'amended', quantityLots: 600 }));
  expect(event).toEqual({ kind: 'order.amended', clientId: OLD, quantityLots: 600 });
});

it('an amendment that was refused is told with the venue’s code: the order rests as it was', async () => {
  const { event } = await amending(async () => ({ kind: 'rejected', code: '-2038', text: 'no' }));
  expect(event).toEqual({ kind: 'order.amendRejected', clientId: OLD, code: '-2038', text: 'no' });
});

it.each<[string, () => Promise<AmendOutcome>]>([
  ['that came too late for the order', async () => ({ kind: 'notOpen', code: '-2011', text: 'gone' })],
  ['that got no answer', async () => ({ kind: 'unknown', cause: 'timeout' })],
  ['that broke on the way', () => Promise.reject(new Error('socket'))],
])('an amendment %s is looked up, never sent again', async (_what, outcome) => {
  let sent = 0;
  const { event, asked } = await amending(() => {
    sent += 1;
    return outcome();
  });
  expect(event).toEqual({ kind: 'order.lookup', clientId: OLD, found: null });
  expect({ asked, sent }).toEqual({ asked: [`lookup ${OLD}`], sent: 1 });
});

it('an exchange that was done names both orders', async () => {
  const { event } = await replacing(async () => ({ kind: 'replaced', venueId: 'v9' }));
  expect(event).toEqual({ kind: 'order.replaced', clientId: NEW_ID, replaced: OLD, venueId: 'v9' });
});

it.each<[string, ReplaceOutcome, object]>([
  ['as a whole: the old one rests', refused('rejected'), { old: 'rests', wouldTrigger: false }],
  [
    'as a whole since too many rest',
    { ...refused('rejected'), tooMany: true } as ReplaceOutcome,
    { old: 'rests', wouldTrigger: false, tooMany: true },
  ],
  ['as a whole since its price is passed', refused('rejected', true), { old: 'rests', wouldTrigger: true }],
  ['after the old one went', refused('cancelledOnly'), { old: 'cancelled', wouldTrigger: false }],
  [
    'after the old one went, its price passed',
    refused('cancelledOnly', true),
    { old: 'cancelled', wouldTrigger: true },
  ],
  ['since the old one was over', refused('notOpen'), { old: 'notOpen', wouldTrigger: false }],
])('an exchange that was refused %s', async (_what, outcome, expected) => {
  const { event } = await replacing(async () => outcome);
  const told = { clientId: NEW_ID, replaced: OLD, code: '-2010', text: 'refused' };
  expect(event).toEqual({ kind: 'order.replaceRejected', ...told, ...expected });
});

it.each<[string, () => Promise<ReplaceOutcome>]>([
  ['got no answer', async () => ({ kind: 'unknown', cause: 'timeout' })],
  ['broke on the way', () => Promise.reject(new Error('timeout'))],
])('an exchange that %s is unknown, for the engine to look up both', async (_what, outcome) => {
  const { event, asked } = await replacing(outcome);
  expect(event).toEqual({ kind: 'order.sendUnknown', clientId: NEW_ID, cause: 'timeout' });
  expect(asked).toEqual([]);
});

it('a venue that has neither request refuses both: nothing was sent', async () => {
  const amended = await heard((calls) => calls.amend(OLD, 0, 640));
  expect(amended.event).toMatchObject({ kind: 'order.amendRejected', code: 'NOT_SENT' });
  const replaced = await heard((calls) => calls.replace(OLD, NEW));
  expect(replaced.event).toMatchObject({ kind: 'order.replaceRejected', old: 'rests', code: 'NOT_SENT' });
  expect([...amended.asked, ...replaced.asked]).toEqual([]);
});

function refused(kind: 'rejected' | 'cancelledOnly' | 'notOpen', wouldTrigger = false): ReplaceOutcome {
  const why = { code: '-2010', text: 'refused' };
  return kind === 'notOpen' ? { kind, ...why } : { kind, ...why, ...(wouldTrigger ? { wouldTrigger } : {}) };
}
