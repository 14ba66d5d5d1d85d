import { setImmediate as nextRound } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { VirtualTime } from './virtual-time.js';

it('runs nothing more once a step has failed', async () => {
  const time = new VirtualTime(0);
  const ran: number[] = [];
  for (const step of [1, 2, 3, 4]) {
    time.after(step, () => {
      ran.push(step);
      if (step === 2) throw new Error('step 2 fails');
    });
  }
  await expect(time.runUntil(10)).rejects.toThrow('step 2 fails');
  await nextRound();
  await nextRound();
  expect(ran).toEqual([1, 2]);
});
