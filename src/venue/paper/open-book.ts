/** Opens the paper venue's book: the one on file, or a new one with the desk file's balance. */
import { randomBytes } from 'node:crypto';
import type { Desk } from '../../desk/schema.js';
import type { HoldingCost } from '../../domain/holding-cost.js';
import type { Instrument } from '../../domain/instrument.js';
import { parseUnits, writeUnits } from '../../domain/money.js';
import { isTooSmall } from '../../domain/order-bounds.js';
import { settleOf, VALUE } from '../../domain/value.js';
import { bookAsWritten, bySymbol, type PaperBook } from './book.js';
import { BookFile, type BookLog, IN_MEMORY, PaperBookCorrupt, readBook } from './book-file.js';
import type { PaperBookState, PaperFill, PaperPosition } from './book-record.js';

/**
 * The book doesn't fit the desk file or the prices: trading on would leave it unwatched or wrongly valued.
 */
export class PaperBookMismatch extends Error {
  override readonly name = 'PaperBookMismatch';
}

/** The past of an account that was traded before the desk took it over. */
export type PaperPast = Partial<Pick<PaperBookState, 'bookId' | 'seenMs' | 'positions' | 'orders' | 'fills'>>;

export interface BookOptions {
  /** Null: the book is kept in memory and ends with the process. */
  readonly directory: string | null;
  readonly instruments: readonly Instrument[];
  readonly paper: Pick<Desk['paper'], 'balance' | 'currency' | 'feeStock'>;
  /** Identity of the price source. */
  readonly prices: string;
  /** What a new book begins with besides its cash; an existing book has its own past. */
  readonly past?: PaperPast | undefined;
  /** What holding costs, by instrument id. */
  readonly holdingCosts?: readonly (HoldingCost | null)[];
}

/**
 * An existing book keeps its cash: the desk file's balance counts only for a new one. Throws `PaperBookCorrupt` and
 * `PaperBookMismatch`.
 */
export function openBook(
  { directory, instruments, paper, prices, past, holdingCosts = [] }: BookOptions,
  onFault: (cause: Error) => void,
): { readonly book: PaperBook; readonly file: BookLog } {
  const [first, ...others] = directory === null ? [] : readBook(directory);
  if (first && first.record.type !== 'state') {
    throw new PaperBookCorrupt(
      `${directory}: the paper book does not begin with its state. It was left as it is and nothing was traded. ` +
        'Archive it and begin with a new one: fermata paper reset.',
    );
  }
  const state = first?.record.type === 'state' ? first.record.state : { ...newBook(paper, prices), ...past };
  checkPrices(state, prices);
  checkCurrency(state, instruments, paper.currency);
  const today = bySymbol(instruments);
  const written = bookAsWritten(state, today);
  let number = first?.number ?? 0;
  for (const entry of others) {
    // Records that were waiting for the disk during a rewrite are already part of the state line.
    if (entry.number <= number || entry.record.type === 'state') continue;
    if (entry.record.type === 'fill') checkFill(entry.record.fill, written);
    written.apply(entry.record);
    number = entry.number;
  }
  checkSymbols(written, today);
  const book = written.under(today);
  // Nothing falls due while no holding cost is declared, even if one is declared again.
  for (const symbol of book.charged.keys()) {
    const id = today.get(symbol)?.id ?? -1;
    if ((holdingCosts[id] ?? null) === null) book.charged.delete(symbol);
  }
  if (directory === null) return { book, file: IN_MEMORY };
  const file = new BookFile(directory, number, () => ({ type: 'state', state: book.state() }), onFault);
  return { book, file };
}

function newBook(paper: BookOptions['paper'], prices: string): PaperBookState {
  return {
    bookId: randomBytes(4).toString('hex').slice(0, 6),
    currency: paper.currency,
    prices,
    cash: writeUnits(parseUnits(paper.balance)),
    idsGiven: 0,
    seenMs: 0,
    ...stockOf(paper),
    positions: [],
    orders: [],
    fills: [],
  };
}

/** A new book's stock for fees. */
export function stockOf({ feeStock }: Pick<Desk['paper'], 'feeStock'>): Pick<PaperBookState, 'stock'> {
  return feeStock === undefined ? {} : { stock: feeStock };
}

function checkPrices(state: PaperBookState, prices: string): void {
  if (state.prices === prices) return;
  throw new PaperBookMismatch(
    `the paper book was traded on the prices of ${state.prices}, and these are ${prices}: its positions would be valued ` +
      'at prices of another market. The book was left as it is and nothing was traded. ' +
      'Put the book and its journal back together as they were, or begin with new ones: fermata paper reset.',
  );
}

function checkCurrency(state: PaperBookState, instruments: readonly Instrument[], currency: string): void {
  const foreign = instruments.find((instrument) => settleOf(instrument) !== currency);
  if (foreign) {
    throw new PaperBookMismatch(
      `paper money is in ${currency}, but ${foreign.symbol} is paid in ${settleOf(foreign)}. Nothing was traded. ` +
        'Use instruments that are all paid in one currency, and name it in paper.currency.',
    );
  }
  if (state.currency !== currency) {
    throw new PaperBookMismatch(
      `the paper book is in ${state.currency}, the desk file says ${currency}. The book was left as it is. ` +
        'Change paper.currency back, or begin with a new book: fermata paper reset.',
    );
  }
}

/** A book of an earlier version doesn't say what its ticks and lots are worth. */
function checkFill({ symbol }: PaperFill, book: PaperBook): void {
  if (book.instruments.has(symbol)) return;
  throw new PaperBookMismatch(
    `an earlier version wrote the paper book, and it has trades of ${symbol}, which is not in the desk file. It was left ` +
      'as it is and nothing was traded. Put the instrument back, start once, and take it out again.',
  );
}

function checkSymbols(book: PaperBook, today: ReadonlyMap<string, Instrument>): void {
  const symbols = [
    ...[...book.positions].flatMap(([symbol, position]) =>
      isLeftover(book.instruments.get(symbol), position) ? [] : [symbol],
    ),
    ...[...book.allOpenOrders()].map((o) => o.symbol),
  ];
  const unknown = symbols.find((symbol) => !today.has(symbol));
  if (unknown === undefined) return;
  throw new PaperBookMismatch(
    `the paper book has a position or an open order of ${unknown}, which is not in the desk file. It was left as it is. ` +
      'Put the instrument back, or begin with a new book: fermata paper reset.',
  );
}

/** Too small to be sold, judged by its cost as in the engine: it needs no watching and stays in the account. */
function isLeftover(instrument: Instrument | undefined, { quantityLots, cost }: PaperPosition): boolean {
  if (quantityLots === 0) return true;
  if (instrument?.kind !== 'spot' || quantityLots < 0) return false;
  const { averageTicks } = VALUE.spot;
  return isTooSmall(
    instrument,
    quantityLots,
    averageTicks(Number(cost), quantityLots, instrument.moneyPerTickLot),
  );
}
