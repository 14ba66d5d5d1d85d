/**
 * The paper venue's own book, read from its file while the venue writes to it. Nothing is cut off or repaired here:
 * the venue does that at its next start.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { scalesFor, stepsOf } from '../domain/book-steps.js';
import type { Instrument } from '../domain/instrument.js';
import { readUnits, type WrittenUnits } from '../domain/money.js';
import type { BookReading } from '../venue/book-reading.js';
import { PaperBook } from '../venue/paper/book.js';
import { BOOK_FILE } from '../venue/paper/book-file.js';
import type { BookRecord } from '../venue/paper/book-record.js';

const LINE = /^([0-9a-f]{8}) (\d+) (.*)$/;

/** Null if there is no book yet. Throws if the book does not begin with its state. */
export function readPaperBook(directory: string, instruments: readonly Instrument[]): BookReading | null {
  const lines = textOf(join(directory, BOOK_FILE)).split('\n');
  let book: PaperBook | null = null;
  let lastNumber = -1;
  for (const line of lines) {
    const entry = decode(line);
    // The line that is being written is the end of what can be read now.
    if (entry === null) break;
    if (entry.record.type === 'state') {
      book = new PaperBook(entry.record.state, new Map(instruments.map((known) => [known.symbol, known])));
    } else if (book === null) {
      throw new Error('the paper book does not begin with its state');
    } else if (entry.number > lastNumber) {
      book.apply(entry.record);
    }
    lastNumber = Math.max(lastNumber, entry.number);
  }
  if (book === null) return null;
  const open = [...book.positions].filter(([, { quantityLots }]) => quantityLots !== 0);
  const { instruments: known, positions } = book;
  return {
    cash: book.cash,
    positions: new Map(open.map(([symbol, { quantityLots }]) => [symbol, quantityLots])),
    costs: new Map(open.map(([symbol, { cost }]) => [symbol, cost])),
    dustLots: new Map(
      [...positions].flatMap(([symbol, { remainder }]) => {
        const instrument = known.get(symbol);
        if (remainder === undefined || instrument === undefined) return [];
        return [[symbol, partOfLot(instrument, remainder)]];
      }),
    ),
  };
}

/** `remainder`, the coins below a lot that a fee has left, as a fraction of a lot. */
function partOfLot(instrument: Instrument, remainder: WrittenUnits): number {
  const { perLot } = stepsOf(instrument, scalesFor([instrument], new Map()));
  return Number(readUnits(remainder)) / Number(perLot);
}

function decode(line: string): { number: number; record: BookRecord } | null {
  const [, sum, number, json] = LINE.exec(line) ?? [];
  if (sum === undefined || number === undefined || json === undefined) return null;
  if (crc32(`${number} ${json}`) !== Number.parseInt(sum, 16)) return null;
  return { number: Number(number), record: JSON.parse(json) as BookRecord };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
