/**
 * How the broker names what a desk trades, and which positions of an account are the desk's. Without the client
 * library, for the auditor.
 */
import { STEP_PLACES_MAX } from '../../domain/book-steps.js';
import type { Instrument } from '../../domain/instrument.js';
import { parseUnits } from '../../domain/money.js';

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

/**
 * Signed lots by symbol. Throws for a position that the desk doesn't trade, for two contracts of one
 * instrument and for a fraction of a lot: none of them may be ignored.
 */
export function positionsOf(
  told: Iterable<readonly string[]>,
  chosen: string,
  instruments: readonly Instrument[],
): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  const names = new Map<string, string>();
  for (const position of told) {
    const [whose] = position;
    const quantity = Number(position.at(-2));
    if (whose !== chosen || quantity === 0) continue;
    const name = `${position.at(-2)} ${position[LOCAL_SYMBOL]}`;
    const instrument = instrumentOf(position, instruments);
    if (instrument === undefined || !Number.isFinite(quantity))
      throw new Error(`the account holds ${name}, which this desk does not trade`);
    const { symbol: traded, lotSize } = instrument;
    const other = names.get(traded);
    if (other !== undefined)
      throw new Error(`the account holds several contracts of ${traded} (${other}, ${name})`);
    const lots = quantity / Number(lotSize);
    if (!Number.isSafeInteger(lots))
      throw new Error(`the account holds ${name}, which is no whole number of ${lotSize}`);
    names.set(traded, name);
    positions.set(traded, lots);
  }
  return positions;
}

const LOCAL_SYMBOL = 10;

/** Of a position, in the protocol's fields. Undefined: no instrument of the desk. */
function instrumentOf(
  position: readonly string[],
  instruments: readonly Instrument[],
): Instrument | undefined {
  const [, , symbol, secType, expiry = '', , , told, , currency, localSymbol, tradingClass] = position;
  const named = instruments.filter((instrument) => {
    const { kind, quote, contractMonth } = instrument;
    const name = brokersName(instrument);
    return (
      name.symbol === symbol &&
      (name.tradingClass ?? tradingClass) === tradingClass &&
      quote === currency &&
      secType === SECURITY[kind] &&
      (contractMonth === undefined || monthOf(localSymbol, expiry) === contractMonth)
    );
  });
  if (secType !== SECURITY.future) return named[0];
  // Of several futures under one symbol the multiplier tells which it is.
  const theirs = parseUnits(told || '1', STEP_PLACES_MAX);
  const quotedIn = (parts: bigint) =>
    named.find(({ multiplier = '1' }) => parseUnits(multiplier, STEP_PLACES_MAX) * parts === theirs);
  return MAGNIFIERS.map(quotedIn).find((instrument) => instrument !== undefined);
}

/**
 * In how many parts of the currency prices may be quoted: the broker's multiplier is so many times the desk file's.
 * A position does not tell which it is (its `priceMagnifier`).
 */
const MAGNIFIERS = [1n, 10n, 100n, 1_000n, 10_000n];

const MONTH_LETTERS = 'FGHJKMNQUVXZ';
const NAMED_MONTH = /([FGHJKMNQUVXZ])(\d{1,2})$/;

/**
 * The month that a future is named after (CLZ6: 202612): some products stop trading in another one. If the
 * name has none, the month of its last trade.
 */
function monthOf(localSymbol: string | undefined, expiry: string): string {
  const [, letter = '', digits = ''] = NAMED_MONTH.exec(localSymbol ?? '') ?? [];
  const lastTrade = Number(expiry.slice(0, 4));
  const year = [lastTrade, lastTrade + 1, lastTrade - 1].find((one) => String(one).endsWith(digits));
  if (letter === '' || year === undefined) return expiry.slice(0, 6);
  return `${year}${String(MONTH_LETTERS.indexOf(letter) + 1).padStart(2, '0')}`;
}

const SECURITY: Readonly<Partial<Record<Instrument['kind'], string>>> = { future: 'FUT', stock: 'STK' };
