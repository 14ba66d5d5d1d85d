import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { waitForTrader } from '../../src/activities/operations/wait-for-trader.js';
import type { CheckContext } from '../../src/checks/check.js';
import { TraderUnavailable } from '../../src/trader/client.js';
import { readStatus } from '../../src/trader/read-status.js';

type Trader = CheckContext['trader'];

const away = () => Promise.reject(new TraderUnavailable("the trader can't be reached: ECONNREFUSED"));

/** Says these in turn, and the last of them again and again. */
function saying(...answers: (() => Promise<unknown>)[]) {
  let asked = 0;
  const call = (() => {
    asked += 1;
    return answers[Math.min(asked, answers.length) - 1]?.();
  }) as unknown as Trader['call'];
  return { trader: { call }, asked: () => asked };
}

describe('a trader that a check asks while it is started again', () => {
  it('is waited for, also while it answers for an engine that is not there yet', async () => {
    const starting = async () => ({ starting: true, reason: 'it is starting' });
    const { trader, asked } = saying(away, starting, async () => ({ mode: 'HALTED' }));
    const status = await readStatus({ trader: waitForTrader(trader)(10_000) });
    expect([status.mode, asked()]).toEqual(['HALTED', 3]);
  });

  it('is waited for no longer than the half of the step, and what it is then is said', async () => {
    const { trader } = saying(away);
    const began = performance.now();
    await expect(waitForTrader(trader)(800).call('status', {})).rejects.toThrow('ECONNREFUSED');
    expect(performance.now() - began).toBeGreaterThan(350);
  });

  it('is waited for once by many checks: the next ones say at once that it is away, until it has answered', async () => {
    let nowMs = 0;
    const { trader, asked } = saying(away, away, away, async () => ({ mode: 'ACTIVE' }));
    const of = waitForTrader(trader, () => nowMs);
    const first = of(30_000).call('status', {});
    await sleep(10);
    nowMs = 16_000;
    await expect(first).rejects.toThrow('ECONNREFUSED');
    const before = asked();
    await expect(of(30_000).call('status', {})).rejects.toThrow('ECONNREFUSED');
    expect(asked()).toBe(before + 1);
    nowMs += 61_000;
    expect(await of(30_000).call('status', {})).toMatchObject({ mode: 'ACTIVE' });
  });

  it('that hangs is not asked again, and neither is one that has refused', async () => {
    const hanging = saying(async () => {
      await sleep(60);
      throw new TraderUnavailable('no answer within 50 ms');
    });
    const call = waitForTrader(hanging.trader)(30_000).call('status', {}, { timeoutMs: 50 });
    await expect(call).rejects.toThrow('no answer within 50 ms');
    const refusing = saying(() => Promise.reject(new Error('not now')));
    await expect(waitForTrader(refusing.trader)(30_000).call('status', {})).rejects.toThrow('not now');
    expect([hanging.asked(), refusing.asked()]).toEqual([1, 1]);
  });
});
