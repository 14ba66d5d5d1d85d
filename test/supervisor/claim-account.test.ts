/** Two desks of an installation with the same exchange key would trade one account. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { claimAccount } from '../../src/supervisor/start/claim-home.js';
import { loadDesk } from '../../src/venue/load-desk.js';

const home = mkdtempSync(join(tmpdir(), 'fermata-account-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test('a key is one desk’s at a time; paper of our own asks for none', () => {
  const { desk } = loadDesk('desks/crypto-bot/desk.yaml');
  const live = { ...desk, mode: 'live' as const };
  const [first, second] = [homePaths(home), homePaths(join(home, 'desk-homes', 'second'))];
  mkdirSync(first.run, { recursive: true });
  const env = { BINANCE_API_KEY: 'one', BINANCE_API_SECRET: 'secret' };
  const held = claimAccount(live, first, env);
  expect(held).not.toBeNull();
  expect(() => claimAccount(live, second, env)).toThrow(/same BINANCE_API_KEY/);
  expect(claimAccount(desk, second, env)).toBeNull();
  const brokers = { ...desk, venue: { ...desk.venue, account: 'broker-paper' as const } };
  expect(() => claimAccount(brokers, second, env)).toThrow(/same BINANCE_API_KEY/);
  const other = claimAccount(live, second, { ...env, BINANCE_API_KEY: 'two' });
  expect(other).not.toBeNull();
  held?.release();
  const again = claimAccount(live, second, env);
  expect(again).not.toBeNull();
  for (const lock of [other, again]) lock?.release();
});
