/** Where requests go: everything to the testnet, or nothing of it. */
import { describe, expect, it } from 'vitest';
import { loadDesk } from '../../src/desk/load.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { chooseEndpoint } from '../../src/venue/binance/endpoint.js';
import { openExchange } from '../../src/venue/binance/exchange.js';

async function hostsOf(testnet: boolean): Promise<readonly string[]> {
  const exchange = await openExchange({
    endpoint: chooseEndpoint(testnet, {}),
    credentials: null,
    timeoutMs: 1_000,
    keepAliveMs: 1_000,
    onHeaders: () => undefined,
  });
  const { public: open, private: signed } = exchange.ccxt.urls.api as unknown as Record<string, string>;
  exchange.close();
  return [open, signed, exchange.socketUrl].map((address) => new URL(address ?? '').hostname);
}

describe('the addresses of Binance', () => {
  it('are the testnet’s for the desk that is shipped: prices, orders and the account’s own stream', async () => {
    const { testnet } = loadDesk(resolveDesk('crypto-bot')).desk.venue;
    for (const host of await hostsOf(testnet)) expect(host).toMatch(/testnet/);
  });

  it('are the exchange’s own only where the desk file leaves the testnet', async () => {
    for (const host of await hostsOf(false)) expect(host).toMatch(/^(?!.*testnet).*binance\.com$/);
  });
});
