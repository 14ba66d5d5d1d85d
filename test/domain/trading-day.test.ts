import { describe, expect, it } from 'vitest';
import { tradingDayStart, tradingDayStarts } from '../../src/domain/trading-day.js';

const HOUR_MS = 3_600_000;
const utc = () => 0;
/** Clocks go forward by an hour on 2026-03-29 at 01:00 UTC. */
const berlin = (ms: number) => (ms >= Date.UTC(2026, 2, 29, 1) ? 2 : 1) * HOUR_MS;

describe('the trading day', () => {
  it('begins at the boundary, in UTC', () => {
    const noon = Date.UTC(2026, 0, 5, 12);
    expect(tradingDayStart(noon, '00:00', utc)).toBe(Date.UTC(2026, 0, 5));
    expect(tradingDayStart(noon, '17:30', utc)).toBe(Date.UTC(2026, 0, 4, 17, 30));
    expect(tradingDayStart(Date.UTC(2026, 0, 5), '00:00', utc)).toBe(Date.UTC(2026, 0, 5));
    expect(tradingDayStart(Date.UTC(2026, 0, 5) - 1, '00:00', utc)).toBe(Date.UTC(2026, 0, 4));
  });

  it('moves with the clocks of its zone', () => {
    expect(tradingDayStart(Date.UTC(2026, 2, 28, 12), '00:00', berlin)).toBe(Date.UTC(2026, 2, 27, 23));
    expect(tradingDayStart(Date.UTC(2026, 2, 29, 12), '00:00', berlin)).toBe(Date.UTC(2026, 2, 28, 23));
    expect(tradingDayStart(Date.UTC(2026, 2, 30, 12), '00:00', berlin)).toBe(Date.UTC(2026, 2, 29, 22));
  });

  it('never begins after the moment it belongs to, hour by hour across a change of clocks', () => {
    for (let hour = 0; hour < 96; hour += 1) {
      const now = Date.UTC(2026, 2, 27) + hour * HOUR_MS;
      const start = tradingDayStart(now, '17:00', berlin);
      expect(start).toBeLessThanOrEqual(now);
      expect(now - start).toBeLessThan(25 * HOUR_MS);
    }
  });

  it('that has begun does not begin again where the clocks go back over its boundary', () => {
    const newYork = (ms: number) => (ms >= Date.UTC(2026, 10, 1, 6) ? -5 : -4) * HOUR_MS;
    // 01:30 of summer; at 06:00 UTC the clocks show 01:00 once more.
    const begun = Date.UTC(2026, 10, 1, 5, 30);
    expect(tradingDayStart(begun - 1, '01:30', newYork)).toBe(begun - 24 * HOUR_MS);
    for (const minutes of [0, 30, 59, 60, 90])
      expect(tradingDayStart(begun + minutes * 60_000, '01:30', newYork)).toBe(begun);
  });

  it('is the same where it is asked for one moment after the other, also across a change of clocks', () => {
    const both = (ms: number) => (ms >= Date.UTC(2026, 9, 25, 1) ? HOUR_MS : berlin(ms));
    const days = [Date.UTC(2026, 2, 27), Date.UTC(2026, 9, 24)];
    const moments = days.flatMap((from) => Array.from({ length: 2_000 }, (_, at) => from + at * 131_071));
    for (const boundary of ['00:00', '02:00', '02:30', '03:00', '17:00']) {
      const startOf = tradingDayStarts(boundary, both);
      for (const ms of [...moments, ...moments.toReversed()])
        expect(startOf(ms)).toBe(tradingDayStart(ms, boundary, both));
    }
  });
});
