/** Fees in cash, in the coin and in BNB, as the strict simulator takes them, through the real adapter: exact at each trip. */

import { expect, it, onTestFinished } from 'vitest';
import { drawFrom } from '../../simulators/random.js';
import { RoundTrips } from '../support/round-trips.js';

const TRIPS = Number(process.env.FERMATA_ROUND_TRIPS ?? 10_000);

it(`${TRIPS.toLocaleString('en')} round trips over the wire of random size and fee asset: books equal at each one, results exact, no halt`, async () => {
  const trips = await RoundTrips.open(drawFrom(11));
  onTestFinished(() => trips.close());
  for (let trip = 1; trip <= TRIPS; trip += 1) {
    await trips.trip().catch((cause: unknown) => {
      throw new Error(`round trip ${trip}`, { cause });
    });
    expect(trips.differs(), `after round trip ${trip}`).toBeNull();
    if (trip % 500 === 0) expect(await trips.reconciles(), `after round trip ${trip}`).toBe(true);
  }
  const { trips: told, gained, feesIn } = trips.results();
  expect(told).toBe(gained);
  expect([...feesIn].sort()).toEqual(['BNB', 'BTC', 'ETH', 'USDT']);
});
