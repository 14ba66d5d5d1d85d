/** Best bid and ask as the exchange tells anybody who asks. `root`: of its REST interface. */
import type { Instrument } from '../../domain/instrument.js';
import type { OwnPrices } from '../book-reading.js';
import { askExchange } from './ask-exchange.js';

interface BookTicker {
  readonly symbol: string;
  readonly bidPrice: string;
  readonly askPrice: string;
}

export async function exchangePrices(root: string, instruments: readonly Instrument[]): Promise<OwnPrices> {
  const symbols = JSON.stringify(instruments.map(({ symbol }) => symbol.replace('/', '')));
  const rows = (await askExchange(
    `${root}/api/v3/ticker/bookTicker?symbols=${encodeURIComponent(symbols)}`,
  )) as readonly BookTicker[];
  const byName = new Map(rows.map((row) => [row.symbol, row]));
  return new Map(
    instruments.flatMap(({ symbol }) => {
      const row = byName.get(symbol.replace('/', ''));
      return row ? [[symbol, { bid: Number(row.bidPrice), ask: Number(row.askPrice) }] as const] : [];
    }),
  );
}
