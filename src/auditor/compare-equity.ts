/** Equity calculated a second time: from the venue's book and the auditor's own prices. Pure. */
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Instrument } from '../domain/instrument.js';
import { formatMoney, parseMoney } from '../domain/money.js';
import { exactNotional, isOwned, VALUE } from '../domain/value.js';
import type { BookReading, OwnPrices } from '../venue/book-reading.js';

/** Prices move between the two readings: a difference of up to this part of what is held is tolerated. */
const MOVED_PART = 0.02;
/** Money units. The trader shows cents at the coarsest. */
const ROUNDED = 1_000_000;

export interface OwnEquity {
  /** Money units. */
  readonly equity: number;
  /** Value of everything held, in money units. */
  readonly value: number;
  /**
   * Value of remainders that nobody could sell, in money units: the venue has them, the trader does not count them.
   */
  readonly dust: number;
}

/**
 * Null if the price of something that is held is missing. Cash that the book lacks counts as the trader says, as do fees
 * paid from coins kept for fees.
 */
export function ownEquity(
  book: BookReading,
  status: Pick<TraderStatus, 'cash'> & Partial<Pick<TraderStatus, 'books'>>,
  instruments: readonly Instrument[],
  prices: OwnPrices,
): OwnEquity | null {
  let equity = (book.cash ?? parseMoney(status.cash)) - parseMoney(status.books?.feesElsewhere ?? '0');
  let value = 0;
  let dust = 0;
  for (const instrument of instruments) {
    const { symbol, tickSize, kind, moneyPerTickLot } = instrument;
    const lots = book.positions.get(symbol) ?? 0;
    const dustLots = book.dustLots?.get(symbol) ?? 0;
    const price = prices.get(symbol);
    if (lots === 0 && (dustLots === 0 || price === undefined)) continue;
    if (price === undefined) return null;
    const ticks = (lots > 0 ? price.bid : price.ask) / Number(tickSize);
    const worth = VALUE[kind].exactWorth(lots, ticks, moneyPerTickLot);
    value += Math.abs(worth);
    dust += exactNotional(instrument, dustLots, ticks);
    equity += isOwned(instrument) ? worth : worth - (book.costs?.get(symbol) ?? worth);
  }
  return { equity: book.equity ?? Math.round(equity), value, dust };
}

export function compareEquity(own: OwnEquity, status: Pick<TraderStatus, 'equity'>): Finding[] {
  const traders = parseMoney(status.equity);
  if (Math.abs(traders - own.equity) <= own.value * MOVED_PART + own.dust + ROUNDED) return [];
  const text =
    `the trader counts an equity of ${formatMoney(traders, 2)}, the venue's book at the auditor's own prices makes ` +
    formatMoney(own.equity, 2);
  return [{ key: 'equity', text }];
}

/** Something that is wrong. */
export interface Finding {
  /** The same as long as the problem is the same; figures in the text may change meanwhile. */
  readonly key: string;
  /** A sentence for people who read why the desk was stopped. */
  readonly text: string;
}
