/** A trader as far as the ledger sees it: a real journal behind a real socket, which a test may break at will. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineRecord } from '../../../src/engine/record.js';
import { follow, RecentEntries } from '../../../src/trader/control/follow.js';
import type { Journal } from '../../../src/trader/journal/journal.js';
import { openJournal } from '../../../src/trader/journal/open-journal.js';

export interface FakeTrader {
  readonly socketPath: string;
  readonly journalDirectory: string;
  readonly halts: Record<string, unknown>[];
  mode: string;
  /** Whether orders leave, and to which account. */
  trading: 'paper' | 'live';
  account: string;
  /** Overrides what `status` says. */
  claimedSequence: number | null;
  /** So many answers of `status` are those of a trader that is starting. */
  startingAnswers: number;
  write(records: readonly EngineRecord[]): Promise<void>;
  /** Every open connection breaks. */
  drop(): void;
  /** Ends and begins again on the same socket; `fresh`: with a new journal. */
  restart(fresh?: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeTrader(): Promise<FakeTrader> {
  const folder = mkdtempSync(join(tmpdir(), 'fake-trader-'));
  let journalDirectory = join(folder, 'journal-1');
  let journals = 1;
  let journal: Journal;
  let recent: RecentEntries;
  let server: Server;
  const sockets = new Set<Socket>();
  const socketPath = join(folder, 'trader.sock');
  const halts: Record<string, unknown>[] = [];

  const begin = async (): Promise<void> => {
    ({ journal } = await openJournal({ directory: journalDirectory }));
    recent = new RecentEntries(journal);
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().trim().split('\n')) answer(socket, JSON.parse(line));
      });
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  };
  const answer = (
    socket: Socket,
    request: { id: number; method: string; params: Record<string, unknown> },
  ): void => {
    if (request.method === 'follow') {
      follow(socket, request.id, Number(request.params.fromSequence), recent);
      return;
    }
    if (request.method === 'halt') halts.push(request.params);
    const isStarting = request.method === 'status' && trader.startingAnswers > 0;
    if (isStarting) trader.startingAnswers -= 1;
    const result = {
      incarnation: journal.incarnation,
      sequence: trader.claimedSequence ?? journal.lastSequence,
      mode: trader.mode,
      trading: trader.trading,
      account: { name: isStarting ? 'not chosen yet' : trader.account, resting: [] },
      marketData: { simulated: isStarting || trader.trading === 'paper' },
      ...(isStarting ? { starting: true } : {}),
    };
    socket.write(`${JSON.stringify({ id: request.id, result })}\n`);
  };
  const end = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    await journal.close();
  };
  const trader: FakeTrader = {
    socketPath,
    get journalDirectory() {
      return journalDirectory;
    },
    halts,
    mode: 'HALTED',
    trading: 'paper',
    account: 'paper',
    claimedSequence: null,
    startingAnswers: 0,
    write: async (records) => {
      let last = 0;
      for (const record of records) last = journal.append(record, Date.now());
      await journal.whenDurable(last);
    },
    drop: () => {
      for (const socket of sockets) socket.destroy();
    },
    restart: async (fresh = false) => {
      await end();
      if (fresh) {
        journals += 1;
        journalDirectory = join(folder, `journal-${journals}`);
      }
      await begin();
    },
    close: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await begin();
  return trader;
}
