/** `fermata notify test telegram`: whether an alert reaches anybody, and what is left as proof of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { keepChannelHealth, lastHealth } from '../../src/home/channel-health.js';
import { makeSecret } from '../../src/home/secrets.js';
import { telegramProof } from '../../src/notify/channel-credentials.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { readAudit } from '../support/read-audit.js';
import { ALERTS_CHAT, type BotBench, openBotBench } from './support/bot-bench.js';

const ANNA = { person: 'anna', via: 'cli' } as const;
let database: TestDatabase;
let bench: BotBench;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  bench = await openBotBench({ pool: database.pool });
  makeSecret(bench.home, 'decisionKey');
});
afterEach(() => bench.close());

it('a test alert that arrives says so, and leaves the proof that going live asks for', async () => {
  bench.start();
  expect(await bench.operations.testAlert(ANNA, 'telegram')).toEqual({
    ok: true,
    detail: 'A test alert reached 1 of 1 chats.',
    reached: 1,
    chats: 1,
  });
  expect(await readAudit(database.pool, bench.desk.desk)).toMatchObject([
    { person: 'anna', action: 'notify:test', outcome: 'A test alert reached 1 of 1 chats.' },
  ]);
  const [message] = bench.sent(ALERTS_CHAT).filter(({ text }) => text.includes('a test alert'));
  expect(message?.text).toContain('anna asked whether alerts arrive here. They do.');
  expect(await telegramProof(bench.home, DEFAULT_TOKEN)).toMatchObject({
    chatId: String(ALERTS_CHAT),
    messageId: message?.message_id,
  });
  // Of another bot, or changed by hand, it proves nothing.
  expect(await telegramProof(bench.home, '654321:zyxwvutsrqponmlkjihgfedcba')).toBeNull();
  const file = join(bench.home, 'notify', 'telegram-test.json');
  writeFileSync(
    file,
    JSON.stringify({ version: 1, chatId: '7', messageId: 1, atMs: Date.now(), mac: 'a'.repeat(64) }),
  );
  expect(await telegramProof(bench.home, DEFAULT_TOKEN)).toBeNull();
});

it('a channel that is not set up is said at once, with what to set, and nothing is kept to be sent', async () => {
  const why = 'Telegram is not set up: set TELEGRAM_BOT_TOKEN to be told of halts';
  const { desk } = bench.desk;
  const off = { channel: 'telegram', state: 'off', sinceMs: 0, why, waiting: 0, refused: 0 } as const;
  keepChannelHealth(bench.home, desk, off, Date.now());
  expect(await bench.operations.testAlert(ANNA, 'telegram')).toEqual({
    ...{ ok: false, reached: 0, chats: 0, detail: `Nothing was sent: ${why}.` },
    doThis: expect.stringMatching(/^set TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID/),
  });
  expect((await database.pool.query('select 1 from notice where desk = $1', [desk])).rows).toEqual([]);
});

it('a bot that knows no chat says so at once, with what to set, and keeps nothing to be sent', async () => {
  bench.start({ chatId: null });
  const { desk } = bench.desk;
  await eventually(() => expect(lastHealth(bench.home, desk, 'telegram')?.health.nobody).toBe(true));
  expect(await bench.operations.testAlert(ANNA, 'telegram')).toEqual({
    ...{ ok: false, reached: 0, chats: 0 },
    detail:
      'Nothing was sent: nobody to tell: set TELEGRAM_CHAT_ID, or link somebody (`fermata telegram link NAME`).',
    doThis: expect.stringMatching(/^set TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID, or link a person/),
  });
  expect((await database.pool.query('select 1 from notice where desk = $1', [desk])).rows).toEqual([]);
});

it('a test alert that Telegram refuses reached nobody, and is no proof', async () => {
  bench.start({ chatId: 4_711 });
  expect(await bench.operations.testAlert(ANNA, 'telegram')).toMatchObject({
    ...{ ok: false, reached: 0, chats: 1 },
    detail: 'It reached nobody within 20 s: 400 Bad Request: chat not found.',
  });
  expect(await telegramProof(bench.home, DEFAULT_TOKEN)).toBeNull();
});

it('a test alert that reaches nobody is no proof, and the reason is said', async () => {
  const { ok, detail } = await bench.operations.testAlert(ANNA, 'telegram');
  expect(ok).toBe(false);
  expect(detail).toMatch(/Nobody to tell: the bot does not run/);
  expect(await telegramProof(bench.home, DEFAULT_TOKEN)).toBeNull();
});
