/** Numbers and times as the page writes them. Decimal text is regrouped, never computed with. */

const THIN = '\u202f';

/** "10042.18" → "10 042.18" with thin spaces; a minus sign instead of a hyphen. */
export function grouped(decimal: string): string {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(decimal);
  if (match === null) return decimal;
  const [, sign = '', whole = '', fraction = ''] = match;
  return `${sign === '-' ? '\u2212' : ''}${whole.replace(/\B(?=(\d{3})+$)/g, THIN)}${fraction}`;
}

/** With a sign in front of gains too. */
export function signed(decimal: string): string {
  return isZero(decimal) || decimal.startsWith('-') ? grouped(decimal) : `+${grouped(decimal)}`;
}

export function tone(decimal: string): 'gain' | 'loss' | 'even' {
  if (isZero(decimal)) return 'even';
  return decimal.startsWith('-') ? 'loss' : 'gain';
}

const isZero = (decimal: string): boolean => /^-?0+(\.0+)?$/.test(decimal);

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

export const timeOfDay = (ms: number): string => new Date(ms).toISOString().slice(11, 19);
export const minuteOfDay = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
/** For lists within one year. */
export const dayAndMinute = (ms: number): string => new Date(ms).toISOString().slice(5, 16).replace('T', ' ');
export const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** A span of time in its two largest parts. */
export function lasted(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return `${Math.round(ms / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
