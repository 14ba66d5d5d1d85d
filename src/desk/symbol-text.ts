/** Symbols as people and other programs write them: `BTC/USDT`, `btc-usdt`, `BTC_USDT`, `BTCUSDT`. */

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
