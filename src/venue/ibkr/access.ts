/** What the Gateway's login gives access to. The client library is loaded only when a connection is opened. */
import { messageOf } from '../../domain/message-of.js';
import type {
  AccountReader,
  Environment,
  OpenReader,
  OpenVenue,
  ReadingAccess,
  SignIn,
  TradingAccess,
} from '../definition.js';
import { AccountConnection } from './audit-reading.js';
import { openTradedContracts } from './months.js';
import {
  addressOf,
  CLIENTS,
  type GatewayAddress,
  gatewayAt,
  type IbkrSettings,
  settingsOf,
} from './settings.js';
import type { IbkrVenueOptions } from './setup.js';

/** Time limits of a pre-flight: shorter, because a person is waiting. */
const READER_TIMES = { readyMs: 5_000, questionMs: 5_000 };

export function signIn(env: Environment): SignIn<TradingAccess> {
  return signedIn(env, (settings) => ({
    async open(options: OpenVenue) {
      const { openIbkrVenue } = await import('./ibkr-venue.js');
      const { expectedAccount, feePerLot, onRefusedAnswer } = options;
      const account = accountOf(options, settings, env);
      const traded = openTradedContracts(account.address);
      return openIbkrVenue({ ...account, expectedAccount, feePerLot, onRefusedAnswer, traded });
    },
    openReader: (options: OpenReader) => openReader(options, settings, env),
  }));
}

export function signInToRead(env: Environment): SignIn<ReadingAccess> {
  return signedIn(env, ({ clientId, account }) => {
    const connect = (client: number, address: GatewayAddress) =>
      new AccountConnection({ address, clientId: clientId + client });
    /** The auditor's, by Gateway: its months, and so its readers, may change. */
    const kept = new Map<string, AccountConnection>();
    return {
      bookReader({ endpoint, instruments }) {
        const address = gatewayAt(addressOf(endpoint), env);
        const key = `${address.host}:${address.port}`;
        const connection = kept.get(key) ?? connect(CLIENTS.auditor, address);
        kept.set(key, connection);
        return () => connection.read({ account, instruments });
      },
      async tryOut({ endpoint, instruments }) {
        // The auditor's own id may be in use, and those of the pre-flight's other readings may not be free again yet.
        const connection = connect(CLIENTS.test, gatewayAt(addressOf(endpoint), env));
        await connection.read({ account, instruments }).finally(() => connection.end());
        return { problems: [], warnings: [] };
      },
    };
  });
}

function signedIn<Access>(env: Environment, access: (settings: IbkrSettings) => Access): SignIn<Access> {
  try {
    return { ok: true, access: access(settingsOf(env)) };
  } catch (error) {
    return { ok: false, problem: messageOf(error), doThis: 'Correct the variable (docs/VENUES.md).' };
  }
}

function accountOf(
  { endpoint, instruments }: OpenReader,
  { clientId, account }: IbkrSettings,
  env: Environment,
): IbkrVenueOptions {
  const money = endpoint.kind === 'live' ? 'real' : 'paper';
  return { address: gatewayAt(addressOf(endpoint), env), money, account, clientId, instruments };
}

/** The Gateway's notice of a data farm that is down. */
const FARM = /data farm connection/i;

async function openReader(
  options: OpenReader,
  settings: IbkrSettings,
  env: Environment,
): Promise<AccountReader> {
  const { openIbkrVenue } = await import('./ibkr-venue.js');
  const clientId = settings.clientId + CLIENTS.preflight;
  const venue = await openIbkrVenue({
    ...accountOf(options, { ...settings, clientId }, env),
    times: READER_TIMES,
  });
  return {
    // The library throttles what would be too much for the Gateway, whatever the desk file says.
    rateLimited: true,
    // A login has no key permissions; instead the account is judged by its name while connecting. A farm that is down
    // concerns the prices, which are read by themselves.
    permissions: async () => ({
      problems: venue.state.reasons.filter((reason) => !FARM.test(reason)),
      warnings: [],
    }),
    balances: () => venue.balances(),
    async tradable() {
      await venue.serverTime();
      const closed = new Map(venue.closedInstruments?.().map(({ instrument, why }) => [instrument, why]));
      return new Map(options.instruments.map(({ id, symbol }) => [symbol, closed.get(id) ?? null]));
    },
    close: () => venue.close(),
  };
}
