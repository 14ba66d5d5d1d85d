/** Binance spot. */
import { plain, setting, webAddress, yesOrNo } from '../../desk/environment-variable.js';
import type { VenueDefinition } from '../definition.js';
import { signIn, signInToRead } from './access.js';
import { exchangePrices } from './best-prices.js';
import { endpointLabel, endpointOf, PROBE, redirectTo, rootOf } from './endpoint.js';
import { BINANCE_RATES, BINANCE_TAKES } from './options.js';

const binance: VenueDefinition = {
  name: 'binance',
  title: 'Binance',
  prices: {
    address: rootOf,
    probe: PROBE,
    redirect: redirectTo,
    open: async (options) => (await import('./prices.js')).openBinancePrices(options),
    bestPrices: (endpoint, instruments) => exchangePrices(rootOf(endpoint), instruments),
  },
  live: {
    endpoint: endpointOf,
    takes: BINANCE_TAKES,
    mixesKinds: true,
    keepsPaper: false,
    account: 'a spot account',
    credentials: [
      {
        name: 'BINANCE_API_KEY',
        holder: 'trader',
        about: 'Key at the exchange: spot trading only, no withdrawal. A paper desk needs none.',
        fileAbout: 'File that holds the key, instead of the variable',
      },
      {
        name: 'BINANCE_SECRET_KEY',
        holder: 'trader',
        about: 'The secret of that key.',
        fileAbout: 'File that holds its secret',
      },
      {
        name: 'BINANCE_AUDITOR_API_KEY',
        holder: 'auditor',
        about: 'A read-only key for the auditor',
        fileAbout: 'File that holds the auditor’s key',
      },
      {
        name: 'BINANCE_AUDITOR_SECRET_KEY',
        holder: 'auditor',
        about: 'Its secret',
        fileAbout: 'File that holds its secret',
      },
    ],
    auditorPrefix: 'BINANCE_AUDITOR_',
    rates: Object.values(BINANCE_RATES),
    settings: [
      setting(
        'BINANCE_TESTNET',
        'true',
        yesOrNo,
        (testnet) => ({ testnet }),
        'true: the exchange’s own test environment; false: the exchange itself',
      ),
      plain('BINANCE_SIMULATOR_URL', null, webAddress, 'A simulator of the exchange on this machine'),
    ],
    accounts: {
      live: 'Binance spot',
      testnet: 'Binance spot testnet',
      simulator: 'Binance simulator',
    },
    label: endpointLabel,
    permissions: {
      expected: 'reading and spot trading; no withdrawal, nothing else',
      found: 'reading and spot trading only',
    },
    page: 'docs/VENUES.md',
    signIn,
    signInToRead,
  },
};

export default binance;
