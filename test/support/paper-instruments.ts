/** The crypto desk's two instruments, as the desk file describes them. */
import { buildInstrument } from '../../src/domain/build-instrument.js';

const shared = {
  kind: 'spot',
  tickSize: '0.01',
  minNotional: '5',
  makerFeePpm: 1000,
  takerFeePpm: 1000,
} as const;

export const btc = buildInstrument(0, { ...shared, symbol: 'BTC/USDT', lotSize: '0.00001' });
export const eth = buildInstrument(1, { ...shared, symbol: 'ETH/USDT', lotSize: '0.0001' });
export const cryptoInstruments = [btc, eth];
