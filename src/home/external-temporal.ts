/**
 * A Temporal server run by somebody else: address, namespace, TLS, API key and profile file, from Temporal's
 * own environment configuration. Settings that its library would silently ignore are errors here.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fromWorkingFolder, secretVariable } from '../desk/desk-environment.js';
import { EnvironmentProblem } from './desk-here.js';

type Environment = Readonly<Record<string, string | undefined>>;
type Library = typeof import('@temporalio/envconfig');
type Options = ReturnType<Library['loadClientConnectConfig']>['connectionOptions'];

export interface ExternalTemporal {
  /** Null: neither a variable nor a profile names one. */
  readonly address: string | null;
  readonly namespace: string | null;
  /** For both clients and workers. */
  readonly options: Options;
}

/** What a server may require from clients. */
type Credential = 'TLS' | 'a client certificate' | 'an API key';

const require = createRequire(import.meta.url);
/** The library would take them as relative to the process. */
const PATHS = /^TEMPORAL_(CONFIG_FILE|TLS_.*_PATH)$/;

/**
 * Throws `EnvironmentProblem` if a setting can't be honoured. The library is loaded at the first call; no
 * trader calls this.
 */
export function externalTemporal(env: Environment): ExternalTemporal {
  // Empty means not set, as everywhere else. The library would use an empty key.
  const key = inWords(() => secretVariable(env, 'TEMPORAL_API_KEY'));
  const set = Object.entries({ ...env, TEMPORAL_API_KEY: key ?? '' }).flatMap(([name, value]) =>
    value ? [[name, PATHS.test(name) ? fromWorkingFolder(value) : value] as const] : [],
  );
  const given: Record<string, string> = Object.fromEntries(set);
  const { loadClientConfigProfile, toClientOptions } = require('@temporalio/envconfig') as Library;
  const profile = inWords(() => loadClientConfigProfile({ overrideEnvVars: given }));
  const { tls, apiKey } = profile;
  if (tls && !tls.disabled && (tls.clientCert === undefined) !== (tls.clientKey === undefined))
    throw new EnvironmentProblem(
      `Temporal: a client ${tls.clientKey === undefined ? 'certificate without its key' : 'key without its certificate'}`,
      'set both: TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH, or client_cert_path and client_key_path in the profile',
    );
  if (
    given.TEMPORAL_TLS_DISABLE_HOST_VERIFICATION &&
    given.TEMPORAL_TLS_DISABLE_HOST_VERIFICATION !== 'false'
  )
    throw new EnvironmentProblem(
      'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: whose certificate it is, is always looked at',
      'unset it; set TEMPORAL_TLS_SERVER_CA_CERT_PATH, and TEMPORAL_TLS_SERVER_NAME for another name in the certificate',
    );
  if (tls?.disabled && (apiKey || tls.clientCert))
    throw new EnvironmentProblem(
      `Temporal: TLS is switched off, and ${apiKey ? 'an API key' : 'a client certificate'} is given`,
      'unset TEMPORAL_TLS (or disabled in the profile): neither goes out without TLS',
    );
  const { connectionOptions, namespace } = inWords(() => toClientOptions(profile));
  return {
    address: connectionOptions.address || null,
    namespace: namespace || null,
    options: connectionOptions,
  };
}

/** Empty: the server is open to everybody. */
export function credentialsOf({ tls, apiKey }: Options): readonly Credential[] {
  const certificate = typeof tls === 'object' && tls?.clientCertPair ? ['a client certificate' as const] : [];
  return [...(tls ? ['TLS' as const] : []), ...certificate, ...(apiKey ? ['an API key' as const] : [])];
}

/** Turns errors into messages: unreadable files, a profile that does not exist, malformed variables. */
function inWords<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw new EnvironmentProblem(
      `what the environment says of Temporal can't be used: ${error instanceof Error ? error.message : String(error)}`,
      'look at TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE and the TEMPORAL_TLS variables: docs/TEMPORAL.md',
    );
  }
}

const SCHEME = 'unix://';

/**
 * The path of the Unix socket in an address such as `unix:///path` (gRPC's notation). Null: the address is
 * host:port.
 */
export function socketOf(address: string): string | null {
  return address.startsWith(SCHEME) ? address.slice(SCHEME.length) : null;
}

/** The socket for workers, next to the one for clients: a worker asks it by HTTP CONNECT to be forwarded. */
export const socketOfWorkers = (socket: string): string => join(dirname(socket), 'workers.sock');

export function addressOfSocket(path: string): string {
  return `${SCHEME}${path}`;
}
