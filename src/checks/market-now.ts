import type { TraderClient } from '../trader/client.js';
import { readStatus } from '../trader/read-status.js';

/** By the market's clock; by this machine's while the trader does not answer. */
export async function marketNowMs(trader: Pick<TraderClient, 'call'>): Promise<number> {
  try {
    const { marketData } = await readStatus({ trader });
    return marketData.marketMs;
  } catch {
    return Date.now();
  }
}
