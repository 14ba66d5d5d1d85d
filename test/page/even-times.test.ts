/** Which points a chart draws anew. */
import { expect, it } from 'vitest';
import { changedFrom } from '../../dashboard/src/charts/even-times.js';

const MINUTE = 60;
const points = (...times: readonly number[]) => times.map((minute) => ({ time: minute * MINUTE }));

it('only the newest point and those after it are drawn, as long as nothing before has changed', () => {
  const drawn = points(1, 2, 3);
  const moved = { time: 3 * MINUTE };
  expect(changedFrom(drawn, [...drawn.slice(0, 2), moved], MINUTE)).toBe(2);
  expect(changedFrom(drawn, [...drawn.slice(0, 2), moved, ...points(4)], MINUTE)).toBe(2);
});

it('all of them are drawn at first, with a gap, and where earlier ones differ', () => {
  const drawn = points(1, 2, 3);
  expect(changedFrom([], drawn, MINUTE)).toBe(null);
  expect(changedFrom(drawn, [...drawn, ...points(5)], MINUTE)).toBe(null);
  expect(changedFrom(drawn, points(1, 2, 3), MINUTE)).toBe(null);
  expect(changedFrom(drawn, [...drawn.slice(1), ...points(4)], MINUTE)).toBe(null);
  expect(changedFrom(drawn, drawn.slice(0, 2), MINUTE)).toBe(null);
});
