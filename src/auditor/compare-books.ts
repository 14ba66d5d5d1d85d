/** Where the trader and the venue's own book disagree, in words; pure. */
import { parseDecimal } from '../domain/decimal.js';
import type { Instrument } from '../domain/instrument.js';
import { formatMoney, parseMoney } from '../domain/money.js';
import type { TraderStatus } from '../trader/protocol.js';
import type { BookReading } from './book-reading.js';

/** Money units: the trader shows cash rounded to cents at the least. */
const CASH_TOLERANCE = 1_000_000;

export function compareBooks(
  book: BookReading,
  status: Pick<TraderStatus, 'positions' | 'cash'>,
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
  const cash = parseMoney(status.cash);
  if (book.cash === null) return differences;
  if (Math.abs(cash - book.cash) > CASH_TOLERANCE) {
    differences.push(`cash: the trader has ${formatMoney(cash, 2)}, the venue ${formatMoney(book.cash, 2)}`);
  }
  return differences;
}

function tradersLots(
  { positions }: Pick<TraderStatus, 'positions'>,
  symbol: string,
  lotSize: string,
): number {
  return positions
    .filter((position) => position.symbol === symbol)
    .map(({ side, quantity }) => {
      const lots = Math.abs(parseDecimal(quantity.replace(/^-/, ''), lotSize));
      return side === 'short' ? -lots : lots;
    })
    .reduce((sum, lots) => sum + lots, 0);
}
