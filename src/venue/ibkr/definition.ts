/** Interactive Brokers, through TWS or IB Gateway. */
import { deskEnvironment } from '../../desk/desk-environment.js';
import { plain } from '../../desk/environment-variable.js';
import type { VenueDefinition } from '../definition.js';
import { signIn, signInToRead } from './access.js';
import { argumentsText, companionAt, programText } from './gateway-program.js';
import {
  accountText,
  addressOf,
  CLIENTS,
  clientIdText,
  endpointOf,
  GATEWAY,
  gatewayAt,
  gatewayText,
  IBKR_RATE,
  IBKR_TAKES,
  settingsOf,
} from './settings.js';

const ibkr: VenueDefinition = {
  name: 'ibkr',
  title: 'Interactive Brokers',
  prices: {
    address: addressOf,
    probe: null,
    redirect: (endpoint) =>
      endpoint.kind === 'live'
        ? null
        : { market: endpoint.kind, http: () => addressOf(endpoint), streams: () => undefined },
    async open(options) {
      const { openIbkrPrices } = await import('./prices.js');
      const address = gatewayAt(options.addresses?.http(GATEWAY) ?? GATEWAY);
      const clientId = settingsOf(deskEnvironment()).clientId + CLIENTS[options.reader];
      return openIbkrPrices({ ...options, address, clientId });
    },
    bestPrices: null,
  },
  live: {
    endpoint: endpointOf,
    takes: IBKR_TAKES,
    mixesKinds: false,
    keepsPaper: true,
    account: 'an account of futures or one of stocks',
    credentials: [],
    auditorPrefix: null,
    rates: [IBKR_RATE],
    settings: [
      plain(
        'IBKR_GATEWAY',
        null,
        gatewayText,
        'HOST:PORT of TWS or IB Gateway, which must be logged in; default 127.0.0.1:4002',
      ),
      plain(
        'IBKR_CLIENT_ID',
        null,
        clientIdText,
        'Client id of the desk’s orders, the same after each start; its other connections use the next eight; default 10',
      ),
      plain('IBKR_ACCOUNT', null, accountText, 'Which account, if the login has several'),
      {
        ...plain(
          'IBKR_GATEWAY_PROGRAM',
          null,
          programText,
          'Absolute path of the program that starts TWS or IB Gateway: run, watched and ended with the desk',
        ),
        onHostOnly: true,
      },
      {
        ...plain(
          'IBKR_GATEWAY_ARGS',
          null,
          argumentsText,
          'Its arguments, as a shell would split them: spaces between, quotes around one with spaces',
        ),
        onHostOnly: true,
      },
      plain('IBKR_SIMULATOR', null, gatewayText, 'HOST:PORT of a simulated Gateway on this machine'),
    ],
    accounts: {
      live: 'Interactive Brokers',
      testnet: 'Interactive Brokers testnet',
      simulator: 'Interactive Brokers simulator',
    },
    label: (endpoint) =>
      ({
        live: 'Interactive Brokers',
        testnet: 'Interactive Brokers, paper account',
        simulator: `Interactive Brokers simulator at ${addressOf(endpoint)}`,
      })[endpoint.kind],
    gateway: (endpoint, env) => gatewayAt(addressOf(endpoint), env),
    companion: companionAt,
    permissions: {
      expected: 'a paper account (DU…) with venue.testnet, a real one without; the way to the broker open',
      found: 'the account is of the kind that the desk file says, and can be reached',
    },
    page: 'docs/VENUES.md',
    signIn,
    signInToRead,
  },
};

export default ibkr;
