/**
 * Numbers as people read them: the same on the page, on the command line and in messages, and therefore without imports.
 * Decimal text is regrouped, never computed with. What programs read (JSON, CSV) and what is recorded (journal, evidence,
 * log) keeps plain decimals, which can be searched and compared.
 */

/** Narrow and unbreakable: a number never ends on the next line. */
const SEPARATOR = '\u202f';
const MINUS = '\u2212';
/** An account in one of these keeps amounts that two places would hide. */
const COINS: ReadonlySet<string> = new Set(['BTC', 'ETH', 'BNB']);

/** `-10042.18` with its thousands apart and a minus sign, which zero never has. Text that is no decimal stays as it is. */
export function grouped(decimal: string): string {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(decimal);
  if (match === null) return decimal;
  const [, sign = '', whole = '', fraction = ''] = match;
  return `${sign === '-' && !isZero(decimal) ? MINUS : ''}${whole.replace(/\B(?=(\d{3})+$)/g, SEPARATOR)}${fraction}`;
}

/** By itself: one that is part of a run's id or an address is none. */
const INSTANT = /(^|[\s(])(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)(?![\w/])/g;

/** A sentence with its instants as `written` gives them, from milliseconds since 1970. */
export function instantsWithin(text: string, written: (ms: number) => string): string {
  return text.replace(INSTANT, (_, before: string, instant: string) => before + written(Date.parse(instant)));
}

/** As in `equity 10042.18`: a number by itself, with a point. Without one it may be a count, a year or a port. Nothing looks behind: older browsers can't. */
const AMOUNT_WITHIN = /(^|[^\w./:=-])(-?\d{4,}\.\d+)(?!\.?\w)/g;

/** A sentence with the thousands of its amounts apart. What is part of a name, an address or an option stays as it is. */
export function groupedWithin(text: string): string {
  return text.replace(AMOUNT_WITHIN, (_, before: string, decimal: string) => before + grouped(decimal));
}

/** With a sign in front of gains too. */
export function signed(decimal: string): string {
  return isZero(decimal) || decimal.startsWith('-') ? grouped(decimal) : `+${grouped(decimal)}`;
}

export const isZero = (decimal: string): boolean => /^-?0+(\.0+)?$/.test(decimal);

/** An average, or a value of a chart, with as many places as its instrument's tick has: prices below each other line up. */
export const priceText = (price: number, digits: number): string => grouped(price.toFixed(digits));

/** Without zeros at the end that say nothing. */
export function trimmed(decimal: string): string {
  return decimal.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

/** Money to two places where there are more; cuts, does not round up. */
export function money(decimal: string): string {
  return decimal.replace(/(\.\d{2})\d+$/, '$1');
}

/** Money with exactly two places: for what stands below each other. */
export function cents(decimal: string): string {
  const [whole = '', fraction = ''] = money(decimal).split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
}

/** An amount with the places of its account's currency: cents, and all it has where that is a coin or, null, not known. */
export const amountText = (decimal: string, currency: string | null): string =>
  grouped(placed(decimal, currency));

/** As `amountText`, with a sign in front of gains too. */
export const gainText = (decimal: string, currency: string | null): string =>
  signed(placed(decimal, currency));

/** Two places at least. */
function placed(decimal: string, currency: string | null): string {
  const places = decimal.split('.')[1]?.length ?? 0;
  return places > 2 && (currency === null || COINS.has(currency)) ? decimal : cents(decimal);
}

/** What was copied from a screen, as a program reads it: plain decimal text. */
export const ungrouped = (text: string): string =>
  text.replaceAll(SEPARATOR, '').replace(new RegExp(`^${MINUS}`), '-');
