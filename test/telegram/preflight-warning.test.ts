/** A start with real money whose pre-flight only warns: it goes on, and people are told. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readyForRealMoney } from '../../src/cli/commands/up.js';
import { preflightBench } from '../go-live/support/preflight-bench.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ALERTS_CHAT, openBotBench } from './support/bot-bench.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

async function startWith(env: Readonly<Record<string, string>>) {
  const preflight = await preflightBench((text) =>
    text.replace('testnet: true', 'testnet: true\n  rateLimit: { enabled: false }'),
  );
  for (const [name, value] of Object.entries({ ...preflight.env, ...env })) vi.stubEnv(name, value);
  const printed: string[] = [];
  const print = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => printed.push(String(text)) > 0);
  const bot = await openBotBench({ pool: database.pool, deskName: preflight.desk.desk });
  onTestFinished(async () => {
    print.mockRestore();
    vi.unstubAllEnvs();
    await bot.close();
  });
  const start = () => readyForRealMoney(preflight, bot.home, preflight.simulator.address);
  return { bot, printed, start };
}

describe('a warning of the pre-flight', () => {
  it('lets the desk start, is shown there, and arrives as an alert once the bot runs', async () => {
    const { bot, printed, start } = await startWith({});
    await start();
    expect(printed.join('')).toMatch(/^! Rate limit configured: off/m);
    bot.start();
    await eventually(() => {
      const texts = bot.sent(ALERTS_CHAT).map(({ text }) => text);
      const alert = texts.filter((text) => text.includes('crypto-live starts with real money and'));
      expect(alert).toEqual([expect.stringContaining('Rate limit configured: off')]);
    });
  });

  it('is not what a failure does: that forbids the start', async () => {
    const { start } = await startWith({ BINANCE_SECRET_KEY: 'x'.repeat(64) });
    await expect(start()).rejects.toThrow(/does not start with real money/);
  });
});
