/** Where each public venue answers anybody who asks, without a key. */
export const PUBLIC_ADDRESSES = {
  binance: 'https://api.binance.com',
  kucoin: 'https://api.kucoin.com',
  kraken: 'https://api.kraken.com',
} as const;

/** Another market, with test money. */
export const BINANCE_TESTNET = 'https://testnet.binance.vision';
