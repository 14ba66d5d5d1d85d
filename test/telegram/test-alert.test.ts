/** `fermata notify test telegram`: whether an alert reaches anybody, and what is left as proof of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { makeSecret } from '../../src/home/secrets.js';
import { telegramProof } from '../../src/notify/channel-credentials.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
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

it('a test alert that reaches nobody is no proof, and the reason is said', async () => {
  const { ok, detail } = await bench.operations.testAlert(ANNA, 'telegram');
  expect(ok).toBe(false);
  expect(detail).toMatch(/Nobody to tell: the bot does not run/);
  expect(await telegramProof(bench.home, DEFAULT_TOKEN)).toBeNull();
});
