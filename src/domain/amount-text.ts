/** An account in one of these keeps amounts that two places would hide. */
const COINS: ReadonlySet<string> = new Set(['BTC', 'ETH', 'BNB']);

/** An exact amount as people read it: to the cent, cut and not rounded, as the page shows it. */
export function amountText(decimal: string, currency: string): string {
  return COINS.has(currency) ? decimal : decimal.replace(/(\.\d{2})\d+$/, '$1');
}
