/** What a code means for an order, as a table. What is not in it leaves the order unknown, and it is looked up. */
import { isWarning } from './notices.js';

/** Code of an order that we did not send at all: the broker certainly has no such order. */
export const NOT_SENT = 'NOT_SENT';

export type Meaning =
  /** It was refused before or at the exchange: there is no such order. */
  | 'rejected'
  /** It was cancelled: by us, by its sibling, by the session's end. */
  | 'cancelled'
  /** There is no such open order of this client. */
  | 'notOpen'
  /** The order stands as it was placed; something is said about it. */
  | 'warning'
  | 'unknown';

const MEANINGS: Readonly<Record<number, Meaning>> = {
  // Our ids are never used twice: another order has this one, and whether ours came in is not said.
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
  // It names the state: an order whose cancel is under way has not ended.
  if (code === CANNOT_CANCEL && !/state: *(Filled|Cancelled|ApiCancelled|Inactive)/i.test(text))
    return 'unknown';
  return MEANINGS[code] ?? 'unknown';
}
