import { afterEach, expect, it, vi } from 'vitest';
import { zoneOffset } from '../../src/trader/zone-offset.js';

const HOUR_MS = 3_600_000;
const at = (text: string): number => Date.parse(text);

afterEach(() => vi.restoreAllMocks());

it('is that of each moment, whichever is asked before it', () => {
  const offsetAt = zoneOffset('America/New_York');
  const [before, after] = [at('2026-03-08T06:59:59Z'), at('2026-03-08T07:00:00Z')];
  for (let turn = 0; turn < 3; turn += 1)
    expect([offsetAt(before), offsetAt(after), offsetAt(after + 240 * 24 * HOUR_MS)]).toEqual([
      -5 * HOUR_MS,
      -4 * HOUR_MS,
      -5 * HOUR_MS,
    ]);
  // More moments than are kept in mind.
  for (let hour = 0; hour < 5_000; hour += 1) offsetAt(after + hour * HOUR_MS);
  expect(offsetAt(before)).toBe(-5 * HOUR_MS);
});

it('asks the time zone data once of moments that are asked by turns', () => {
  const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
  const offsetAt = zoneOffset('America/New_York');
  for (let turn = 0; turn < 50; turn += 1)
    for (const moment of ['2026-07-15T14:00:00Z', '2026-07-15T20:00:00Z', '2026-07-14T22:00:00Z'])
      offsetAt(at(moment));
  expect(asked).toHaveBeenCalledTimes(3);
});
