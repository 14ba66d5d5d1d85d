import { describe, expect, it } from 'vitest';
import { BINANCE_TIMES } from '../../src/venue/binance/options.js';
import { retry } from '../../src/venue/binance/requests.js';

describe('trying again', () => {
  it('as it ships is done twice, after at most 200 and 400 ms', async () => {
    const paused: number[] = [];
    const sleep = async (ms: number): Promise<void> => void paused.push(ms);
    const failed = async (): Promise<boolean> => false;
    const options = { ...BINANCE_TIMES.retry, random: () => 0.5, sleep };
    await retry(failed, (done) => !done, options);
    expect(paused).toEqual([100, 200]);
  });

  it('stops at the first good result', async () => {
    const slept: number[] = [];
    const result = await retry(
      async (attempt) => attempt,
      (attempt) => attempt < 2,
      {
        triesMax: 5,
        firstMs: 100,
        mostMs: 1000,
        random: () => 0.5,
        sleep: async (ms) => void slept.push(ms),
      },
    );
    expect(result).toBe(2);
    expect(slept).toEqual([50, 100]);
  });

  it('gives the last result when its tries are used up', async () => {
    let tries = 0;
    const options = { triesMax: 3, firstMs: 1, mostMs: 1, random: () => 0, sleep: async () => {} };
    expect(
      await retry(
        async () => (tries += 1),
        () => true,
        options,
      ),
    ).toBe(3);
    expect(tries).toBe(3);
  });
});
