/** What the auditor works out by itself, and what it makes of a trader that says something else. */
import { describe, expect, it } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { type AuditParts, createAudit } from '../../src/auditor/audit.js';
import type { BookReading } from '../../src/auditor/book-reading.js';
import { compareEquity, ownEquity } from '../../src/auditor/compare-equity.js';
import { exchangePrices } from '../../src/auditor/prices/exchange-prices.js';
import type { OwnPrice } from '../../src/auditor/prices/own-prices.js';
import { formatDecimal } from '../../src/domain/decimal.js';
import { formatMoney } from '../../src/domain/money.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import type { TraderStatus } from '../../src/trader/protocol.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { INSTRUMENTS } from '../venue-binance/support/opened.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

const desk = cryptoDesk();
const instruments = buildInstruments(desk);
const risk = { ...desk.risk, maxPositionSizePct: 10, maxConcurrentPositions: 2 };
const CASH = 10_000 * 1e8;
const PRICE = 50_000;

interface World {
  readonly lots: Record<string, number>;
  readonly price: number;
  /** Of the venue's book before what is held was bought; 10,000 where left out. */
  readonly cash?: number;
  /** What the trader says besides the truth. */
  readonly says?: Partial<TraderStatus>;
}

/** A venue, and a trader that knows it; `world` is what both are at each look. */
function desks(): { look: (world: World) => Promise<string | null>; trader: ScriptedTrader } {
  const trader = new ScriptedTrader('abc123');
  trader.mode = 'ACTIVE';
  let now: World = { lots: {}, price: PRICE };
  const prices = (): ReadonlyMap<string, OwnPrice> =>
    new Map(instruments.map(({ symbol }) => [symbol, { bid: now.price, ask: now.price + 1 }]));
  const book = (): BookReading => {
    const positions = new Map(Object.entries(now.lots).filter(([, lots]) => lots !== 0));
    const spent = [...positions].reduce((sum, [symbol, lots]) => sum + worth(symbol, lots, PRICE), 0);
    return { cash: (now.cash === undefined ? CASH : now.cash * 1e8) - spent, positions };
  };
  const parts: AuditParts = {
    trader: trader.client,
    instruments,
    risk,
    readBook: book,
    readPrices: () => Promise.resolve(prices()),
    onPricesMissing: () => undefined,
  };
  const truth = trader.status.bind(trader);
  trader.status = () => {
    const reading = book();
    const own = ownEquity(reading, { cash: '0' }, instruments, prices());
    return {
      ...truth(),
      cash: formatMoney(reading.cash ?? 0, 2),
      equity: formatMoney(own?.equity ?? 0, 2),
      dayStartEquity: (now.cash ?? 10_000).toFixed(2),
      positions: [...reading.positions].map(([symbol, lots]) => heldBy(symbol, lots)),
      ...now.says,
    };
  };
  const audit = createAudit(parts);
  return {
    trader,
    look: (world) => {
      now = world;
      return audit();
    },
  };
}

function worth(symbol: string, lots: number, price: number): number {
  const { tickSize, moneyPerTickLot } = instruments.find((known) => known.symbol === symbol)!;
  return Math.round((lots * price * moneyPerTickLot) / Number(tickSize));
}

function heldBy(symbol: string, lots: number): TraderStatus['positions'][number] {
  const { lotSize } = instruments.find((known) => known.symbol === symbol)!;
  return {
    symbol,
    side: 'long',
    quantity: formatDecimal(lots, lotSize),
  } as TraderStatus['positions'][number];
}

/** Worth 1,000 at the price of 50,000: as much as is allowed. */
const ALLOWED = { 'BTC/USDT': 2_000 };

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

  it('may differ by what prices move meanwhile, and by nothing where nothing is held', () => {
    const own = { equity: CASH, value: 1_000 * 1e8, dust: 0 };
    expect(compareEquity(own, { equity: '10019.00' })).toEqual([]);
    expect(compareEquity(own, { equity: '10021.00' })).toMatchObject([{ key: 'equity' }]);
    expect(compareEquity({ equity: CASH, value: 0, dust: 0 }, { equity: '10000.02' })).toHaveLength(1);
  });

  it('stops a desk that counts another equity, however the figures move, and not at the first look', async () => {
    const { look, trader } = desks();
    await look({ lots: ALLOWED, price: PRICE });
    expect(await look({ lots: ALLOWED, price: PRICE, says: { equity: '12000.00' } })).toBeNull();
    expect(await look({ lots: ALLOWED, price: PRICE, says: { equity: '12001.50' } })).toMatch(
      /the trader counts an equity of 12001.50, the venue's book at the auditor's own prices makes 10000.00/,
    );
    expect(trader.sent('halt')).toMatchObject([{ by: 'auditor', cause: 'auditor', resume: 'person' }]);
    expect(await look({ lots: ALLOWED, price: PRICE, says: { equity: '12001.50' } })).toBeNull();
  });

  it('is worked out with the exchange’s own prices where real money is traded', async () => {
    const simulator = await startBinanceSimulator();
    try {
      const prices = await exchangePrices(simulator.address, INSTRUMENTS);
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
});

describe('limits, looked at from outside', () => {
  it('stop a desk whose position grew past its size', async () => {
    const { look } = desks();
    await look({ lots: {}, price: PRICE });
    const large = { 'BTC/USDT': 4_000 };
    expect(await look({ lots: large, price: PRICE })).toBeNull();
    expect(await look({ lots: large, price: PRICE })).toMatch(
      /BTC\/USDT is worth 2000.00, 1000.00 are allowed/,
    );
  });

  it('stop a desk that holds more positions than it may, counted with the size that people chose', async () => {
    const { look } = desks();
    const half = {
      settings: { version: 1, changed: { 'risk.maxConcurrentPositions': 1 }, fileConfigHash: 'x' },
    };
    await look({ lots: { 'BTC/USDT': 1_000 }, price: PRICE, says: half });
    const both = { 'BTC/USDT': 1_000, 'ETH/USDT': 100 };
    await look({ lots: both, price: PRICE, says: half });
    expect(await look({ lots: both, price: PRICE, says: half })).toMatch(
      /2 positions are open, 1 are allowed/,
    );
  });

  it('do not blame a position for a price that rose or a limit that was lowered', async () => {
    const { look, trader } = desks();
    await look({ lots: ALLOWED, price: PRICE });
    await look({ lots: ALLOWED, price: PRICE * 1.4 });
    await look({ lots: ALLOWED, price: PRICE * 1.4 });
    const lowered = { sizePct: 10 };
    await look({ lots: ALLOWED, price: PRICE, says: lowered });
    await look({ lots: ALLOWED, price: PRICE, says: lowered });
    expect(trader.sent('halt')).toEqual([]);
  });

  it('do not blame what grew while the limits went up and down between two looks', async () => {
    const { look, trader } = desks();
    const settings = (version: number) => ({
      settings: { version, changed: { 'risk.maxPositionSizePct': 5 }, fileConfigHash: 'x' },
    });
    await look({ lots: {}, price: PRICE, says: settings(1) });
    for (let looks = 0; looks < 3; looks += 1) await look({ lots: ALLOWED, price: PRICE, says: settings(3) });
    expect(trader.sent('halt')).toEqual([]);
    const more = { 'BTC/USDT': 2_001 };
    await look({ lots: more, price: PRICE, says: settings(3) });
    expect(await look({ lots: more, price: PRICE, says: settings(3) })).toMatch(/500.00 are allowed/);
  });

  it('do not blame an entry that fills although it was to be cancelled when a limit was lowered', async () => {
    const { look, trader } = desks();
    const lowered = { sizePct: 10 };
    const entry = { clientId: 'a', purpose: 'entry', symbol: 'BTC/USDT' } as TraderStatus['orders'][number];
    await look({ lots: {}, price: PRICE });
    await look({ lots: {}, price: PRICE, says: { ...lowered, orders: [entry] } });
    for (let looks = 0; looks < 3; looks += 1) await look({ lots: ALLOWED, price: PRICE, says: lowered });
    expect(trader.sent('halt')).toEqual([]);
    const later = { ...ALLOWED, 'ETH/USDT': 2_000 };
    await look({ lots: later, price: PRICE, says: lowered });
    expect(await look({ lots: later, price: PRICE, says: lowered })).toMatch(/ETH\/USDT is worth/);
  });

  it('stop a desk that is ACTIVE past the loss of a day, and let a halted one be', async () => {
    const { look, trader } = desks();
    const lost = { says: { dayStartEquity: '11000.00' }, lots: ALLOWED, price: PRICE };
    await look(lost);
    expect(await look(lost)).toMatch(/% may be lost, and the desk is ACTIVE/);
    expect(trader.sent('halt')).toHaveLength(1);
    trader.mode = 'HALTED';
    await look(lost);
    await look(lost);
    expect(trader.sent('halt')).toHaveLength(1);
  });

  it('stop a desk that is ACTIVE past its drawdown from the equity that the auditor has seen', async () => {
    const { look, trader } = desks();
    // The trader has forgotten its peak: it was started again, say.
    const forgot = { lots: {}, price: PRICE, cash: 8_400, says: { peakEquity: '8400.00', startedWallMs: 1 } };
    await look({ lots: {}, price: PRICE });
    expect(await look(forgot)).toBeNull();
    expect(await look(forgot)).toMatch(
      /equity is 8400.00 after a peak of 10000.00, 15 % may be lost from it, and the desk is ACTIVE/,
    );
    trader.mode = 'HALTED';
    await look(forgot);
    await look(forgot);
    expect(trader.sent('halt')).toHaveLength(1);
  });

  it('stop a desk that is ACTIVE past its drawdown from the peak that the trader itself names', async () => {
    const { look } = desks();
    const lost = { lots: {}, price: PRICE, says: { peakEquity: '12000.00' } };
    expect(await look(lost)).toBeNull();
    expect(await look(lost)).toMatch(/after a peak of 12000.00, 15 % may be lost/);
  });

  it('leave a drawdown alone that prices alone explain, or that settings allow', async () => {
    const { look, trader } = desks();
    // Floor 10,020: the book is worth 1,000, of which 5 % may have moved between the looks.
    const near = { lots: ALLOWED, price: PRICE, says: { peakEquity: '11800.00' } };
    const settings = { version: 1, changed: { 'risk.maxDrawdownPct': 20 }, fileConfigHash: 'x' };
    const allowed = { lots: {}, price: PRICE, says: { peakEquity: '12400.00', settings } };
    for (let looks = 0; looks < 3; looks += 1) await look(near);
    for (let looks = 0; looks < 3; looks += 1) await look(allowed);
    expect(trader.sent('halt')).toEqual([]);
  });

  it('take no odd price of the auditor’s own for a peak', async () => {
    const { look, trader } = desks();
    const odd = { lots: ALLOWED, price: PRICE * 10, says: { equity: '10000.00' } };
    await look({ lots: ALLOWED, price: PRICE });
    await look(odd);
    for (let looks = 0; looks < 3; looks += 1) await look({ lots: ALLOWED, price: PRICE });
    expect(trader.sent('halt')).toEqual([]);
  });

  it.each([
    ['seen', true],
    ['come and gone between two looks', false],
  ])('count the peak anew after a drawdown halt that was lifted, %s', async (_name, isSeen) => {
    const { look, trader } = desks();
    const lost = { lots: {}, price: PRICE, cash: 8_400 };
    await look({ lots: {}, price: PRICE });
    if (isSeen) {
      trader.halt('drawdown', 'person');
      await look({ ...lost, says: { peakEquity: '10000.00' } });
      trader.mode = 'ACTIVE';
      trader.halts = [];
    }
    const says = { peakEquity: '8400.00', startedWallMs: isSeen ? 1 : 0 };
    const resumed = { ...lost, says };
    for (let looks = 0; looks < 3; looks += 1) await look(resumed);
    expect(trader.sent('halt')).toEqual([]);
    const again = { ...lost, cash: 7_000, says };
    await look(again);
    expect(await look(again)).toMatch(/equity is 7000.00 after a peak of 8400.00/);
  });

  it('keep the peak where a halt of another kind was lifted', async () => {
    const { look, trader } = desks();
    await look({ lots: {}, price: PRICE });
    trader.halt('person', 'person');
    const lost = { lots: {}, price: PRICE, cash: 8_400, says: { peakEquity: '8400.00', startedWallMs: 1 } };
    await look(lost);
    trader.mode = 'ACTIVE';
    trader.halts = [];
    await look(lost);
    expect(await look(lost)).toMatch(/after a peak of 10000.00/);
  });
});
