import { expect, it } from 'vitest';
import { drawFrom } from '../../simulators/random.js';
import { ExactAccount, type FeeAsset, results } from '../engine/support/exact-account.js';

const ASSETS: readonly FeeAsset[] = ['USDT', 'coin', 'BNB'];

it('10,000 round trips of random size and fee asset: books equal at each one, results exact, no halt', () => {
  const draw = drawFrom(10_000);
  const account = new ExactAccount(draw);
  for (let trip = 0; trip < 10_000; trip += 1) {
    account.roundTrip(ASSETS[draw(3)] as FeeAsset);
    if (!account.agrees()) throw new Error(`the books differ after round trip ${trip + 1}`);
  }
  const { trips, gained } = results(account);
  expect(trips).toBe(gained);
  expect(account.desk.recorded('halt').map(({ halt }) => halt.cause)).toEqual(['startup']);
});
