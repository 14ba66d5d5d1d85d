import type { TraderClient } from '../trader/client.js';

const STATUS_MS = 3_000;

/** By the market's clock; by this machine's while the trader does not answer. */
export async function marketNowMs(trader: Pick<TraderClient, 'call'>): Promise<number> {
  try {
    const { marketData } = await trader.call('status', {}, { timeoutMs: STATUS_MS });
    return marketData.marketMs;
  } catch {
    return Date.now();
  }
}
