/** `fermata up` at a simulator: it looks before real money, and a desk on paper takes the prices of one feed from there. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { homePaths } from '../../src/home/runtime.js';
import { liveDeskText } from '../go-live/support/live-desk.js';
import { variantOfCryptoBot } from '../support/desk-files.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';

let exchange: BinanceSimulator;
const desks: DeskUnderTest[] = [];
beforeAll(async () => {
  exchange = await startBinanceSimulator();
});
afterAll(async () => {
  for (const desk of desks) await desk.dispose();
  await exchange?.close();
});

/** With the key of this name at the simulator. */
function liveDesk(key: string): { readonly desk: DeskUnderTest; up(): Promise<unknown> } {
  const desk = deskUnderTest('crypto-live', {
    BINANCE_API_KEY: key.padEnd(64, '0'),
    BINANCE_SECRET_KEY: `${key}Secret`.padEnd(64, '0'),
    DASHBOARD_PASSWORD: 'a-password-of-my-own',
  });
  desks.push(desk);
  const file = join(desk.home, 'crypto-live.yaml');
  writeFileSync(file, liveDeskText());
  return { desk, up: () => desk.up('--desk', file, '--simulated-venue', exchange.address) };
}

it.each([
  ['may withdraw', 'simDeskWithdrawing', /Key permissions: .*may withdraw/],
  ['may not trade', 'simDeskReading', /Key permissions: .*may not trade/],
  ['the exchange does not know', 'simUnknown', /API key validity: /],
])('fermata up starts no trader with a key that %s', async (_what, key, words) => {
  const { desk, up } = liveDesk(key);
  await expect(up()).rejects.toThrow(words);
  expect(desk.pids().size).toBe(0);
  expect(existsSync(join(homePaths(desk.home).home, 'desks'))).toBe(false);
});

it('a desk on paper has one of two instances of its venue at a simulator of its own, and trades on those prices where the other is away', async () => {
  const desk = deskUnderTest('crypto-bot');
  desks.push(desk);
  const file = variantOfCryptoBot(desk.home, [[['feeds'], ['binance', 'binance-own']]]);
  const away = 'http://127.0.0.1:1';
  const at = ['binance', away, 'binance-own', exchange.address];
  const options = [0, 2].flatMap((from) => ['--simulated-venue', at.slice(from, from + 2).join('=')]);
  const screen = await desk.up('--desk', file, '--market', 'live', ...options);
  expect(screen.prices).toContain('live: binance-own simulator public quotes');
  const { marketData } = await desk.status();
  expect(marketData).toMatchObject({ identity: 'live-binance-own-simulator', venue: 'binance' });
  expect(await desk.interrupt()).toBe(0);
});
