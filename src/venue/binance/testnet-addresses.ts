/** Public prices of Binance's test environment, for a desk whose orders go there: the exchange's own are another market. */
import { BINANCE_TESTNET, PUBLIC_ADDRESSES } from '../public-addresses.js';

/** As much of a ccxt exchange as knows its test environment. */
interface Sandboxed {
  setSandboxMode(on: boolean): void;
}

export const TESTNET_ADDRESSES = {
  market: 'testnet',
  http: (url: string): string => url.replace(PUBLIC_ADDRESSES.binance, BINANCE_TESTNET),
  streams: (exchange: Sandboxed): void => exchange.setSandboxMode(true),
};
