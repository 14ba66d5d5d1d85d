/** Where the trader and the venue's own book disagree, in words; pure. */

import type { TraderStatus } from '../contracts/trader-status.js';
import { parseDecimal } from '../domain/decimal.js';
import type { Instrument } from '../domain/instrument.js';
import type { BookReading } from './book-reading.js';

export function compareBooks(
  book: BookReading,
  status: Pick<TraderStatus, 'positions' | 'dust'>,
  instruments: readonly Instrument[],
): string[] {
  const differences: string[] = [];
  for (const { symbol, lotSize } of instruments) {
    const ours = tradersLots(status, symbol, lotSize);
    const venues = book.positions.get(symbol) ?? 0;
    const most = book.dustLots?.get(symbol) ?? 0;
    if (ours > venues || venues - ours > most)
      differences.push(`${symbol}: the trader has ${ours} lots, the venue ${venues}`);
  }
  return differences;
}

/** The book without the coins that the trader says are not the desk's: it neither counts nor trades them. */
export function withoutOthersCoins(
  book: BookReading,
  { coins }: Pick<TraderStatus, 'coins'>,
  instruments: readonly Instrument[],
): BookReading {
  if (coins.length === 0) return book;
  const positions = new Map(book.positions);
  for (const { symbol, nobodys, foreign, toMove } of coins) {
    const lotSize = instruments.find((instrument) => instrument.symbol === symbol)?.lotSize;
    if (lotSize === undefined) continue;
    const others = [nobodys, foreign, toMove].reduce((sum, amount) => sum + parseDecimal(amount, lotSize), 0);
    const left = (positions.get(symbol) ?? 0) - others;
    if (left === 0) positions.delete(symbol);
    else positions.set(symbol, left);
  }
  return { ...book, positions };
}

function tradersLots(
  { positions, dust }: Pick<TraderStatus, 'positions' | 'dust'>,
  symbol: string,
  lotSize: string,
): number {
  const left = dust
    .filter((remainder) => remainder.symbol === symbol)
    .reduce((sum, { quantity }) => sum + parseDecimal(quantity, lotSize), 0);
  return positions
    .filter((position) => position.symbol === symbol)
    .map(({ side, quantity }) => {
      const lots = Math.abs(parseDecimal(quantity.replace(/^-/, ''), lotSize));
      return side === 'short' ? -lots : lots;
    })
    .reduce((sum, lots) => sum + lots, left);
}
