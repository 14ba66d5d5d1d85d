/** What a trader says of itself, for tests of what reads it. */
import type { TraderStatus } from '../../src/contracts/trader-status.js';

/** In the middle of a day, with a position, its stop and an entry that rests. */
export function scriptedStatus(change: Partial<TraderStatus> = {}): TraderStatus {
  return { ...TRADING, ...change };
}

/** Nothing held, nothing traded. */
export function idleStatus(change: Partial<TraderStatus> = {}): TraderStatus {
  return { ...IDLE, ...change };
}

/** Every figure and every note of the status has something to say. */
export function fullStatus(): TraderStatus {
  const halt = {
    mode: 'HALTED',
    scope: { kind: 'desk' },
    by: 'anna',
    reason: 'lunch',
    atWallMs: 1,
    atMarketMs: 1,
  } as const;
  const about = { symbol: 'BTC/USDT', side: 'buy', strategy: 'dip' } as const;
  return scriptedStatus({
    mode: 'HALTED',
    halts: [{ ...halt, haltId: 'a'.repeat(32), cause: 'person', resume: 'person' }],
    ...{ sizePct: 50, closeAll: 'escalated', venueIsUp: false },
    notTrading: [{ subject: 'desk', reason: 'anna halted it', waitsFor: 'a person' }],
    waitingEntries: [
      { ...about, clientId: 'fabc', type: 'atOpen', waits: 'buy, at the open', stop: '98000', sinceMs: 1 },
    ],
    stopGaps: [{ why: 'lost', count: 1, longestMs: 9, newestMs: 9, symbol: 'BTC/USDT', atMarketMs: 2 }],
    coins: [{ symbol: 'ETH/USDT', nobodys: '1.5', foreign: '0', toMove: '0' }],
    dust: [{ symbol: 'ETH/USDT', quantity: '0.00001', value: '0.02' }],
    marketData: {
      ...IDLE.marketData,
      heldBack: [{ symbol: 'BTC/USDT', bid: '1', ask: '2', because: 'too far away', quotes: 1, forMs: 40 }],
    },
    contracts: [
      {
        ...{ symbol: 'NQ/USD', month: '202612', lastTradeDay: '2026-12-18', noticeDay: null, daysLeft: 24 },
        ...{ rollDay: null, phase: 'due', leftBeforeEnd: true, next: null, choices: [], atVenue: null },
      },
    ],
    books: { ...IDLE.books, cashUnexplained: '12.5', unvaluedFees: [{ asset: 'BNB', amount: '0.01' }] },
    settings: { ...IDLE.settings, changed: { 'risk.maxPositionSizePct': 2 } },
    account: { name: 'paper/live', resting: ['paper/simulated-303-seed-7'] },
    capabilities: [
      { symbol: 'BTC/USDT', targetsWait: 'desk', refused: ['short sales'], byDesk: ['holds targets'] },
    ],
  });
}

const IDLE: TraderStatus = {
  desk: 'crypto-bot',
  mode: 'ACTIVE',
  reason: 'every check was clean',
  halts: [],
  haltId: null,
  configHash: 'c'.repeat(64),
  incarnation: 'abc123',
  sequence: 41,
  pid: 4711,
  startedWallMs: 0,
  trading: 'paper',
  account: { name: 'paper/simulated-303-seed-7', resting: [] },
  marketData: {
    kind: 'simulated',
    identity: 'simulated-303-seed-7',
    label: 'simulated market, seed 7, 60x',
    simulated: true,
    speed: 60,
    seed: 7,
    venue: null,
    files: [],
    marketMs: 0,
    state: 'up',
    lastQuoteAgeMs: 12,
    lastPrices: [],
    heldBack: [],
  },
  currency: 'USDT',
  equity: '10000',
  cash: '10000',
  dayStartEquity: '10000',
  lossesCountFrom: '10000',
  returnCountsFrom: '10000',
  dayPnl: '0',
  drawdownPct: '0',
  peakEquity: '10000',
  coins: [],
  dust: [],
  books: { balances: [], capitalMoved: '0', feesElsewhere: '0', cashUnexplained: null, unvaluedFees: [] },
  positions: [],
  stopGaps: [],
  orders: [],
  openPositions: 0,
  openOrders: 0,
  entriesWorking: 0,
  fills: 0,
  venueBreaker: { state: 'closed', sinceWallMs: null, detail: '' },
  sizePct: 100,
  goLive: { required: false, granted: null },
  closeAll: 'idle',
  reconciliation: { state: 'clean', atWallMs: 0, differences: [] },
  notTrading: [],
  strategies: [],
  risk: [],
  settings: { version: 0, changed: {}, fileConfigHash: 'c'.repeat(64) },
  activity: [],
  rssBytes: 1,
};

const TRADING: TraderStatus = {
  ...IDLE,
  reason: 'every check was clean; armed by the desk file’s rule for a start on paper',
  configHash: 'c0ffee',
  incarnation: 'k3f9aa',
  sequence: 812,
  pid: 4242,
  startedWallMs: Date.UTC(2026, 0, 5, 9, 0),
  marketData: {
    ...IDLE.marketData,
    marketMs: Date.UTC(2026, 0, 5, 14, 31, 20),
    lastQuoteAgeMs: 40,
    lastPrices: [
      { symbol: 'BTC/USDT', bid: '43120.11', ask: '43120.13' },
      { symbol: 'ETH/USDT', bid: '2301.40', ask: '2301.42' },
    ],
  },
  equity: '10042.18',
  cash: '9741.90',
  dayStartEquity: '10000.00',
  lossesCountFrom: '10000.00',
  returnCountsFrom: '10000.00',
  dayPnl: '42.18',
  drawdownPct: '0.21',
  peakEquity: '10063.31',
  books: { balances: [], capitalMoved: '0', feesElsewhere: '0', cashUnexplained: null, unvaluedFees: [] },
  positions: [
    {
      symbol: 'BTC/USDT',
      side: 'long',
      quantity: '0.00696',
      averagePrice: '43050.00',
      markPrice: '43120.11',
      unrealised: '0.49',
      stopPrice: '42610.50',
      protection: 'confirmed',
      withoutStopMs: null,
      trade: null,
      strategy: 'ema-cross',
    },
  ],
  orders: [
    {
      clientId: 'fk3f9aa1b',
      symbol: 'BTC/USDT',
      side: 'sell',
      type: 'stop',
      purpose: 'protective',
      state: 'working',
      quantity: '0.00696',
      filled: '0',
      price: '42610.50',
      strategy: 'ema-cross',
    },
    {
      clientId: 'fk3f9aa1c',
      symbol: 'ETH/USDT',
      side: 'buy',
      type: 'limit',
      purpose: 'entry',
      state: 'working',
      quantity: '0.1302',
      filled: '0',
      price: '2300.90',
      strategy: 'ema-cross',
    },
  ],
  openPositions: 1,
  openOrders: 2,
  entriesWorking: 1,
  fills: 14,
  signals: { newest: [], refused: [{ limit: 'age', count: 2 }] },
  reconciliation: { state: 'clean', atWallMs: Date.UTC(2026, 0, 5, 9, 31), differences: [] },
  strategies: [
    {
      name: 'ema-cross',
      symbol: 'BTC/USDT',
      enabled: true,
      state: 'long since 14:12, stop 42610.50',
      trades: 5,
      wins: 3,
      realised: '31.20',
      lossesInARow: 0,
      regime: 'trending',
      off: null,
    },
    {
      name: 'ema-cross',
      symbol: 'ETH/USDT',
      enabled: true,
      state: 'entry rests at 2300.90, 2 bars left',
      trades: 3,
      wins: 2,
      realised: '10.49',
      lossesInARow: 0,
      regime: 'trending',
      off: null,
    },
  ],
  risk: [
    { limit: 'position size', value: '3.0 % of equity', now: '2.99 %' },
    { limit: 'open positions', value: '3', now: '1' },
    { limit: 'daily loss', value: '3.0 %', now: '0.00 %' },
    { limit: 'drawdown', value: '15.0 %', now: '0.21 %' },
    { limit: 'stale data', value: '10 s', now: '0.04 s' },
  ],
  settings: { version: 0, changed: {}, fileConfigHash: 'c0ffee' },
  activity: [
    {
      wallMs: Date.UTC(2026, 0, 5, 9, 31, 20),
      marketMs: Date.UTC(2026, 0, 5, 14, 30),
      text: 'ETH/USDT: fast average crossed above slow; buying 0.1302 at 2300.90, rests up to 3 bars',
    },
    {
      wallMs: Date.UTC(2026, 0, 5, 9, 31, 2),
      marketMs: Date.UTC(2026, 0, 5, 14, 12),
      text: 'BTC/USDT: bought 0.00696 at 43050.00; protective stop at 42610.50 confirmed',
    },
  ],
  rssBytes: 88_000_000,
};
