/** 20 positions with their stops resting at the exchange's simulator are closed, over the wire, and proven flat. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ClosingOptions, deskAtBinance, FAULTS, POSITIONS } from '../support/desk-at-binance.js';

async function closed(options: ClosingOptions): Promise<void> {
  // As long as the breaker is open, little is done: it opens and closes as usual, and nobody waits a minute for that.
  const at = await deskAtBinance({ breakerOpenMs: 3_000, ...options });
  onTestFinished(() => at.close());
  expect(at.resting()).toBe(POSITIONS);
  const { flat } = await at.closeAll();
  expect(flat).toBe(true);
  expect([at.resting(), at.held()]).toEqual([0, 0]);
}

describe('20 positions with stops resting at the exchange', () => {
  it.each([0, 100, 250])('are closed and proven flat where each answer takes %i ms', async (latencyMs) => {
    // Each answer comes, however long a busy machine takes.
    await closed({ latencyMs, requestTimeoutMs: 20_000 });
  });

  it.each(FAULTS)('are closed and proven flat where one answer in five is %s', async (_name, fault) => {
    await closed({ latencyMs: 20, fault });
  });
});
