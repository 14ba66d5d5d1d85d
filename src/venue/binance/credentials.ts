/** The API key, from the environment or from the files that it names. It is never written, logged or shown. */
import { secretVariable } from '../../desk/desk-environment.js';
import { messageOf } from '../../domain/message-of.js';

export interface BinanceCredentials {
  readonly apiKey: string;
  readonly secret: string;
}

type CredentialsRead =
  | { readonly ok: true; readonly credentials: BinanceCredentials }
  | { readonly ok: false; readonly problem: string; readonly doThis: string };

/** The form of Binance's HMAC keys; RSA and Ed25519 secrets are PEM texts. */
const KEY = /^[A-Za-z0-9]{64}$/;

export function readCredentials(environment: Readonly<Record<string, string | undefined>>): CredentialsRead {
  try {
    const given = (name: string): string => secretVariable(environment, name) ?? '';
    return judge(given('BINANCE_API_KEY'), given('BINANCE_SECRET_KEY'));
  } catch (error) {
    const problem = messageOf(error);
    return {
      ok: false,
      problem,
      doThis: 'Name a file that this process may read, or set the variable itself.',
    };
  }
}

const AUDITOR_KEY = 'BINANCE_AUDITOR_API_KEY';

export function hasAuditorKey(environment: Readonly<Record<string, string | undefined>>): boolean {
  return secretVariable(environment, AUDITOR_KEY) !== null;
}

/** The auditor's own read-only key if there is one, else the trader's. */
export function readAuditorCredentials(
  environment: Readonly<Record<string, string | undefined>>,
): CredentialsRead {
  const apiKey = secretVariable(environment, AUDITOR_KEY);
  if (apiKey === null) {
    const read = readCredentials(environment);
    return read.ok ? read : { ...read, problem: `${AUDITOR_KEY} is not set, and ${read.problem}` };
  }
  const secret = secretVariable(environment, 'BINANCE_AUDITOR_SECRET_KEY') ?? '';
  const read = judge(apiKey, secret);
  return read.ok ? read : { ...read, problem: read.problem.replaceAll('BINANCE_', 'BINANCE_AUDITOR_') };
}

function judge(apiKey: string, secret: string): CredentialsRead {
  const missing = [apiKey === '' ? 'BINANCE_API_KEY' : '', secret === '' ? 'BINANCE_SECRET_KEY' : ''].filter(
    Boolean,
  );
  if (missing.length > 0) {
    return {
      ok: false,
      problem: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set`,
      doThis:
        'Create a key at the exchange (docs/VENUES.md says with which permissions) and set both variables.',
    };
  }
  if (!KEY.test(apiKey)) {
    return {
      ok: false,
      problem: 'BINANCE_API_KEY does not look like a key: 64 letters and digits are expected',
      doThis: 'Copy the key again, without quotes or spaces. The secret belongs into BINANCE_SECRET_KEY.',
    };
  }
  return { ok: true, credentials: { apiKey, secret } };
}
