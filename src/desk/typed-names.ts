/**
 * Names as people type them: their form in a desk, "did you mean …?" for names, keys and commands, symbols
 * in any notation.
 */
/** For desks, people, strategies, routines and files in a desk's folder. */
export const NAME = /^[a-z][a-z0-9-]{0,39}$/;
export const NAME_EXPECTED = '1 to 40 lower case letters, digits and dashes, a letter first';

/** The known name with the fewest edits, or null if none is close (more than a third of its letters differ). */
export function closestName(wrong: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(plain(wrong), plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best !== null && bestDistance <= Math.ceil(best.length / 3) ? best : null;
}

/** Only letters and digits are compared: `tick_size` equals `tickSize`. */
function plain(name: string): string {
  return name
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

/** Two swapped letters are one slip: they cost less than an extra, missing or wrong letter. */
const SWAPPED = 0.9;

/** Damerau–Levenshtein distance (optimal string alignment), from the last three rows. */
function editDistance(left: string, right: string): number {
  let [before, last] = [[] as number[], Array.from({ length: right.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= left.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const changed = last[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      const swapped = isSwapped ? before[j - 2]! + SWAPPED : Number.POSITIVE_INFINITY;
      row.push(Math.min(changed, last[j]! + 1, row[j - 1]! + 1, swapped));
    }
    [before, last] = [last, row];
  }
  return last[right.length]!;
}

// Symbols as people and other programs write them: `BTC/USDT`, `btc-usdt`, `BTC_USDT`, `BTCUSDT`.

/** Known quote currencies, to split a symbol without a separator; longer names first. */
const QUOTES = [
  'FDUSD',
  'USDT',
  'USDC',
  'TUSD',
  'BUSD',
  'DAI',
  'USD',
  'EUR',
  'GBP',
  'TRY',
  'BTC',
  'ETH',
  'BNB',
];

/** The symbol as the desk file writes it; null if base and quote can't be told apart. */
export function symbolIn(text: string): string | null {
  const given = text.trim().toUpperCase();
  const apart = /^([A-Z0-9]{1,20})[/_-]([A-Z0-9]{1,20})$/.exec(given);
  if (apart !== null) return `${apart[1]}/${apart[2]}`;
  if (!/^[A-Z0-9]{2,40}$/.test(given)) return null;
  const quote = QUOTES.find((one) => given.endsWith(one) && given.length > one.length);
  return quote === undefined ? null : `${given.slice(0, -quote.length)}/${quote}`;
}
