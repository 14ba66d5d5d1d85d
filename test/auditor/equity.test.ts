/** What the auditor works out by itself, and what it makes of a trader that says something else. */
import { describe, expect, it } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { compareEquity, ownEquity, ownPrices } from '../../src/auditor/own-equity.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { INSTRUMENTS } from '../venue-binance/support/opened.js';
import { ALLOWED, CASH, instruments, PRICE, watchedDesk, worth } from './watched-desk.js';

type MarketData = TraderStatus['marketData'];

describe('equity, worked out a second time', () => {
  it('is cash and coins at the auditor’s own bid, and the result alone of contracts', () => {
    const book = { cash: CASH, positions: new Map([['BTC/USDT', 1_000]]) };
    const prices = new Map([['BTC/USDT', { bid: PRICE, ask: PRICE + 1 }]]);
    expect(ownEquity(book, { cash: '0' }, instruments, prices)?.equity).toBe(CASH + 500 * 1e8);
    const contracts = instruments.map((one) => ({ ...one, kind: 'linear' as const }));
    const opened = { ...book, costs: new Map([['BTC/USDT', worth('BTC/USDT', 1_000, PRICE - 1_000)]]) };
    expect(ownEquity(opened, { cash: '0' }, contracts, prices)?.equity).toBe(CASH + 10 * 1e8);
    expect(ownEquity(book, { cash: '0' }, instruments, new Map())).toBeNull();
  });

  it('is the coin and the result in it of inverse contracts', () => {
    const btc = buildInstrument(0, {
      ...{ symbol: 'BTC/USD', kind: 'inverse', tickSize: '0.5', lotSize: '1', multiplier: '100' },
      ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
    });
    const prices = new Map([['BTC/USD', { bid: 55_000, ask: 55_000.5 }]]);
    const book = {
      cash: 1e8,
      positions: new Map([['BTC/USD', 100]]),
      costs: new Map([['BTC/USD', -0.2 * 1e8]]),
    };
    const own = ownEquity(book, { cash: '0' }, [btc], prices);
    // 10,000 dollars were 0.2, and are 0.18181818.
    expect(own?.equity).toBe(101_818_182);
    expect(own?.value).toBeCloseTo(0.18181818 * 1e8, 0);
  });

  it('may differ by what prices move meanwhile, and by nothing where nothing is held', () => {
    const own = { equity: CASH, value: 1_000 * 1e8, dust: 0 };
    const says = (equity: string) => ({ equity, currency: 'USDT' });
    expect(compareEquity(own, says('10019.00'))).toEqual([]);
    expect(compareEquity(own, says('10021.00'))).toMatchObject([{ key: 'equity' }]);
    expect(compareEquity({ equity: CASH, value: 0, dust: 0 }, says('10000.04'))).toHaveLength(1);
  });

  it('may differ by the last places that the trader shows: cents of dollars, and those of a coin', () => {
    const own = { equity: 0.5 * 1e8, value: 0, dust: 0 };
    const found = (equity: string, currency: string) =>
      compareEquity(own, { equity, currency }).map(({ text }) => text);
    expect(found('0.50000003', 'BTC')).toEqual([]);
    expect(found('0.49', 'BTC')).toEqual([]);
    expect(found('0.52999999', 'USDT')).toEqual([]);
    expect(found('0.50001000', 'BTC')).toEqual([
      "the trader counts an equity of 0.50001000, the venue's book at the auditor's own prices makes 0.50000000",
    ]);
  });

  it('stops a desk that counts another equity, however the figures move, and not at the first look', async () => {
    const { look, trader } = watchedDesk();
    await look({ lots: ALLOWED, price: PRICE });
    expect(await look({ lots: ALLOWED, price: PRICE, says: { equity: '12000.00' } })).toBeNull();
    expect(await look({ lots: ALLOWED, price: PRICE, says: { equity: '12001.50' } })).toMatch(
      /the trader counts an equity of 12001.50, the venue's book at the auditor's own prices makes 10000.00/,
    );
    expect(trader.sent('halt')).toMatchObject([{ by: 'auditor', cause: 'auditor', resume: 'person' }]);
    expect(await look({ lots: ALLOWED, price: PRICE, says: { equity: '12001.50' } })).toBeNull();
  });

  it('is not the venue’s where its ledger is behind the trader’s: that is cash to wait for', async () => {
    const { look, trader } = watchedDesk();
    const closed = { lots: {}, price: PRICE, cash: 10_000, equity: 10_000 };
    const says = { cash: '10100.00', equity: '10100.00' };
    for (let looks = 0; looks < 3; looks += 1) expect(await look({ ...closed, says })).toBeNull();
    expect(await look({ ...closed, cash: 10_100, equity: 10_100, says })).toBeNull();
    expect(trader.sent('halt')).toEqual([]);
    // Cash agrees, and the venue counts less all the same.
    await look({ ...closed, cash: 10_100, says });
    expect(await look({ ...closed, cash: 10_100, says })).toMatch(/an equity of 10100.00/);
  });

  it('is not worked out from a list of positions that is behind the fills', async () => {
    const { look, trader } = watchedDesk();
    await look({ lots: ALLOWED, price: PRICE });
    const late = {
      ...{ lots: ALLOWED, price: PRICE, equity: 9_000 },
      says: { positions: [], equity: '10000.00' },
    };
    for (let looks = 0; looks < 3; looks += 1) expect(await look(late)).toBeNull();
    expect(trader.sent('halt')).toEqual([]);
  });

  it('is worked out with the exchange’s own prices where real money is traded', async () => {
    const simulator = await startBinanceSimulator();
    try {
      const endpoint = { kind: 'simulator', address: simulator.address } as const;
      const read = ownPrices({ instruments: [] }, INSTRUMENTS, { venue: 'binance', endpoint });
      const marketData = { kind: 'live', venue: 'binance', lastPrices: [] } as Partial<MarketData>;
      const prices = await read(marketData as MarketData);
      expect([...prices.keys()]).toEqual(INSTRUMENTS.map(({ symbol }) => symbol));
      const { symbol } = INSTRUMENTS[0]!;
      const book = { cash: null, positions: new Map([[symbol, 1_000]]) };
      const own = ownEquity(book, { cash: '9000.00' }, INSTRUMENTS, prices);
      expect(own?.equity).toBeCloseTo(9_000 * 1e8 + (own?.value ?? 0), -1);
      expect(own?.value).toBeGreaterThan(0);
    } finally {
      await simulator.close();
    }
  });

  it('is worked out with a simulator’s prices on paper where the trader has those of that simulator', async () => {
    const simulator = await startBinanceSimulator();
    try {
      const read = ownPrices({ instruments: [] }, INSTRUMENTS, null, { 'binance-own': simulator.address });
      const marketData = { kind: 'live', venue: 'binance', identity: 'live-binance-own-simulator' };
      const prices = await read({ ...marketData, lastPrices: [] } as Partial<MarketData> as MarketData);
      expect([...prices.keys()]).toEqual(INSTRUMENTS.map(({ symbol }) => symbol));
    } finally {
      await simulator.close();
    }
  });
});
