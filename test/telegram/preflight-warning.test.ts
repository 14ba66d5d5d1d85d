/** A start with real money whose pre-flight only warns: it goes on, and people are told. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readyForRealMoney } from '../../src/cli/commands/up-command.js';
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
  /** Before a restart, next to the running desk. */
  const tryStart = () =>
    readyForRealMoney(preflight, bot.home, preflight.simulator.address, process.env, { isTrial: true });
  return { bot, printed, start, tryStart };
}

describe('a warning of the pre-flight', () => {
  it('lets the desk start, is shown there, and arrives as an alert once the bot runs', async () => {
    const { bot, printed, start, tryStart } = await startWith({});
    // `fermata restart --all` tries the start first: people are told once, by the start itself.
    await tryStart();
    expect(printed).toEqual([]);
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
    const { start, tryStart } = await startWith({ BINANCE_SECRET_KEY: 'x'.repeat(64) });
    await expect(tryStart()).rejects.toThrow(/does not start with real money/);
    await expect(start()).rejects.toThrow(/does not start with real money/);
  });
});
