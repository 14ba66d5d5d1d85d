import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs, jitteredMs } from '../../src/domain/backoff.js';

it.each([
  [0, 0],
  [1, 250],
  [2, 500],
  [5, 4_000],
  [6, 5_000],
  [5_000, 5_000],
])('after %i failures it waits %i ms', (failures, pauseMs) => {
  expect(backoffMs(failures, { firstMs: 250, mostMs: 5_000 })).toBe(pauseMs);
});

it('waits no longer than it may after the first failure either, and is a number without a bound', () => {
  expect(backoffMs(1, { firstMs: 250, mostMs: 100 })).toBe(100);
  expect(backoffMs(2_000, { firstMs: 0, mostMs: Number.POSITIVE_INFINITY })).toBe(0);
});

it('with jitter waits any part of that, at random', () => {
  const pauses = { firstMs: 200, mostMs: 5_000 };
  fc.assert(
    fc.property(fc.nat(100), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, chance) => {
      const waitMs = jitteredMs(failures, pauses, () => chance);
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThanOrEqual(backoffMs(failures, pauses));
    }),
  );
  expect(jitteredMs(4, pauses, () => 0.5)).toBe(800);
});
