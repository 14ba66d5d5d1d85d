/** Exact sums of decimal text, with as many places as the longest fraction. */
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/** "0.00" for an empty list. Throws RangeError for text that is not a plain decimal number. */
export function addDecimals(texts: readonly string[]): string {
  const parts = texts.map((text) => {
    const match = DECIMAL.exec(text);
    if (match === null) throw new RangeError(`no decimal number: ${text}`);
    const [, sign = '', whole = '', fraction = ''] = match;
    return { negative: sign === '-', whole, fraction };
  });
  const places = Math.max(2, ...parts.map(({ fraction }) => fraction.length));
  const total = parts.reduce((sum, { negative, whole, fraction }) => {
    const units = BigInt(whole + fraction.padEnd(places, '0'));
    return negative ? sum - units : sum + units;
  }, 0n);
  const digits = String(total < 0n ? -total : total).padStart(places + 1, '0');
  return `${total < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
