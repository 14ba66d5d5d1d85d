/** What people read about a desk with real money: its size, what a larger one waits for, and why it ended. */
import { expect, it } from 'vitest';
import type { GoLiveProgress } from '../../src/contracts/go-live.js';
import { goLiveWords } from '../../src/operations/go-live/start-go-live.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';

const NOW_MS = Date.parse('2026-01-08T12:00:00Z');
const HOUR_MS = 3_600_000;
const SIZE = { maxPositionSizePct: 1, maxConcurrentPositions: 2 };
const LARGER = { maxPositionSizePct: 2, maxConcurrentPositions: 2 };
const GRANTED = {
  ...{ release: 'r1', attempt: 1, step: 0, incarnation: 'i', configHash: 'c', haltId: null, size: SIZE },
  ...{ fileConfigHash: 'c', approvedBy: ['anna'] },
};
const NEXT = {
  ...{ step: 1, size: LARGER, cleanSinceMs: NOW_MS - 70 * HOUR_MS, cleanMs: 72 * HOUR_MS },
  ...{ trades: 0, minTrades: 1 },
};
const inRamp = (next: GoLiveProgress['next']): GoLiveProgress => ({
  ...{ phase: 'ramp', detail: 'watched', size: SIZE, nextAtMs: NOW_MS + 2 * HOUR_MS, next },
});
const words = (progress: GoLiveProgress | null) =>
  goLiveWords(cryptoDesk(), { granted: GRANTED, ended: null }, progress, NOW_MS);

const IN_FORCE =
  'size in force: 1 % a position, 2 positions (size step 0 of 2); at first 1 % a position, 2 positions';

it('says the size in force and at first, and the hours and trades that a larger one waits for', () => {
  expect(words(inRamp(NEXT))).toEqual([
    IN_FORCE,
    'size step 1 (2 % a position, 2 positions) is next: clean hours since 2026-01-05 14:00 UTC, 2 h 0 min of 3 d 0 h to go; 0 of 1 closed trade',
  ]);
  const lacking = { ...NEXT, cleanSinceMs: NOW_MS - 80 * HOUR_MS };
  expect(words(inRamp(lacking))[1]).toMatch(/, over; 0 of 1 closed trade$/);
  expect(words({ ...inRamp(NEXT), phase: 'approval' })[1]).toContain('is asked for: clean hours');
});

it('says that no hours count where they were not clean, and nothing of them before', () => {
  expect(words(inRamp(null))).toEqual([
    IN_FORCE,
    'no clean hours are counted towards a larger size now; they begin anew 2026-01-08 14:00 UTC',
  ]);
  expect(words({ ...inRamp(null), nextAtMs: null })[1]).toBe(
    'no clean hours are counted towards a larger size now',
  );
  expect(words({ ...inRamp(null), phase: 'watched' })).toEqual([IN_FORCE]);
  expect(words(null)).toEqual([IN_FORCE]);
});

it('says why the last permission ended, and nothing where there never was one', () => {
  const ended = { release: 'r1', attempt: 1, by: 'anna', reason: 'odd fills' };
  expect(goLiveWords(cryptoDesk(), { granted: null, ended }, null, NOW_MS)).toEqual([
    'the permission of r1 ended: odd fills (anna)',
  ]);
  expect(goLiveWords(cryptoDesk(), { granted: null, ended: null }, null, NOW_MS)).toEqual([]);
});
