/** Where each public venue answers anybody who asks, without a key. */
export const PUBLIC_ADDRESSES = {
  binance: 'https://api.binance.com',
  kucoin: 'https://api.kucoin.com',
  kraken: 'https://api.kraken.com',
} as const;
