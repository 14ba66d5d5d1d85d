/** A trader for tests of what stands in front of it: speaks the control protocol, says what the test tells it to. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BarStatus, CommandResult, ControlMethod, TraderStatus } from '../../src/trader/protocol.js';

export interface ReceivedCall {
  readonly method: ControlMethod;
  readonly params: Record<string, unknown>;
}

export interface ScriptedTrader {
  readonly socketPath: string;
  /** Every call but `status`, in the order of arrival. */
  readonly calls: ReceivedCall[];
  status: TraderStatus;
  bars: BarStatus[];
  /** While true, nothing is answered. */
  silent: boolean;
  stop(): Promise<void>;
}

export const HALT_ID = '0123456789abcdef0123456789abcdef';

export function scriptedStatus(change: Partial<TraderStatus> = {}): TraderStatus {
  return { ...BASE, ...change };
}

export async function startScriptedTrader(status: TraderStatus = scriptedStatus()): Promise<ScriptedTrader> {
  const folder = mkdtempSync(join(tmpdir(), 'scripted-'));
  const socketPath = join(folder, 'trader.sock');
  const sockets = new Set<Socket>();
  const trader: ScriptedTrader = {
    socketPath,
    calls: [],
    status,
    bars: [],
    silent: false,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    serve(trader, socket);
  });
  await listen(server, socketPath);
  chmodSync(socketPath, 0o600);
  return trader;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve) => server.listen(path, resolve));
}

function serve(trader: ScriptedTrader, socket: Socket): void {
  let buffered = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (buffered + chunk).split('\n');
    buffered = lines.pop() ?? '';
    for (const line of lines) {
      const { id, method, params } = JSON.parse(line) as ReceivedCall & { id: number };
      if (method !== 'status') trader.calls.push({ method, params });
      if (trader.silent) continue;
      const error = refusalOf(trader, method, params);
      const result = error === null ? answer(trader, method, params) : undefined;
      socket.write(`${JSON.stringify(error === null ? { id, result } : { id, error })}\n`);
    }
  });
}

function refusalOf({ status }: ScriptedTrader, method: ControlMethod, params: Record<string, unknown>) {
  const known = status.marketData.lastPrices.some(({ symbol }) => symbol === params.symbol);
  if (method !== 'bars' || known) return null;
  return { code: 'unknown-symbol', message: 'no such symbol', keptSafe: 'all', doThis: 'ask for another' };
}

function answer(trader: ScriptedTrader, method: ControlMethod, params: Record<string, unknown>): unknown {
  if (method === 'status') return trader.status;
  if (method === 'flatProof') return flatProof(trader);
  if (method === 'bars') return { symbol: String(params.symbol), bars: trader.bars };
  if (method === 'stop' || method === 'closeAll') halt(trader, method, String(params.reason));
  if (method === 'arm') {
    trader.status = { ...trader.status, mode: 'ACTIVE', reason: 'armed', haltId: null, halts: [] };
  }
  const { mode, haltId } = trader.status;
  return {
    commandId: String(params.commandId ?? ''),
    ok: true,
    detail: 'done',
    haltId,
    mode,
  } satisfies CommandResult;
}

function halt(trader: ScriptedTrader, method: 'stop' | 'closeAll', reason: string): void {
  const { status } = trader;
  const flat = method === 'closeAll';
  const orders = flat ? [] : status.orders.filter((order) => order.purpose !== 'entry');
  trader.status = {
    ...status,
    mode: 'HALTED',
    reason: `stopped by operator: ${reason}`,
    haltId: HALT_ID,
    orders,
    openOrders: orders.length,
    entriesWorking: 0,
    positions: flat ? [] : status.positions,
    openPositions: flat ? 0 : status.openPositions,
    closeAll: flat ? 'flat' : status.closeAll,
    notTrading: [{ subject: 'desk', reason: `stopped by operator: ${reason}`, waitsFor: 'a person resumes' }],
  };
}

function flatProof({ status }: ScriptedTrader): unknown {
  return {
    flat: status.openPositions === 0,
    entriesWorking: status.entriesWorking,
    venuePositions: status.positions.map(({ symbol, quantity }) => ({ symbol, quantity })),
    venueOpenOrders: status.openOrders,
    readAtWallMs: Date.now(),
    state: status.closeAll,
    escalated: [],
  };
}

const BASE: TraderStatus = {
  desk: 'crypto-bot',
  mode: 'ACTIVE',
  reason: 'every check was clean; armed by the desk file’s rule for a start on paper',
  halts: [],
  haltId: null,
  configHash: 'c0ffee',
  incarnation: 'k3f9aa',
  sequence: 812,
  pid: 4242,
  startedWallMs: Date.UTC(2026, 0, 5, 9, 0),
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
    marketMs: Date.UTC(2026, 0, 5, 14, 31, 20),
    state: 'up',
    lastQuoteAgeMs: 40,
    lastPrices: [
      { symbol: 'BTC/USDT', bid: '43120.11', ask: '43120.13' },
      { symbol: 'ETH/USDT', bid: '2301.40', ask: '2301.42' },
    ],
  },
  currency: 'USDT',
  equity: '10042.18',
  cash: '9741.90',
  dayStartEquity: '10000.00',
  dayPnl: '42.18',
  drawdownPct: '0.21',
  peakEquity: '10063.31',
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
  venueBreaker: { state: 'closed', sinceWallMs: null, detail: '' },
  sizePct: 100,
  goLive: { required: false, granted: null },
  closeAll: 'idle',
  reconciliation: { state: 'clean', atWallMs: Date.UTC(2026, 0, 5, 9, 31), differences: [] },
  notTrading: [],
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
