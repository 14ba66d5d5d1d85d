import type { TraderClient } from '../trader/client.js';
import { readStatus } from '../trader/read-status.js';

/** The market's time; this machine's while the trader doesn't answer. Milliseconds. */
export async function marketNowMs(trader: Pick<TraderClient, 'call'>): Promise<number> {
  try {
    const { marketData } = await readStatus({ trader });
    return marketData.marketMs;
  } catch {
    return Date.now();
  }
}
