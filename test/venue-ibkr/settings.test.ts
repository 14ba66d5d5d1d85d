/** What the environment says of the Gateway: used as it has to be, or refused by the variable's name. */
import { expect, it } from 'vitest';
import { testConnection } from '../../src/checks/preflight/connection-reading.js';
import { readExchange } from '../../src/checks/preflight/exchange-reading.js';
import { runPreflight } from '../../src/checks/preflight/run-preflight.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { tradedAccount } from '../../src/trader/open-trader.js';
import { startItsProgram } from '../../src/venue/environment.js';
import { endpointOf, gatewayAt, settingsOf } from '../../src/venue/ibkr/settings.js';
import { loadDesk } from '../../src/venue/load-desk.js';

const gateway = (at: string) => gatewayAt('IB Gateway', { IBKR_GATEWAY: at });
const simulator = (at: string) => endpointOf({ venue: { testnet: true } }, undefined, { IBKR_SIMULATOR: at });

it.each(['127.0.0.1:65536', '127.0.0.1:99999', 'gateway:0'])('no Gateway is at %s: no port is', (at) => {
  expect(() => gateway(at)).toThrow('IBKR_GATEWAY: expected HOST:PORT with a port from 1 to 65535');
});

it('a Gateway may be at the last port, and have an address of six', () => {
  expect(gateway('[::1]:65535')).toEqual({ host: '::1', port: 65_535 });
});

it.each(['127.0.0.1:70000', '127.0.0.1:0', '10.0.0.1:4002'])('no simulator is at %s', (at) => {
  expect(() => simulator(at)).toThrow(/^IBKR_SIMULATOR: /);
  expect(() => endpointOf({ venue: { testnet: true } }, at, {})).toThrow(/^--simulated-venue: /);
});

it('the client id that takes over orders of people is nobody’s', () => {
  expect(() => settingsOf({ IBKR_CLIENT_ID: '0' })).toThrow('IBKR_CLIENT_ID: expected a whole number from 1');
  expect(settingsOf({ IBKR_CLIENT_ID: '1' }).clientId).toBe(1);
});

it('where no Gateway runs, start, pre-flight and connection test say how to start one, and how to trade a simulated one', async () => {
  const { desk, configHash } = loadDesk('desks/slob/desk.yaml');
  const port = await freePort();
  const question = {
    ...{ desk, env: { IBKR_GATEWAY: `127.0.0.1:${port}` }, simulatedVenue: undefined },
  };
  const ways =
    `Start the program of Interactive Brokers that leads there (docs/VENUES.md), logged in and open to API clients at 127.0.0.1:${port}; ` +
    `or trade a simulated one: npm run simulator -- ibkr --port ${port} in a checkout, and in another terminal fermata up --desk slob --simulated-venue 127.0.0.1:${port}`;

  const { results } = await runPreflight({
    ...{ ...question, configHash, home: '/nowhere', reportFolder: '/nowhere', nowMs: 0 },
    exchange: await readExchange(question),
  });
  const said = results.filter(({ observed }) => observed.endsWith(ways)).map(({ key }) => key);
  expect(said).toEqual(['api-key']);

  const { parts } = await testConnection(question, Date.UTC(2026, 10, 22, 12));
  expect(parts.filter(({ observed }) => observed.endsWith(ways)).map(({ title }) => title)).toEqual([
    'session',
  ]);

  const away = { balances: () => Promise.reject(new Error('no connection')) } as never;
  const venue = { port: away, account: 'Interactive Brokers testnet' };
  const start = tradedAccount(venue, { lastSequence: 0 } as never, 'paper', () => startItsProgram(question));
  await expect(start).rejects.toThrow(`(no connection). No order was sent. ${ways}.`);

  const simulated = { ...question, simulatedVenue: `127.0.0.1:${port}` };
  expect(startItsProgram(simulated)).toBe(
    `Start the simulator again: npm run simulator -- ibkr --port ${port}`,
  );
});
