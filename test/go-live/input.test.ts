/** What a procedure of going live is begun with: times and sizes as the desk file has them, not those of a quick test. */
import { expect, it } from 'vitest';
import { goLiveInput } from '../../src/operations/go-live/start-go-live.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';

const HOUR_MS = 3_600_000;
const ASKED = { release: 'r1', attempt: 1, incarnation: 'abc', person: 'operator', reason: 'it is time' };

it('is watched for a day and reminded of every four hours, as the shipped desk file says', () => {
  expect(goLiveInput(cryptoDesk(), ASKED)).toMatchObject({
    ...ASKED,
    watchMs: 24 * HOUR_MS,
    remindMs: 4 * HOUR_MS,
    lookMs: 5 * 60_000,
  });
  const desk = cryptoDesk();
  const longer = { ...desk, goLive: { ...desk.goLive, watchHours: 48, remindHours: 6 } };
  expect(goLiveInput(longer, ASKED)).toMatchObject({ watchMs: 48 * HOUR_MS, remindMs: 6 * HOUR_MS });
});

it('begins small, and grows only after the hours of the shipped desk file', () => {
  expect(goLiveInput(cryptoDesk(), ASKED)).toMatchObject({
    start: { maxPositionSizePct: 1, maxConcurrentPositions: 2 },
    ramp: [
      { afterMs: 72 * HOUR_MS, minTrades: 1, maxPositionSizePct: 2, maxConcurrentPositions: 2 },
      { afterMs: 168 * HOUR_MS, minTrades: 1, maxPositionSizePct: 3, maxConcurrentPositions: 3 },
    ],
  });
  const desk = cryptoDesk();
  const [first] = desk.goLive.ramp;
  const slower = { ...desk, goLive: { ...desk.goLive, ramp: [{ ...first!, minTrades: 20 }] } };
  expect(goLiveInput(slower, ASKED)).toMatchObject({ ramp: [{ minTrades: 20 }] });
});
