/**
 * What TWS codes mean. Codes about an order are in a table: any other code leaves the order unknown, and it
 * is looked up.
 */

import type { Instrument } from '../../domain/instrument.js';

type Meaning =
  /** It was refused before or at the exchange: there is no such order. */
  | 'rejected'
  /** It was cancelled: by us, by another order of its group, or at the end of the session. */
  | 'cancelled'
  /** This client has no such open order. */
  | 'notOpen'
  /** The order stands as it was placed; the text is only a warning. */
  | 'warning'
  | 'unknown';

const MEANINGS: Readonly<Record<number, Meaning>> = {
  // We never use an id twice: another order has this one, and the code does not say whether ours arrived.
  103: 'unknown',
  104: 'unknown',
  105: 'unknown',
  110: 'rejected',
  161: 'unknown',
  200: 'rejected',
  201: 'rejected',
  202: 'cancelled',
  203: 'rejected',
  321: 'rejected',
  387: 'rejected',
  399: 'warning',
  403: 'rejected',
  434: 'rejected',
  435: 'rejected',
  501: 'unknown',
  502: 'unknown',
  504: 'unknown',
  2109: 'warning',
  10052: 'rejected',
  10147: 'notOpen',
  10148: 'notOpen',
  10149: 'rejected',
  10243: 'rejected',
};

const CANNOT_CANCEL = 10148;

export function meaningOf(code: number, text: string): Meaning {
  if (isWarning(code)) return 'warning';
  // The text names the state: an order whose cancel is in progress has not ended.
  if (code === CANNOT_CANCEL && !/state: *(Filled|Cancelled|ApiCancelled|Inactive)/i.test(text))
    return 'unknown';
  return MEANINGS[code] ?? 'unknown';
}

/** Messages of TWS that belong to no request, by their code. */

export const IN_USE = 326;
/** A list of orders was refused, without a request id: the Gateway's API is read-only. */
export const isReadOnly = (code: number, text: string): boolean =>
  code === 321 && /read-only mode/i.test(text);
/** The link to the broker is back, but subscriptions were lost. */
export const DATA_LOST = 1101;
/** The library could not read a message: it had too few or too many fields. */
export const UNREADABLE = 505;

/**
 * Whether the link from the Gateway to the broker is broken after this notice; null if the notice is not about the
 * link.
 */
export function linkAfter(code: number): boolean | null {
  if (code === 1100 || code === 2110) return true;
  return code === DATA_LOST || code === 1102 ? false : null;
}

/** Codes from 2100 to 2999 are warnings, whatever they are about. */
export const isWarning = (code: number): boolean => code >= 2100 && code < 3000;

const FARMS: Readonly<Record<number, { readonly farm: 'market data' | 'history'; readonly up: boolean }>> = {
  2103: { farm: 'market data', up: false },
  2104: { farm: 'market data', up: true },
  2105: { farm: 'history', up: false },
  2106: { farm: 'history', up: true },
  // Asleep because nobody requests anything from it: it is up again on the next request.
  2107: { farm: 'history', up: true },
  2108: { farm: 'market data', up: true },
};

/** Farms of other continents, of currencies and of funds: no American exchange uses them. */
const ABROAD = /^(eu|apac|asia|hk|hfarm|jfarm|cash|fund)/i;
const AMERICAN = new Set(
  'CME CBOT NYMEX COMEX CFE NASDAQ NYSE AMEX ARCA BATS SMART ISLAND PINK IEX'.split(' '),
);

const isAmerican = ({ quote, exchange = 'SMART' }: Pick<Instrument, 'quote' | 'exchange'>): boolean =>
  quote === 'USD' && AMERICAN.has(exchange);

/**
 * Which farm a notice is about, and whether it is up afterwards; null: about none, or about one that serves
 * none of these instruments.
 */
export function farmAfter(
  code: number,
  text: string,
  instruments: readonly Pick<Instrument, 'quote' | 'exchange'>[],
) {
  const found = FARMS[code];
  if (found === undefined) return null;
  const name = (/(?::|upon demand\.)\s*([^:]*)$/.exec(text)?.[1] ?? '').trim();
  if (ABROAD.test(name) && instruments.every(isAmerican)) return null;
  return { ...found, name };
}
