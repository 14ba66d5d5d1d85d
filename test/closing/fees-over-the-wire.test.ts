/** Fees in cash, in the coin and in BNB, as the strict simulator takes them, through the real adapter: exact at each trip. */

import { expect, it, onTestFinished } from 'vitest';
import { drawFrom } from '../../simulators/random.js';
import { RoundTrips } from '../support/round-trips.js';

const TRIPS = 60;

it('60 round trips over the wire of random size and fee asset: books equal at each one, results exact, no halt', async () => {
  const trips = await RoundTrips.open(drawFrom(20_261_121));
  onTestFinished(() => trips.close());
  for (let trip = 1; trip <= TRIPS; trip += 1) {
    await trips.trip();
    expect(trips.differs(), `after round trip ${trip}`).toBeNull();
    if (trip % 50 === 0) expect(await trips.reconciles(), `after round trip ${trip}`).toBe(true);
  }
  const { trips: told, gained, feesIn } = trips.results();
  expect(told).toBe(gained);
  expect([...feesIn].sort()).toEqual(['BNB', 'BTC', 'ETH', 'USDT']);
});
