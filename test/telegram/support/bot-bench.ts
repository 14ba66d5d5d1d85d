/** The bot as it runs, real grammY and all, against the simulator, a scripted trader and the shared stores. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DEFAULT_TOKEN } from '../../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../../simulators/telegram/start.js';
import type { Message } from '../../../simulators/telegram/wire.js';
import type { Desk } from '../../../src/desk/schema.js';
import { DESK_HOMES, homePaths, type Role, type Runtime } from '../../../src/home/runtime.js';
import { makeSecret } from '../../../src/home/secrets.js';
import type { OperationContext } from '../../../src/operations/operation.js';
import { type Operations, operationsOver } from '../../../src/operations/operations.js';
import { telegramMaker } from '../../../src/store/access-rows.js';
import { createLinkCode, linkByCode } from '../../../src/store/people.js';
import type { Pool } from '../../../src/store/pool.js';
import { runTelegram, type TelegramTiming } from '../../../src/telegram/run-telegram.js';
import { openTemporal, type TemporalAccess } from '../../../src/temporal/open-temporal.js';
import { cryptoDesk } from '../../operations/support/crypto-desk.js';
import { eventually } from '../../support/eventually.js';
import { neverForged } from '../../support/row-makers.js';
import { DECISION_KEY } from '../../workflows/support/desk-bench.js';
import { ScriptedTrader } from '../../workflows/support/scripted-trader.js';

export const ALERTS_CHAT = 500;
export const ANNA = 501;
export const BEN = 502;
export const STRANGER = 666;

/** Nothing listens on port 1. */
const NOWHERE = { kind: 'external' as const, address: '127.0.0.1:1', namespace: 'fermata', uiAddress: null };

const FAST: TelegramTiming = {
  deliverEveryMs: 20,
  settleMs: 50,
  pollSeconds: 5,
  retryMs: 100,
  askEveryMs: 200,
};

export interface BotBench {
  readonly simulator: TelegramSimulator;
  readonly desk: Desk;
  readonly home: string;
  readonly pool: Pool;
  readonly trader: ScriptedTrader;
  readonly operations: Operations;
  readonly log: string[];
  /** Starts the bot, or starts it again. */
  start(change?: { readonly pool?: Pool; readonly chatId?: number | null; readonly token?: string }): void;
  stop(): Promise<void>;
  link(person: string, userId: number): Promise<void>;
  /** What the bot wrote into a chat, oldest first. */
  sent(chatId: number): readonly Message[];
  texts(chatId: number): readonly string[];
  /** Waits until the bot has written this into a chat. */
  answered(chatId: number, what: string | RegExp): Promise<void>;
  /** A person writes in the private chat, or where the options say. */
  type(...message: Parameters<TelegramSimulator['simulation']['type']>): void;
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly pool: Pool;
  readonly temporal?: TemporalAccess;
  readonly deskName?: string;
  readonly timing?: TelegramTiming;
  readonly people?: Desk['people'];
  readonly change?: (desk: Desk) => Desk;
  /** Another one's, whose workers serve the same desk. */
  readonly trader?: ScriptedTrader;
  /** Another desk of the same installation, whose bot this one shares. */
  readonly beside?: Pick<BotBench, 'simulator' | 'home'>;
}

export async function openBotBench(options: BenchOptions): Promise<BotBench> {
  const { pool, beside } = options;
  const simulator = beside?.simulator ?? (await startTelegramSimulator());
  const home = beside ? join(beside.home, DESK_HOMES, 'second') : mkdtempSync(join(tmpdir(), 'bot-'));
  mkdirSync(homePaths(home).secrets, { recursive: true, mode: 0o700 });
  makeSecret(home, 'telegramLinkKey');
  const name = options.deskName ?? `t-${randomBytes(4).toString('hex')}`;
  const people = options.people ?? [
    { name: 'anna', roles: ['operator', 'approver'] },
    { name: 'ben', roles: ['approver'] },
    { name: 'vera', roles: ['viewer'] },
  ];
  const base: Desk = { ...cryptoDesk(), desk: name, people };
  const desk = options.change?.(base) ?? base;
  const trader = options.trader ?? new ScriptedTrader(randomBytes(3).toString('hex'));
  const temporal = options.temporal ?? openTemporal({ home: null, temporal: NOWHERE });
  const operationsContext: OperationContext = {
    runtime: { desk: name, home } as Runtime,
    desk,
    trader: trader.client,
    temporal,
    pool,
    decisionKey: () => DECISION_KEY,
    newId: randomUUID,
    nowMs: Date.now,
  };
  const operations = operationsOver(operationsContext);
  const log: string[] = [];
  let running: Role | null = null;
  const sent = (chatId: number): readonly Message[] => simulator.simulation.bot().sentTo(chatId);
  const texts = (chatId: number): readonly string[] => sent(chatId).map(({ text }) => text);
  simulator.simulation.bot().ensureChat(ALERTS_CHAT);
  return {
    simulator,
    desk,
    home,
    pool,
    trader,
    operations,
    log,
    start: ({ pool: otherPool = pool, chatId = ALERTS_CHAT, token = DEFAULT_TOKEN } = {}) => {
      running = runTelegram({
        home,
        desk,
        credentials: { token, chatId: chatId === null ? null : String(chatId), apiRoot: simulator.address },
        pool: otherPool,
        trader: trader.client,
        operations,
        log: (_level, text) => void log.push(text),
        timing: options.timing ?? FAST,
      });
    },
    stop: async () => {
      await running?.stop();
      running = null;
    },
    link: async (person, userId) => {
      const code = randomBytes(24).toString('base64url');
      await createLinkCode(pool, telegramMaker(home), name, person, code, 5);
      simulator.simulation.bot().ensurePerson(userId);
      simulator.simulation.bot().ensureChat(userId);
      const account = { telegramUserId: String(userId), chatId: String(userId) };
      await linkByCode(pool, telegramMaker(home), name, code, account, neverForged);
    },
    sent,
    texts,
    answered: (chatId, what) => eventually(() => expect(texts(chatId).join('\n---\n')).toMatch(what)),
    type: (...message) => void simulator.simulation.type(...message),
    close: async () => {
      await running?.stop();
      if (beside) return;
      // A connection to nowhere stays open: closed while it is about to try again, it throws where nobody can catch it.
      await simulator.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
