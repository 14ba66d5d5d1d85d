import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryState } from '../store/outbox-delivery.js';

const LOOK_MS = 200;

/**
 * Waits until every delivery of a notice has ended, at most `waitMs` milliseconds; none if nobody was found to tell.
 */
export async function awaitDeliveries<D extends DeliveryState>(
  read: () => Promise<readonly D[]>,
  waitMs: number,
): Promise<{ readonly deliveries: readonly D[]; readonly tookMs: number }> {
  const startedMs = performance.now();
  for (;;) {
    const deliveries = await read();
    const tookMs = Math.round(performance.now() - startedMs);
    const ended = deliveries.length > 0 && deliveries.every(({ finished }) => finished);
    if (ended || tookMs > waitMs) return { deliveries, tookMs };
    await sleep(LOOK_MS);
  }
}
