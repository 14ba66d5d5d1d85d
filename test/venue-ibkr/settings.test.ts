/** What the environment says of the Gateway: used as it has to be, or refused by the variable's name. */
import { expect, it } from 'vitest';
import { endpointOf, gatewayAt, settingsOf } from '../../src/venue/ibkr/settings.js';

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
