/**
 * Numbers, and lists of a few, as people read them. Shared by the page, the command line and messages, so
 * there are no imports. Decimal text is regrouped, and rounded once, where it is shown: sums are of exact
 * amounts. Program output (JSON, CSV) and records (journal, evidence, log) use plain decimals, which can be
 * searched and compared.
 */

/** Narrow and non-breaking: a number never continues on the next line. */
const SEPARATOR = '\u202f';
const MINUS = '\u2212';
/** Accounts in these currencies have amounts that two places would hide. */
const COINS: ReadonlySet<string> = new Set(['BTC', 'ETH', 'BNB', 'SOL', 'XRP', 'ADA', 'DOGE', 'DOT', 'LTC']);

/**
 * `-10042.18` with its thousands separated and a real minus sign, which zero never has. Other text is returned
 * unchanged.
 */
export function grouped(decimal: string): string {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(decimal);
  if (match === null) return decimal;
  const [, sign = '', whole = '', fraction = ''] = match;
  return `${sign === '-' && !isZero(decimal) ? MINUS : ''}${whole.replace(/\B(?=(\d{3})+$)/g, SEPARATOR)}${fraction}`;
}

/** `1 trade`, `2 trades`, `2 entries`. */
export const counted = (count: number, one: string, more = `${one}s`): string =>
  `${grouped(String(count))} ${count === 1 ? one : more}`;

/** Only an instant on its own, not one inside a run's id or an address. */
const INSTANT = /(^|[\s(])(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)(?![\w/])/g;

/** The sentence with each instant replaced by `written`, which gets milliseconds since 1970. */
export function instantsWithin(text: string, written: (ms: number) => string): string {
  return text.replace(INSTANT, (_, before: string, instant: string) => before + written(Date.parse(instant)));
}

/**
 * A number on its own with a decimal point, as in `equity 10042.18`; without a point it may be a count, a
 * year or a port. No lookbehind, which older browsers lack.
 */
const AMOUNT_WITHIN = /(^|[^\w./:=-])(-?\d{4,}\.\d+)(?!\.?\w)/g;

/** The sentence with the thousands of its amounts separated. Names, addresses and options are unchanged. */
export function groupedWithin(text: string): string {
  return text.replace(AMOUNT_WITHIN, (_, before: string, decimal: string) => before + grouped(decimal));
}

/** Also puts a sign in front of gains. */
export function signed(decimal: string): string {
  return isZero(decimal) || decimal.startsWith('-') ? grouped(decimal) : `+${grouped(decimal)}`;
}

export const isZero = (decimal: string): boolean => /^-?0+(\.0+)?$/.test(decimal);

/**
 * An average or a chart value with as many places as the instrument's tick, so that prices line up in a
 * column.
 */
export const priceText = (price: number, digits: number): string => grouped(price.toFixed(digits));

/** Without trailing zeros. */
export function trimmed(decimal: string): string {
  return decimal.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

/** Money with exactly two places, rounded half away from zero. */
export function cents(decimal: string): string {
  const [whole = '', fraction = ''] = decimal.split('.');
  if (fraction.length <= 2) return `${whole}.${fraction.padEnd(2, '0')}`;
  const units = BigInt(whole.replace('-', '') + fraction.slice(0, 2)) + (fraction.charAt(2) < '5' ? 0n : 1n);
  const digits = String(units).padStart(3, '0');
  return `${whole.startsWith('-') && units > 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** An amount with the places of its account's currency: cents, or every place if that is a coin or (null) unknown. */
export const amountText = (decimal: string, currency: string | null): string =>
  grouped(placed(decimal, currency));

/** Like `amountText`, but with a sign in front of gains. */
export const gainText = (decimal: string, currency: string | null): string =>
  signed(placed(decimal, currency));

/** The same for a computed figure too, which has no places of its own. */
export const roundedAmount = (
  amount: string | number,
  currency: string | null,
  written: (decimal: string, currency: string | null) => string = amountText,
): string =>
  written(typeof amount === 'string' ? amount : amount.toFixed(currency === null ? 2 : 8), currency);

/** The same as plain decimal text, with at least two places. */
export function placed(decimal: string, currency: string | null): string {
  const places = decimal.split('.')[1]?.length ?? 0;
  return places > 2 && (currency === null || isCoin(currency)) ? decimal : cents(decimal);
}

export const isCoin = (currency: string): boolean => COINS.has(currency);

/** Decimal places of newly computed sums in a currency: cents, or those of a coin. */
export const placesIn = (currency: string): number => (isCoin(currency) ? 8 : 2);

/** Text copied from a screen turned back into plain decimal text. */
export const ungrouped = (text: string): string =>
  text.replaceAll(SEPARATOR, '').replace(new RegExp(`^${MINUS}`), '-');

/** The first few texts, and how many more there are. */
export function someOf(texts: readonly string[], shownMax = 5): string {
  const more = texts.length - shownMax;
  return [...texts.slice(0, shownMax), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** How a result is coloured. */
export function tone(decimal: string): 'gain' | 'loss' | 'even' {
  if (isZero(decimal)) return 'even';
  return decimal.startsWith('-') ? 'loss' : 'gain';
}

/** How old something is, or how far off: `45 s`, `12 min`, `3 h`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** A duration in its two largest units: `1 h 20 min`. */
export function lasted(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return `${Math.round(ms / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
