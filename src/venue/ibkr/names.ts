/** How the broker names what a desk trades. Without the client library, for the auditor. */
import type { Instrument } from '../../domain/instrument.js';

/** Futures that the broker lists under another future's symbol, with their own name as the trading class. */
const LISTED_UNDER: Readonly<Record<string, string>> = { SIL: 'SI' };

/** Without `tradingClass` the symbol tells enough, or the multiplier has to. */
export function brokersName({ kind, base }: Instrument): {
  readonly symbol: string;
  readonly tradingClass?: string;
} {
  const symbol = kind === 'future' ? LISTED_UNDER[base] : undefined;
  return symbol === undefined ? { symbol: base } : { symbol, tradingClass: base };
}
