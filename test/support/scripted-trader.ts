/** A trader for tests of what stands in front of it: speaks the control protocol, says what the test tells it to. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandResult, ControlMethod } from '../../src/contracts/control.js';
import type { BarStatus, LineStatus, TraderStatus } from '../../src/contracts/trader-status.js';
import { scriptedStatus } from './trader-status.js';

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
  lines: LineStatus[];
  /** While true, nothing is answered. */
  silent: boolean;
  stop(): Promise<void>;
}

export const HALT_ID = '0123456789abcdef0123456789abcdef';

export async function startScriptedTrader(status: TraderStatus = scriptedStatus()): Promise<ScriptedTrader> {
  const folder = mkdtempSync(join(tmpdir(), 'scripted-'));
  const socketPath = join(folder, 'trader.sock');
  const sockets = new Set<Socket>();
  const trader: ScriptedTrader = {
    socketPath,
    calls: [],
    status,
    bars: [],
    lines: [],
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
  if (method === 'bars') {
    const { identity: source } = trader.status.marketData;
    return { symbol: String(params.symbol), source, bars: trader.bars, lines: trader.lines };
  }
  if (method === 'equity') return { incarnation: trader.status.incarnation, next: 0, points: [] };
  if (method === 'stop' || method === 'closeAll' || method === 'kill')
    halt(trader, method, String(params.reason));
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

function halt(trader: ScriptedTrader, method: 'stop' | 'closeAll' | 'kill', reason: string): void {
  const { status } = trader;
  const flat = method !== 'stop';
  const orders = flat ? [] : status.orders.filter((order) => order.purpose !== 'entry');
  trader.status = {
    ...status,
    mode: method === 'kill' ? 'KILLED' : 'HALTED',
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
