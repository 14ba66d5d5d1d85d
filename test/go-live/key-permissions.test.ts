/** What a key may do is read from the exchange over the wire, each permission by itself. */
import { expect, it, onTestFinished } from 'vitest';
import { DEFAULT_KEYS, SPOT_ONLY } from '../../simulators/binance/accounts.js';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { type PreflightSubject, readExchange } from '../../src/checks/preflight/exchange-reading.js';
import { keyPermissions } from '../../src/checks/preflight/run-preflight.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';
import { liveDeskText } from './support/live-desk.js';

/** The check of the trader's key, on a desk whose key may do this. */
async function look(permissions: typeof SPOT_ONLY) {
  const keys = DEFAULT_KEYS.map((key) => (key.apiKey === TRADING_KEY.apiKey ? { ...key, permissions } : key));
  const simulator = await startBinanceSimulator({ keys });
  onTestFinished(() => simulator.close());
  const { desk } = parseDesk('desk.yaml', liveDeskText());
  const env = { BINANCE_API_KEY: TRADING_KEY.apiKey, BINANCE_SECRET_KEY: TRADING_KEY.secret };
  const exchange = await readExchange({ desk, env, simulatedVenue: simulator.address });
  return keyPermissions.look({ desk, exchange } as PreflightSubject);
}

it.each([
  ['reading and spot trading', {}, 'pass', /reading and spot trading only/],
  ['withdrawals', { withdrawals: true }, 'fail', /may withdraw/],
  ['margin trading', { margin: true }, 'fail', /may do more than spot trading \(enableMargin\)/],
  ['futures', { futures: true }, 'fail', /may do more than spot trading \(enableFutures\)/],
  ['no trading', { spot: false }, 'fail', /may not trade/],
  ['work from any address', { ipRestrict: false }, 'warn', /works from any address/],
] as const)('a key that may do %s', async (_what, change, verdict, words) => {
  expect(await look({ ...SPOT_ONLY, ...change })).toMatchObject({
    verdict,
    observed: expect.stringMatching(words),
  });
});
