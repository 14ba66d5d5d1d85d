import type { DeskUnderTest } from '../test/support/desk-under-test.js';
import { until } from '../test/support/eventually.js';

/** From `kill -9` of the trader until it is back, HALTED, and has read its account; then waits until the desk trades again. Milliseconds. */
export async function untilHaltedAgain(desk: DeskUnderTest): Promise<number> {
  const before = await desk.status();
  const beganAtMs = performance.now();
  process.kill(before.pid, 'SIGKILL');
  for (;;) {
    const now = await desk.status().catch(() => null);
    if (now !== null && now.pid !== before.pid && now.reconciliation.state === 'clean') break;
    await new Promise((settle) => setTimeout(settle, 5));
  }
  const tookMs = performance.now() - beganAtMs;
  await until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE');
  return tookMs;
}
