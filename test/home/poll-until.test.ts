import { expect, it } from 'vitest';
import { pollUntil } from '../../src/home/try-again.js';

/** Counts from 1, an answer each time that it is asked. */
function counter() {
  let asked = 0;
  return () => {
    asked += 1;
    return asked;
  };
}

it('asks until the answer is enough, and no more', async () => {
  const ask = counter();
  expect(await pollUntil(ask, (answer) => answer === 3, { withinMs: 60_000, everyMs: 1 })).toBe(3);
  expect(ask()).toBe(4);
});

it('gives the last answer once the time is over, and asks once where it has none', async () => {
  expect(await pollUntil(counter(), () => false, { withinMs: 50, everyMs: 1 })).toBeGreaterThan(1);
  expect(await pollUntil(counter(), () => false, { withinMs: 0, everyMs: 1 })).toBe(1);
});

it('rejects as the question does', async () => {
  const ask = () => Promise.reject(new Error('not there'));
  await expect(pollUntil(ask, () => true, { withinMs: 0, everyMs: 1 })).rejects.toThrow('not there');
});
