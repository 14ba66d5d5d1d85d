import { InvalidArgumentError } from 'commander';
import type { NewInstrument } from '../desk/new-desk.js';

/** `SYMBOL,TICK,LOT,MIN-NOTIONAL`; the desk file's own rules check the numbers. */
export function instrumentValue(text: string): NewInstrument {
  const [symbol, tickSize, lotSize, minNotional = '0', ...more] = text.split(',');
  if (symbol === undefined || tickSize === undefined || lotSize === undefined || more.length > 0) {
    throw new InvalidArgumentError(
      'expected symbol, tick, lot and smallest value, for example SOL/USDT,0.01,0.001,5',
    );
  }
  return { symbol, tickSize, lotSize, minNotional };
}
