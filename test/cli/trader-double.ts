/** A trader as the command line sees it: a control socket that answers from a table. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControlMethod } from '../../src/contracts/control.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { deskPaths, homePaths, type Runtime, SECRET_FILES } from '../../src/home/runtime.js';
import { ensureSecrets, makeSecret } from '../../src/home/secrets.js';
import { ControlRefusal } from '../../src/trader/control/control-refusal.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import type { TestDatabase } from '../support/postgres.js';
import { idleStatus } from '../support/trader-status.js';

export const CRYPTO_DESK = fileURLToPath(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url));

/** Port 1 refuses at once. */
const NOWHERE: Runtime['postgres'] = { host: '127.0.0.1', port: 1, database: 'fermata', user: 'fermata' };

/** Writes `run/runtime.json` for a desk whose Temporal is down, and its Postgres where none is given. */
export function writeRuntime(
  home: string,
  deskFile: string = CRYPTO_DESK,
  desk = 'crypto-bot',
  postgres = NOWHERE,
): Runtime {
  const runtime: Runtime = {
    version: 1,
    home,
    desk,
    deskFile,
    configHash: loadDesk(CRYPTO_DESK).configHash,
    market: { kind: 'simulated', files: [], speed: undefined, seed: undefined, exitAtEnd: false },
    postgres,
    temporal: {
      kind: 'managed',
      address: '127.0.0.1:1',
      namespace: 'fermata',
      uiAddress: 'http://127.0.0.1:1',
    },
    web: { host: '127.0.0.1', port: 1 },
    temporalUiProxy: { port: 1 },
    supervisorSocket: join(homePaths(home).sockets, 'supervisor.sock'),
  };
  mkdirSync(homePaths(home).run, { recursive: true });
  mkdirSync(homePaths(home).secrets, { recursive: true, mode: 0o700 });
  makeSecret(home, 'payloadKey');
  writeFileSync(join(homePaths(home).run, 'runtime.json'), JSON.stringify(runtime));
  return runtime;
}

/** The same for a desk whose Postgres runs, with the secrets that lead to it. */
export async function writeRuntimeWith(
  { host, port, database, appUser: user, appPassword }: TestDatabase,
  home: string,
  deskFile = CRYPTO_DESK,
  desk = 'crypto-bot',
): Promise<Runtime> {
  const runtime = writeRuntime(home, deskFile, desk, { host, port, database, user });
  await ensureSecrets(home);
  for (const name of [SECRET_FILES.postgresPassword, SECRET_FILES.postgresAppPassword])
    writeFileSync(join(home, 'secrets', name), appPassword, { mode: 0o600 });
  return runtime;
}

export interface TraderDouble {
  /** Methods with their parameters, in the order in which they came. */
  readonly asked: { readonly method: ControlMethod; readonly params: Record<string, unknown> }[];
  close(): Promise<void>;
}

export type Answers = Partial<Record<ControlMethod, (params: Record<string, unknown>) => unknown>>;

/** An answer that throws `ControlRefusal` is one that the trader gives as an error. */
function answerTo(answer: Answers[ControlMethod], params: Record<string, unknown>): object {
  try {
    return { result: answer?.(params) };
  } catch (error) {
    if (error instanceof ControlRefusal) return { error: error.answer };
    throw error;
  }
}

export async function startTraderDouble(runtime: Runtime, answers: Answers): Promise<TraderDouble> {
  const path = deskPaths(homePaths(runtime.home), runtime.desk).controlSocket;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const asked: TraderDouble['asked'] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString();
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const { id, method, params } = JSON.parse(line);
        asked.push({ method, params });
        socket.write(`${JSON.stringify({ id, ...answerTo(answers[method as ControlMethod], params) })}\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          rmSync(dirname(path), { recursive: true, force: true });
          resolve();
        });
      }),
  };
}

/** One position, and a strategy that waits. */
export function traderStatus(changes: Partial<TraderStatus> = {}): TraderStatus {
  return idleStatus({
    equity: '10012.5',
    cash: '9712.5',
    dayPnl: '12.5',
    drawdownPct: '0.1',
    peakEquity: '10022.5',
    positions: [
      {
        symbol: 'BTC/USDT',
        side: 'long',
        quantity: '0.003',
        averagePrice: '100000',
        markPrice: null,
        unrealised: '-1.5',
        stopPrice: '98000',
        protection: 'confirmed',
        withoutStopMs: null,
        trade: null,
        strategy: 'ema-cross',
      },
    ],
    openPositions: 1,
    fills: 3,
    notTrading: [
      { subject: 'ETH/USDT', reason: 'the averages have not crossed', waitsFor: 'a cross of the averages' },
    ],
    activity: [{ wallMs: 0, marketMs: 0, text: 'BTC/USDT: bought 0.003 at 100000' }],
    ...changes,
  });
}
