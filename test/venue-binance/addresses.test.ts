/** Where requests go: everything to the testnet, or nothing of it. */
import http from 'node:http';
import https from 'node:https';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { readExchange } from '../../src/checks/preflight/exchange-reading.js';
import type { MarketFeed } from '../../src/contracts/market-feed.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { Desk } from '../../src/desk/schema.js';
import type { DeskPaths, Runtime } from '../../src/home/runtime.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { deskOfFeeds, openTradingVenue } from '../../src/trader/trading-venue.js';
import { chooseEndpoint, endpointOf } from '../../src/venue/binance/endpoint.js';
import { openExchange } from '../../src/venue/binance/exchange.js';
import type { CcxtExchange } from '../../src/venue/ccxt/ccxt-exchange.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import type { PaperVenue } from '../../src/venue/paper/paper-venue.js';
import type { VenueEndpoint } from '../../src/venue/prices.js';
import { priceSourceOf } from '../../src/venue/registry.js';
import { TRADING_KEY } from './support/raw-client.js';

const { desk } = loadDesk(resolveDesk('crypto-bot'));

const liveDesk = (testnet: boolean): Desk => ({ ...desk, mode: 'live', venue: { ...desk.venue, testnet } });

/** Of the prices of this exchange that a trader would follow: what it asks first, requests, streams. */
async function priceHostsOf(of: Desk): Promise<readonly string[]> {
  const { desk: following, outside } = deskOfFeeds({} as Runtime, of);
  expect(following.feeds).toEqual(of.mode === 'live' ? ['binance'] : desk.feeds);
  const addresses = outside.addresses ?? outside.addressesOf?.get('binance');
  const module = await import(new URL('./src/pro/binance.js', import.meta.resolve('ccxt')).href);
  const exchange = new (module as { default: new () => CcxtExchange }).default();
  expect(addresses?.market ?? null).toBe(of.mode === 'live' && of.venue.testnet ? 'testnet' : null);
  addresses?.streams(exchange);
  const { public: requests, ws } = exchange.urls.api as { public: string; ws: { spot: string } };
  const probe = priceSourceOf('binance').probe ?? '';
  const asked = [addresses?.http(probe) ?? probe, requests, ws.spot];
  return asked.map((address) => new URL(address).hostname);
}

async function hostsOf(endpoint: VenueEndpoint): Promise<readonly string[]> {
  const exchange = await openExchange({
    endpoint,
    credentials: null,
    timeoutMs: 1_000,
    keepAliveMs: 1_000,
    nowMs: Date.now,
    onHeaders: () => undefined,
  });
  const { public: open, private: signed } = exchange.ccxt.urls.api as unknown as Record<string, string>;
  exchange.close();
  return [open, signed, exchange.socketUrl].map((address) => new URL(address ?? '').hostname);
}

/** Which hosts the pre-flight of this desk asks with its key; a simulator answers in their place. */
async function hostsAskedBy(of: Desk): Promise<ReadonlySet<string>> {
  const simulator = await startBinanceSimulator();
  onTestFinished(() => simulator.close());
  const asked = new Set<string>();
  vi.spyOn(https, 'request').mockImplementation(((
    target: URL,
    { method, headers, signal }: https.RequestOptions,
  ) => {
    asked.add(target.hostname);
    const instead = new URL(target.pathname + target.search, simulator.address);
    return http.request(instead, { method, headers, signal } as http.RequestOptions);
  }) as typeof https.request);
  const env = { BINANCE_API_KEY: TRADING_KEY.apiKey, BINANCE_SECRET_KEY: TRADING_KEY.secret };
  const { balances, symbols } = await readExchange({ desk: of, env, simulatedVenue: undefined });
  expect([balances.ok, symbols.ok]).toEqual([true, true]);
  return asked;
}

afterEach(() => vi.restoreAllMocks());

describe('the addresses of Binance', () => {
  it('are the testnet’s for the shipped desk on paper: its orders stay here, and what uses its key goes there', async () => {
    expect(desk.mode).toBe('paper');
    const endpoint = endpointOf(desk, undefined, {});
    for (const host of await hostsOf(endpoint)) expect(host).toMatch(/testnet/);
    expect([...(await hostsAskedBy(desk))]).toEqual(['testnet.binance.vision']);
    // Prices are the public ones of the exchange itself: a desk on paper trades its real market.
    for (const host of await priceHostsOf(desk)) expect(host).toMatch(/^(?!.*testnet).*binance\.com$/);
    const opened: string[] = [];
    const openPaper = ({ prices }: { prices: string }) => {
      opened.push(prices);
      return {} as PaperVenue;
    };
    const feed = { source: { identity: 'of-a-test' } } as MarketFeed;
    const venue = await openTradingVenue({
      ...{ runtime: {} as Runtime, desk, feed, openPaper, instruments: buildInstruments(desk) },
      ...{
        paths: {} as DeskPaths,
        expectedLots: () => 0,
        expectedAccount: () => null,
        feePerLot: () => null,
        log: () => undefined,
      },
    });
    expect(opened).toEqual(['of-a-test']);
    expect(venue).toMatchObject({ account: 'paper/of-a-test', paper: venue.port });
  });

  it('are the testnet’s for the shipped desk with real orders: prices, orders and the account’s own stream', async () => {
    const { testnet } = desk.venue;
    for (const host of await hostsOf(chooseEndpoint(testnet, {}))) expect(host).toMatch(/testnet/);
    for (const host of await priceHostsOf(liveDesk(testnet))) expect(host).toMatch(/testnet/);
  });

  it('are the exchange’s own only where the desk file leaves the testnet', async () => {
    const hosts = [...(await hostsOf(chooseEndpoint(false, {}))), ...(await priceHostsOf(liveDesk(false)))];
    hosts.push(...(await hostsAskedBy(liveDesk(false))));
    for (const host of hosts) expect(host).toMatch(/^(?!.*testnet).*binance\.com$/);
  });
});
